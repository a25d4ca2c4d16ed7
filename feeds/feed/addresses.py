"""Converts the addresses that authors write in a text to absolute URLs that every reader understands.

It knows nothing about markup: `markup` passes the value of each `href` and `src`.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import quote, unquote, urljoin, urlsplit

import idna

ALLOWED_SCHEMES = {"http", "https", "mailto", "tel"}
"""Schemes that every reader opens; all others are removed."""

MAX_PORT = 65_535

_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_SAFE = "%/?#[]@!$&'()*+,;=:~"
_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]*):")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?").fullmatch
_CONTROL_CHARACTERS = "".join(map(chr, range(0x21)))


def normalize(address: str, *, base: str, page: str) -> str | None:
    """Return an author's address as an absolute URL in ASCII, or None if it leads nowhere.

    `/a` and `a` are both below `base`, the site's URL without a final slash; `#a` is on `page`. The scheme and the
    host are in lower case, a host with accents is in punycode (RFC 5891), and http becomes https on the site's host.
    """
    address = re.sub("[\t\r\n]", "", address.strip(_CONTROL_CHARACTERS))  # as browsers do (https://url.spec.whatwg.org)
    address = _STRAY_PERCENT.sub("%25", address)
    scheme = _SCHEME.match(address)
    if not scheme:
        return _relative(quote(address, safe=_SAFE), base, page)
    name, rest = scheme[1].lower(), address[scheme.end() :]
    if name == "tel":
        rest = re.sub(r"\s", "", rest)  # RFC 3966 allows no spaces
    if name in ("mailto", "tel"):
        return f"{name}:{quote(rest, safe=_SAFE)}" if rest else None
    return _with_host(name, rest, base) if name in ("http", "https") else None


def _relative(reference: str, base: str, page: str) -> str | None:
    if reference.startswith("//"):
        return _with_host("https", reference, base)
    if not reference or reference.startswith("#"):
        return page + reference
    return urljoin(base + "/", reference.lstrip("/") or ".").removesuffix("/.")


def _with_host(scheme: str, rest: str, base: str) -> str | None:
    match = re.fullmatch(r"//([^/?#]*@)?(\[[^\]/?#]*\]|[^/?#:\[\]@]*)(?::([0-9]{0,5}))?([/?#].*)?", rest, re.DOTALL)
    host = _host(unquote(match[2])) if match else None
    if not match or not host or int(match[3] or 0) > MAX_PORT:
        return None
    port = f":{int(match[3])}" if match[3] else ""
    own = urlsplit(base)
    if scheme == "http" and own.scheme == "https" and host == own.netloc and port in ("", ":80"):
        scheme, port = "https", ""
    return f"{scheme}://{quote(match[1] or '', safe='%:@')}{host}{port}{quote(match[4] or '', safe=_SAFE)}"


def _host(name: str) -> str | None:
    """Return a host in ASCII, or None if it is not one."""
    try:
        if name.startswith("["):
            if "%" in name:
                return None  # a zone, which has a meaning on one machine only
            return f"[{IPv6Address(name.strip('[]'))}]"
        if "xn--" in name.lower():
            idna.decode(name)  # raises an error if it is none
        return name.lower() if _PLAIN_HOST(name) else idna.encode(name, uts46=True).decode()
    except ValueError:
        return None
