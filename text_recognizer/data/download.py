"""Fetching files: one address after the other, resumed where it was cut off, believed when the digest is right."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from filelock import FileLock

from text_recognizer.errors import UserError

MIRROR = "LAB_MIRROR"
"""Environment variable: an address below which SET/FILE is tried before the addresses of the metadata."""

TIMEOUT = 30.0
"""Seconds without a byte after which a connection is given up."""

ATTEMPTS = 3
"""Times that an address is asked in a row without a further byte coming."""

_CHUNK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be had from any of several addresses.

    Attributes:
        name: of the file, on the disk and below a mirror.
        urls: its addresses, the best one first.
        sha256: of its content; None where nobody has published one, then the first download is recorded.
    """

    name: str
    urls: tuple[str, ...]
    sha256: str | None = None


class _Refused(Exception):
    """An address does not give the file; the message says why."""


def fetched(file: RemoteFile, folder: Path) -> Path:
    """Return the file in `folder`, fetched unless it is there; what lies there is checked as well.

    Several processes may call this at once; one of them fetches.

    Args:
        file: what is wanted.
        folder: for it, named for its set; the file may be put there by hand.

    Raises:
        UserError: no address gives the file with its digest, or what lies in the folder has another one.
    """
    path = folder / file.name
    with _disk_errors(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            if path.exists():
                _check_present(file, path)
                return path
            _fetch(file, path, folder.name)
    return path


def digest_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def addresses(file: RemoteFile, set_name: str) -> list[str]:
    """Return the addresses of a file in the order in which they are tried."""
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    return [f"{mirror}/{set_name}/{file.name}"] * bool(mirror) + list(file.urls)


def _fetch(file: RemoteFile, path: Path, set_name: str) -> None:
    reasons = []
    tried = addresses(file, set_name)
    for url in tried:
        part = path.with_name(f".{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.part")
        resumed = part.exists()
        try:
            print(f"{set_name}: fetching {url}", file=sys.stderr)
            try:
                _download(url, part, file.sha256 is not None)
                _believe(file, part, path)
            except _WrongDigest:
                if not resumed:
                    raise
                _download(url, part, True)  # what was left of another day was of another file
                _believe(file, part, path)
            return
        except _Refused as reason:
            print(f"{set_name}: {url}: {reason}", file=sys.stderr)
            reasons.append(f"  {url}: {reason}")
    wanted = f" (sha256 {file.sha256})" if file.sha256 else ""
    raise UserError(
        "\n".join(
            [f"{set_name}: {file.name} could not be had from any of {len(tried)} addresses:", *reasons]
            + [f"put it by hand at {path}{wanted}, or set {MIRROR} to an address that has {set_name}/{file.name}"]
        )
    )


class _WrongDigest(_Refused):
    pass


def _believe(file: RemoteFile, part: Path, path: Path) -> None:
    """Make a complete download the file, if its digest is the one that is recorded."""
    found, expected = digest_of(part), file.sha256 or _recorded(path)
    if expected and found != expected:
        size = part.stat().st_size
        _forget(part)
        raise _WrongDigest(f"its {size} bytes have sha256 {found}, recorded is {expected}")
    if not expected:
        _record(path, found)
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    _forget(part)


def _check_present(file: RemoteFile, path: Path) -> None:
    found, expected = digest_of(path), file.sha256 or _recorded(path)
    if not expected:
        _record(path, found)
    elif found != expected:
        raise UserError(
            f"{path}: it has sha256 {found}, recorded is {expected}; remove it, and it is fetched again, or put the"
            " right file there"
        )


def _recorded(path: Path) -> str | None:
    """Return the digest of the first download, which is trusted when nobody has published one."""
    note = path.with_name(f"{path.name}.sha256")
    return note.read_text().split()[0] if note.exists() else None


def _record(path: Path, digest: str) -> None:
    note = path.with_name(f"{path.name}.sha256")
    beside = note.with_name(f".{note.name}.tmp")
    beside.write_text(f"{digest}  {path.name}\n")
    beside.replace(note)
    print(
        f"{path}: no digest of it is published; sha256 {digest} of this first copy is kept in {note.name}, and later"
        " copies must have it",
        file=sys.stderr,
    )


def _download(url: str, part: Path, known: bool) -> None:
    """Complete the file `part` from an address.

    Args:
        known: its digest is known, so that a wrong continuation would be noticed.
    """
    if not re.match("https?://", url):
        raise _Refused("it is no http address")
    in_vain = 0
    while True:
        before = _size(part)
        try:
            _continue(url, part, known)
            return
        except (URLError, HTTPException, OSError) as error:
            if isinstance(error, HTTPError) and error.code < 500 and error.code not in (408, 429):
                raise _Refused(f"{error.code} {error.reason}") from None
            in_vain = 0 if _size(part) > before else in_vain + 1
            if in_vain == ATTEMPTS:
                reason = error.reason if isinstance(error, URLError) else error
                raise _Refused(f"{reason}, {ATTEMPTS} times in a row, after {_size(part)} bytes") from None
            time.sleep(0.3 * in_vain)


def _continue(url: str, part: Path, known: bool) -> None:
    """Ask for what is missing of `part` and write it; raise an OSError where the connection ends before the file."""
    have, tag = _size(part), _tag(part)
    if have and not (known or tag):
        _forget(part)
        have = 0
    request = Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "text-recognizer"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        if tag:
            request.add_header("If-Range", tag)
    try:
        with urlopen(request, timeout=TIMEOUT) as response:
            total = _total(response, have)
            if total is None and not known and not response.chunked:
                raise _Refused(
                    "it tells no length and no digest is published: nothing would show that a part is missing"
                )
            continues = response.status == 206
            if not continues:
                _keep_tag(part, response)
            with _disk_errors(part), part.open("ab" if continues else "wb") as stream:
                for chunk in _chunks(response):
                    stream.write(chunk)
    except HTTPError as error:
        if error.code != 416:
            raise
        if error.headers.get("Content-Range") != f"bytes */{have}":  # neither complete nor continued: start again
            _forget(part)
            raise ConnectionError(f"416, there is nothing after byte {have}") from None
        total = have
    if total is not None and _size(part) != total:
        if _size(part) > total:
            _forget(part)
        raise ConnectionError(f"the connection ended after {_size(part)} of {total} bytes")


def _total(response: HTTPResponse, have: int) -> int | None:
    """Return how many bytes the whole file has, None where the server does not tell."""
    if response.status == 206:
        match = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", response.headers.get("Content-Range", ""))
        if not match or int(match[1]) != have:
            raise _Refused(f"asked for byte {have} on, it sends {response.headers.get('Content-Range')!r}")
        return None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length")
    return int(length) if length and length.isdigit() else None


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except OSError as error:
            raise ConnectionError(f"the connection broke ({error})") from error
        if not chunk:
            return
        yield chunk


def _keep_tag(part: Path, response: HTTPResponse) -> None:
    """Remember what tells this version of the file from another, where the server says so."""
    etag = response.headers.get("ETag", "")
    tag = response.headers.get("Last-Modified", "") if etag.startswith("W/") or not etag else etag
    part.with_suffix(".tag").write_text(json.dumps(tag))


def _tag(part: Path) -> str:
    try:
        return str(json.loads(part.with_suffix(".tag").read_text()))
    except (OSError, ValueError):
        return ""


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".tag").unlink(missing_ok=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Turn an error of the disk into a sentence; errors of the network are of other kinds."""
    try:
        yield
    except (ConnectionError, TimeoutError, URLError):
        raise
    except OSError as error:
        raise UserError(f"{path}: it cannot be written ({error.strerror or error}); make room or allow it") from error
