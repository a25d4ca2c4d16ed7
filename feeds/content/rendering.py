"""Rendering of pictures with Pillow, in a process of its own with limits on memory and time.

A small file can decompress into more memory than a machine has. So the server never decodes a picture itself: it runs
this file as a program, which therefore imports nothing of Feeds.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from PIL import Image, ImageCms

MEMORY_BYTES = 600 << 20
"""Maximum address space of the process. Two workers and this process fit into the memory that the unit allows."""

DEADLINE_SECONDS = 30
"""Maximum time for a picture, before the process is killed."""

DRAWING_PROGRAM, DRAWING_SECONDS = str(Path(__file__).with_name("card_drawing.py")), 120
"""The program that draws title cards, and the maximum time for a batch of them."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "MPO")
"""The formats that are decoded, by Pillow's names."""

JPEG_QUALITIES = (85, 75, 65, 55)
"""JPEG qualities that are tried before the picture is scaled down."""

CONVERTED_QUALITY = 90
"""JPEG quality of a converted original, from which smaller versions are made."""

REDUCING_GAP = 2.0
"""Blocks of pixels are averaged until a picture is about this many times larger than needed. Then it is resampled."""

MAX_FACTOR = 16
"""Maximum factor by which a picture is reduced at once: a band has at least as many rows."""

BAND_PIXELS = 4_000_000
"""Pixels that are converted at a time: a converted copy of the whole picture would double the memory."""

PIXEL_BYTES = {".webp": 12, ".jpg": 5, ".jpeg": 5}
"""Bytes that libwebp and libjpeg (for a progressive JPEG) need for a pixel, by suffix. Their errors do not say so."""

DAMAGED_SECONDS = 86_400
"""Seconds after which a picture that could not be decoded is tried again."""

KILLED_SECONDS = 600
"""Seconds after which a picture whose process was killed is tried again: the machine may have lacked memory."""

UNREADABLE_SECONDS = 60
"""Seconds after which a picture whose file could not be read is tried again."""

_NEEDS_MEMORY = f"it needs more than {MEMORY_BYTES >> 20} MB of memory"

NICENESS = 10
"""Increment of the niceness of the process, so that requests are served first (nice(2))."""

_SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

Box = tuple[float, float, float, float]


class Version(NamedTuple):
    """A version of a picture: its size, the part of the original that it shows, and its format.

    `feed` and `card` are JPEG, or PNG if transparent (a card never is), of at most `max_bytes`. `page` is WebP.
    """

    size: tuple[int, int]
    box: Box | None
    format: Literal["feed", "card", "page"]
    max_bytes: int = 0


class RenderError(Exception):
    """A picture that cannot be decoded, with the reason, and the seconds after which it may be tried again."""

    def __init__(self, reason: str, retry_seconds: float) -> None:
        """Set the reason and the time."""
        super().__init__(reason)
        self.retry_seconds = retry_seconds

    @classmethod
    def of(cls, error: Exception) -> RenderError:
        """Return the error for what Pillow or the system raised."""
        is_unreadable = isinstance(error, OSError) and error.errno is not None
        return cls(str(error) or repr(error), UNREADABLE_SECONDS if is_unreadable else DAMAGED_SECONDS)


Rendered = tuple[str, bytes]
"""A rendered version: the end of its file name, such as `1200x630.jpg`, and its bytes."""


