"""Media types by the suffixes of file names: one table for every machine and version of Python.

The types are those registered with IANA, where there is one (https://www.iana.org/assignments/media-types).
"""

from __future__ import annotations

from pathlib import PurePosixPath

UNKNOWN = "application/octet-stream"
"""The type of any sequence of bytes (RFC 2046, section 4.5.1)."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"

TYPES = {
    # pictures
    **{"avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "heic": "image/heic", "heif": "image/heif"},
    **{"ico": "image/vnd.microsoft.icon", "jpeg": "image/jpeg", "jpg": "image/jpeg", "jxl": "image/jxl"},
    **{"jpe": "image/jpeg", "pbm": "image/x-portable-bitmap", "pgm": "image/x-portable-graymap"},
    **{"pnm": "image/x-portable-anymap", "ppm": "image/x-portable-pixmap", "psd": "image/vnd.adobe.photoshop"},
    **{"png": "image/png", "svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp"},
    # sound
    **{"aac": "audio/aac", "aif": "audio/aiff", "aiff": "audio/aiff", "flac": "audio/flac", "m4a": "audio/mp4"},
    **{"m4b": "audio/mp4", "mid": "audio/midi", "midi": "audio/midi", "mka": "audio/matroska", "mp3": "audio/mpeg"},
    **{"oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/opus", "wav": "audio/wav", "weba": "audio/webm"},
    **{"aifc": "audio/aiff", "au": "audio/basic", "m3u": "audio/mpegurl", "ra": "audio/x-pn-realaudio"},
    **{"snd": "audio/basic"},
    **{"m3u8": "application/vnd.apple.mpegurl", "mp2": "audio/mpeg", "wma": "audio/x-ms-wma"},
    # films
    **{"3gp": "video/3gpp", "avi": "video/x-msvideo", "m4v": "video/mp4", "mkv": "video/matroska"},
    **{"3g2": "video/3gpp2", "3gpp": "video/3gpp", "m1v": "video/mpeg", "mov": "video/quicktime"},
    **{"mpa": "video/mpeg", "mpe": "video/mpeg", "qt": "video/quicktime"},
    **{"mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg", "ogv": "video/ogg", "webm": "video/webm"},
    **{"wmv": "video/x-ms-wmv"},
    # documents
    **{"doc": "application/msword", "docm": "application/vnd.ms-word.document.macroEnabled.12"},
    **{"docx": f"{_OFFICE}.wordprocessingml.document", "dotx": f"{_OFFICE}.wordprocessingml.template"},
    **{"ai": "application/postscript", "dot": "application/msword", "pot": "application/vnd.ms-powerpoint"},
    **{"eml": "message/rfc822", "eps": "application/postscript", "pps": "application/vnd.ms-powerpoint"},
    **{"epub": "application/epub+zip", "odg": f"{_OPEN_DOCUMENT}.graphics", "odp": f"{_OPEN_DOCUMENT}.presentation"},
    **{"ods": f"{_OPEN_DOCUMENT}.spreadsheet", "odt": f"{_OPEN_DOCUMENT}.text", "pages": "application/vnd.apple.pages"},
    **{"key": "application/vnd.apple.keynote", "numbers": "application/vnd.apple.numbers", "pdf": "application/pdf"},
    **{"ppsx": f"{_OFFICE}.presentationml.slideshow", "ppt": "application/vnd.ms-powerpoint"},
    **{"pptx": f"{_OFFICE}.presentationml.presentation", "ps": "application/postscript", "rtf": "application/rtf"},
    **{"tex": "application/x-tex", "xls": "application/vnd.ms-excel", "xlsx": f"{_OFFICE}.spreadsheetml.sheet"},
    **{"xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12"},
    # texts and data
    **{"atom": "application/atom+xml", "bib": "text/x-bibtex", "css": "text/css", "csv": "text/csv"},
    **{"geojson": "application/geo+json", "gpx": "application/gpx+xml", "htm": "text/html", "html": "text/html"},
    **{"ics": "text/calendar", "js": "text/javascript", "json": "application/json"},
    **{"kml": "application/vnd.google-earth.kml+xml"},
    **{"kmz": "application/vnd.google-earth.kmz", "md": "text/markdown", "ris": "application/x-research-info-systems"},
    **{"rss": "application/rss+xml", "srt": "application/x-subrip", "tsv": "text/tab-separated-values"},
    **{"c": "text/plain", "h": "text/plain", "n3": "text/n3", "nt": "application/n-triples"},
    **{"rdf": "application/rdf+xml", "sh": "application/x-sh", "wasm": "application/wasm", "xsl": "application/xml"},
    **{"txt": "text/plain", "vcf": "text/vcard", "vtt": "text/vtt", "xhtml": "application/xhtml+xml"},
    **{"xml": "application/xml", "yaml": "application/yaml", "yml": "application/yaml"},
    **{"h5": "application/x-hdf5", "nc": "application/x-netcdf", "py": "text/x-python", "r": "text/x-r"},
    # archives
    "bin": UNKNOWN,
    **{"7z": "application/x-7z-compressed", "bz2": "application/x-bzip2", "gz": "application/gzip"},
    **{"rar": "application/vnd.rar", "tar": "application/x-tar", "tgz": "application/gzip", "xz": "application/x-xz"},
    **{"zip": "application/zip", "zst": "application/zstd"},
    # fonts
    **{"otf": "font/otf", "ttf": "font/ttf", "woff": "font/woff", "woff2": "font/woff2"},
}
"""Media types by suffix, in lower case and without its dot."""

SCRIPTABLE_TYPES = ("text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml")
"""Media types whose code a browser would run; an author's file of such a type is served in a sandbox."""

PODCAST_TYPES = {"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/aac", "video/mp4", "video/quicktime", "video/x-m4v"}
"""Types that podcast directories accept (https://podcasters.apple.com/support/893-podcast-requirements)."""


def guess_type(path: str) -> str | None:
    """Return the media type of a file by its suffix, or None if it is unknown."""
    return TYPES.get(PurePosixPath(path).suffix[1:].lower())
