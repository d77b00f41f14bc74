"""Pictures on other machines: files, folders and patterns behind a URL, read through fsspec where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit, urlunsplit

from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.places import Identity, check_size
from text_recognizer.inference.sources import Source, is_archive, is_picture, no_pictures, printable, safe_stem

LAYER = "pip install -r requirements/remote.txt"
MARKS = ("ETag", "etag", "Last-Modified", "LastModified", "mtime", "updated", "md5Hash", "Content-MD5", "crc32c")
"""What file systems call that which changes with a file."""

_SECRET = re.compile(r"([?&][^=&]*(?:token|signature|credential|secret|password|key|sig)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL; `mark` is what its server says of it."""

    url: str
    mark: tuple[str | int, ...] = ()

    def content(self, name: str, limits: Limits) -> bytes:
        """Fetch the bytes.

        Raises:
            UserError: there are more than the limit, or the server does not give them.
        """
        with _reporting(name):
            system, path = _system(self.url)
            with system.open(path, "rb") as stream:
                content = stream.read(limits.max_bytes + 1)
        check_size(name, len(content), limits)
        return content

    def opened(self) -> BinaryIO:
        """Return a stream of the bytes; of an archive no more is fetched than is read of it."""
        system, path = _system(self.url)
        return system.open(path, "rb")

    def identity(self) -> Identity:
        """Return size and what the server gives as time, tag or checksum; nothing if it says nothing."""
        if self.mark:
            return list(self.mark)
        try:
            system, path = _system(self.url)
            return list(_mark(system.info(path)))
        except Exception:  # why it cannot be read is told when it is read
            return []


class _reporting:
    """Turns whatever a file system raises into a UserError: each has exceptions of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, UserError) or not isinstance(error, Exception):
            return
        cause = error.__cause__
        if isinstance(error, FileNotFoundError) and cause is not None and getattr(cause, "status", 0) != 404:
            error = cause if isinstance(cause, Exception) else error  # fsspec calls any failure over HTTP so
        if isinstance(error, FileNotFoundError):
            raise UserError(f"{self.name}: there is no such file; check the address") from None
        if isinstance(error, PermissionError):
            raise UserError(f"{self.name}: it may not be read ({_reason(error)}); check your credentials") from None
        raise UserError(f"{self.name}: it cannot be fetched ({_reason(error)}); check the address and the network")


def remote_sources(url: str, suffixes: frozenset[str]) -> Iterator[Source]:
    """Yield the pictures behind a URL: a file, a folder (a prefix, below which all is read) or a pattern with ``*``.

    Over HTTP a folder ends with ``/``; its server must list it as links. What cannot be had is a source with a problem.

    Args:
        url: as ``s3://bucket/scans/``.
        suffixes: in lower case; which files of a folder are pictures.
    """
    shown = shown_url(url)
    try:
        with _reporting(shown):
            system, path = _system(url)
            yield from _found(system, url, path, suffixes)
    except UserError as error:
        yield Source(shown, safe_stem(shown.rsplit("/", 1)[-1]), problem=str(error))


def shown_url(url: str) -> str:
    """Return a URL as it is written into results: without user, password, and what signs it.

    >>> shown_url("https://me:secret@example.org/a.png?token=abc&page=2")
    'https://example.org/a.png?token=...&page=2'
    """
    scheme, place, path, query, fragment = urlsplit(url)
    hidden = urlunsplit((scheme, place.rsplit("@", 1)[-1], path, query, fragment))
    return printable(_SECRET.sub(r"\1...", hidden))


def _found(system: Any, url: str, path: str, suffixes: frozenset[str]) -> Iterator[Source]:
    over_http = url.lower().startswith("http")
    pattern = re.search(r"[*\[]" if over_http else r"[*?\[]", urlsplit(url).path if over_http else url)
    if pattern:
        root = path[: path.rindex("/", 0, path.index(pattern[0]))]
        found = system.glob(path, detail=True)
        files = (found[name] for name in sorted(found) if found[name]["type"] == "file")
        yield from _listed(system, url, root, files, suffixes)
    elif path.endswith("/") or url.endswith("/") or (not over_http and system.isdir(path)):
        yield from _listed(system, url, path.rstrip("/"), _below(system, path.rstrip("/")), suffixes)
    else:
        name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
        yield from _of_file(url, shown_url(url), safe_stem(name), (), suffixes)


def _listed(
    system: Any, url: str, root: str, files: Iterator[dict[str, Any]], suffixes: frozenset[str]
) -> Iterator[Source]:
    shown = pictures = 0
    for about in files:
        shown += 1
        below = unquote(about["name"][len(root) :]).lstrip("/")
        if any(part.startswith(".") for part in below.split("/")):
            continue
        if is_picture(below, suffixes) or is_archive(below):
            pictures += 1
            address = system.unstrip_protocol(about["name"])
            yield from _of_file(address, shown_url(address), safe_stem(below), _mark(about), suffixes)
    if not pictures:
        name = shown_url(url)
        yield Source(name, safe_stem(name), problem=no_pictures(name, "folder", shown, suffixes))


def _of_file(
    url: str, name: str, stem: Path, mark: tuple[str | int, ...], suffixes: frozenset[str]
) -> Iterator[Source]:
    file = RemoteFile(url, mark)
    if is_archive(urlsplit(url).path):
        from text_recognizer.inference.archives import members

        yield from members(name, file, stem, suffixes)
    else:
        yield Source(name, stem, file)


def _below(system: Any, folder: str) -> Iterator[dict[str, Any]]:
    """Yield what a file system says of the files below a folder, in order of their paths, one folder at a time."""
    listed = system.ls(folder + "/" if str(system.protocol).find("http") >= 0 else folder, detail=True)
    for about in sorted(listed, key=lambda about: about["name"]):
        name = about["name"].rstrip("/")
        if not name.startswith(folder + "/") or name == folder:
            continue  # the folder itself, or a link upwards
        if about["type"] == "directory":
            yield from _below(system, name)
        else:
            yield about


def _mark(about: dict[str, Any]) -> tuple[str | int, ...]:
    """Return what changes with a file; nothing if its server tells neither a time nor a tag nor a checksum."""
    told = tuple(str(about[key]) for key in MARKS if about.get(key))
    return (about.get("size") or 0, *told) if told else ()


def _system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path in it.

    Raises:
        UserError: fsspec, or the library for the URL's kind, is not installed.
    """
    kind = url.split("://")[0]
    if kind.lower() in ("file", "local"):
        raise UserError(f"{url}: this is on your own machine; give the path alone, without {kind}://")
    try:
        core = import_module("fsspec.core")
    except ImportError:
        raise UserError(f"{shown_url(url)}: fsspec, which reads {kind}://, is not installed; {LAYER}") from None
    try:
        return core.url_to_fs(url)
    except ImportError as error:
        raise UserError(f"{shown_url(url)}: {kind}:// cannot be read ({_reason(error)}); {LAYER}") from None
    except ValueError as error:
        raise UserError(f"{shown_url(url)}: {_reason(error)}; give s3:// or https://, or a path") from None


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".").replace(";", ",")