def render_in_child(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
    """Render versions of a picture of upright size `size` in a child process. Without versions, only decode it.

    Raises RenderError if it cannot be decoded within the limits, and OSError if no process can be started.
    """
    return _run_child(path, size, versions)


def _run_child(path: Path, size: tuple[int, int] | None, versions: Sequence[Version]) -> list[Rendered]:
    outcome, stream = _run_program(__file__, [str(path), size, versions], DEADLINE_SECONDS)
    if isinstance(outcome, dict):
        raise RenderError(outcome["reason"], outcome["retry_seconds"])
    return [(ending, stream.read(length)) for ending, length in outcome]


def draw_in_child(cards: Sequence[Mapping[str, str | None]]) -> list[bytes]:
    """Return title cards, drawn in a child process.

    Raises RenderError if it cannot draw them within the limits, and OSError if no process can be started.
    """
    lengths, stream = _run_program(DRAWING_PROGRAM, cards, DRAWING_SECONDS)
    return [stream.read(length) for length in lengths]


def _run_program(program: str, job: object, seconds: int) -> tuple[Any, io.BytesIO]:
    """Run a program on a job in JSON. Return the first line of its output, decoded, and a stream of the rest."""
    command = [sys.executable, "-P", program]
    try:
        child = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise RenderError(f"it takes more than {seconds} seconds", KILLED_SECONDS) from None
    if child.returncode in (-signal.SIGTERM, -signal.SIGINT):  # the machine or the service is stopping
        raise InterruptedError(child.returncode, "the rendering of a picture was stopped")
    header, _, data = child.stdout.partition(b"\n")
    try:
        return json.loads(header), io.BytesIO(data)
    except ValueError:  # it was killed, or ran out of memory in a library
        raise RenderError(f"its process ended, perhaps because {_NEEDS_MEMORY}", KILLED_SECONDS) from None


def convert_in_child(path: Path) -> bytes:
    """Return a HEIC, AVIF or JPEG picture as a JPEG without metadata, made in a child process.

    Raises RenderError if it cannot be decoded within the limits, and OSError if no process can be started.
    """
    return _run_child(path, None, [])[0][1]


def main() -> None:
    """Render the versions that are listed on standard input. Print a header in JSON, then the bytes of all versions."""
    with suppress(ValueError, OSError):  # macOS does not limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (DEADLINE_SECONDS, DEADLINE_SECONDS))
    with suppress(OSError):
        os.nice(NICENESS)
    path, size, versions = json.load(sys.stdin)
    rendered: list[Rendered] = []
    outcome: object
    try:
        if size is None:
            rendered = [("jpg", convert(Path(path)))]
        else:
            rendered = render(Path(path), tuple(size), [_version(*values) for values in versions])
        outcome = [(ending, len(data)) for ending, data in rendered]
    except Exception as error:
        pixel_bytes = PIXEL_BYTES.get(os.path.splitext(path)[1].lower(), 0)
        is_too_large = size is not None and size[0] * size[1] * pixel_bytes > MEMORY_BYTES
        failure = RenderError.of(error)
        reason = _NEEDS_MEMORY if isinstance(error, MemoryError) or is_too_large else str(failure)
        outcome = {"reason": reason, "retry_seconds": failure.retry_seconds}
    output: BinaryIO = sys.stdout.buffer
    output.write(json.dumps(outcome).encode() + b"\n" + b"".join(data for _, data in rendered))


def _version(size: Sequence[int], box: Any, kind: Any, max_bytes: int) -> Version:
    return Version((size[0], size[1]), tuple(box) if box else None, kind, max_bytes)


def render(path: Path, size: tuple[int, int], versions: Sequence[Version]) -> list[Rendered]:
    """Render versions of a picture of upright size `size`. Without versions, only decode it.

    Versions are upright, in sRGB and without metadata. Raises what Pillow raises.
    """
    scale = max((_scale_of(version, size) for version in versions), default=0.0)
    with open_upright(path, scale) as picture:
        return [_encode_version(picture, size, version) for version in versions]


def convert(path: Path) -> bytes:
    """Return a HEIC, AVIF or JPEG picture as a JPEG, upright, in sRGB and without metadata."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    with open_upright(path, 1.0, ("JPEG", "HEIF", "AVIF")) as picture:
        return _encode(_flatten_on_white(picture), "JPEG", quality=CONVERTED_QUALITY, optimize=True, progressive=True)


def _scale_of(version: Version, size: tuple[int, int]) -> float:
    left, top, right, bottom = version.box or (0, 0, *size)
    return max(version.size[0] / (right - left), version.size[1] / (bottom - top))


def open_upright(path: Path, scale: float, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """Return a picture upright, in sRGB, and not much larger than `scale` times its size."""
    with warnings.catch_warnings(action="ignore"), Image.open(path, formats=formats) as picture:
        width, height = (max(math.ceil(side * min(scale, 1.0)), 1) for side in picture.size)
        picture.draft("RGB", (width, height))  # a JPEG can be decoded at 1/2, 1/4 or 1/8
        picture.load()
        orientation = picture.getexif().get(_ORIENTATION_TAG)
        factor = int(min(picture.width / width, picture.height / height) / REDUCING_GAP) or 1
        factor = min(factor, MAX_FACTOR)
        reduced = _reduce(picture, factor)
        reduced.info = {name: picture.info[name] for name in ("icc_profile",) if picture.info.get(name)}
    if isinstance(orientation, int) and orientation in _TRANSPOSITIONS:
        reduced = reduced.transpose(_TRANSPOSITIONS[orientation])
    return _convert_to_srgb(reduced)


_ORIENTATION_TAG = 0x0112

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""


def _reduce(picture: Image.Image, factor: int) -> Image.Image:
    """Return a picture in a mode that can be resampled, with blocks of `factor` pixels averaged, band by band."""
    bands = _bands(picture, factor)
    first = next(bands)
    size = math.ceil(picture.width / factor), math.ceil(picture.height / factor)
    reduced = Image.new(first.mode, size)
    top = 0
    for band in (first, *bands) if first.height < size[1] else (first,):
        reduced.paste(band, (0, top))
        top += band.height
    return reduced


def _bands(picture: Image.Image, factor: int) -> Iterator[Image.Image]:
    height = max(BAND_PIXELS // picture.width // factor, 1) * factor
    for top in range(0, picture.height, height):
        band = _plain(picture.crop((0, top, picture.width, min(top + height, picture.height))))
        yield band.reduce(factor) if factor > 1 else band


def _plain(picture: Image.Image) -> Image.Image:
    """Return a picture in a mode whose pixels can be averaged: no palette, and 8 bits a channel."""
    if picture.mode in ("P", "PA", "1") or "transparency" in picture.info:
        return picture.convert("RGBA" if picture.mode == "PA" or "transparency" in picture.info else "RGB")
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256).convert("L")
    return picture


def _convert_to_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture with its colours converted to sRGB. Transparency is preserved."""
    alpha = picture.convert("RGBA").getchannel("A") if picture.mode in ("RGBA", "LA") else None
    profile = picture.info.get("icc_profile")
    converted = picture
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # an unreadable profile is ignored
            source_profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            base = picture.convert("RGB") if picture.mode == "RGBA" else picture
            converted = ImageCms.profileToProfile(base, source_profile, _SRGB_PROFILE, outputMode="RGB") or picture
    converted = converted.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        converted.putalpha(alpha)
    converted.info = {}
    return converted


def _encode_version(picture: Image.Image, size: tuple[int, int], version: Version) -> Rendered:
    x, y = picture.width / size[0], picture.height / size[1]  # it may have been decoded at a smaller size
    box = version.box and (version.box[0] * x, version.box[1] * y, version.box[2] * x, version.box[3] * y)
    resized = _resize(picture, version.size, box)
    if version.format == "page":
        return "webp", _encode(resized, "WEBP", quality=80, method=4)
    return _encode_within_limit(_flatten_on_white(resized) if version.format == "card" else resized, version.max_bytes)


def _resize(picture: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image:
    if picture.size == size and box is None:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _encode_within_limit(picture: Image.Image, max_bytes: int) -> Rendered:
    """Encode a picture within a size limit. Return the end of its file name, and its bytes."""
    while True:
        width, height = picture.size
        if picture.mode == "RGBA":
            data, ending = _encode(picture, "PNG", optimize=True), "png"
            if len(data) > max_bytes:
                data = _encode(picture.quantize(256, Image.Quantize.FASTOCTREE), "PNG", optimize=True)
        else:
            data, ending = _encode_jpeg(picture, max_bytes), "jpg"
        if len(data) <= max_bytes:
            return f"{width}x{height}.{ending}", data
        picture = _resize(picture, (width * 4 // 5, height * 4 // 5))


def _flatten_on_white(picture: Image.Image) -> Image.Image:
    """Return a transparent picture on white. Networks would choose a background of their own."""
    if picture.mode != "RGBA":
        return picture
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, mask=picture.getchannel("A"))
    return background


def _encode_jpeg(picture: Image.Image, max_bytes: int) -> bytes:
    for quality in JPEG_QUALITIES:
        data = _encode(picture, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(data) <= max_bytes:
            break
    return data


def _encode(picture: Image.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
