"""The pictures in zip and tar archives, one at a time and without unpacking the archive."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.places import DAMAGE, FileSlice, Identity, LocalFile, Passing, check_size
from text_recognizer.inference.sources import Source, is_picture, no_pictures, printable, safe_stem

MOST_MEMBERS = 200_000
"""Of one archive; a zip archive's list of members is held in memory."""

MOST_UNPACKED = 1 << 40
"""Bytes of one compressed tar archive that are unpacked on the way to its pictures."""

ENCRYPTED = 0x1
"""The bit of a zip member's flags that says so."""


class _Header(tarfile.TarInfo):
    """A member's header; a damaged one is an error, where `tarfile` would take it for the archive's end."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _Header:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if type(error).__name__ in ("InvalidHeaderError", "TruncatedHeaderError"):
                raise tarfile.ReadError(str(error)) from error
            raise


class ArchivePlace(Hashable, Protocol):
    """Where an archive is; see `places.LocalFile` and `remote.RemoteFile`."""

    def identity(self) -> Identity:
        """Return what changes when its bytes do."""


@dataclass(frozen=True)
class ZipMember:
    """A member of a zip archive, by its number in the archive's list."""

    archive: ArchivePlace
    index: int
    mark: tuple[str | int, ...]

    def content(self, name: str, limits: Limits) -> bytes:
        """Return the bytes.

        Raises:
            UserError: there are more than the limit, or they are damaged, or packed in a way that is not known.
        """
        try:
            opened = _zip(self.archive)
            member = opened.infolist()[self.index]
            check_size(name, member.file_size, limits)
            with opened.open(member) as stream:
                content = stream.read(limits.max_bytes + 1)
        except DAMAGE as error:
            raise UserError(
                f"{name}: this member of the archive is damaged ({_reason(error)}); pack it again"
            ) from error
        check_size(name, len(content), limits)
        return content

    def identity(self) -> Identity:
        """Return size and checksum."""
        return list(self.mark)


def members(name: str, archive: ArchivePlace, stem: Path, suffixes: frozenset[str]) -> Iterator[Source]:
    """Yield the pictures in an archive, in its own order; archives in it are not opened.

    What is wrong with the archive or a member is a source with a problem; the rest is read.

    Args:
        name: of the archive, for people.
        archive: where it is.
        stem: of the results' paths.
        suffixes: in lower case; which members are pictures.
    """
    found = shown = 0
    try:
        plain = name if isinstance(archive, LocalFile) else urlsplit(name).path
        listed = _in_zip(name, archive) if plain.lower().endswith(".zip") else _in_tar(name, archive)
        for member, source in listed:
            shown += 1
            if shown > MOST_MEMBERS:
                yield _problem(name, stem, f"it has more than {MOST_MEMBERS:,} members; split it into several")
                return
            if _is_shown(member) and is_picture(member, suffixes):
                found += 1
                yield Source(f"{name}/{printable(member)}", stem / safe_stem(member), source.place, source.problem)
    except FileNotFoundError:
        yield _problem(name, stem, "there is no such file; check the path")
    except UserError as error:
        yield _problem(name, stem, str(error))
    except DAMAGE as error:
        kept = f"the {found} pictures before the damage are read; " if found else ""
        yield _problem(name, stem, f"the archive is damaged ({_reason(error)}); {kept}pack or download it again")
    else:
        if not found:
            yield Source(name, stem, problem=no_pictures(name, "archive", shown, suffixes))


def _problem(name: str, stem: Path, what: str) -> Source:
    return Source(name, stem, problem=f"{name}: {what}")


def _is_shown(member: str) -> bool:
    return not any(part.startswith(".") and part not in (".", "..") for part in member.replace("\\", "/").split("/"))


def _in_zip(name: str, archive: ArchivePlace) -> Iterator[tuple[str, Source]]:
    for index, member in enumerate(_zip(archive).infolist()):
        if member.is_dir():
            continue
        problem = ""
        if member.flag_bits & ENCRYPTED:
            shown = f"{name}/{printable(member.filename)}"
            problem = f"{shown}: it is protected by a password; pack the archive again without one"
        place = None if problem else ZipMember(archive, index, (member.file_size, f"{member.CRC:08x}"))
        yield member.filename, Source("", Path(), place, problem)


def _zip(archive: ArchivePlace) -> zipfile.ZipFile:
    return _opened_zip(archive, tuple(archive.identity()) if isinstance(archive, LocalFile) else ())


@lru_cache(maxsize=1)
def _opened_zip(archive: ArchivePlace, identity: tuple[str | int, ...]) -> zipfile.ZipFile:
    """Return an archive opened, the one of the last call kept open: its list of members is read once only."""
    if isinstance(archive, LocalFile):
        return zipfile.ZipFile(archive.path)
    try:
        return zipfile.ZipFile(_stream(archive))
    except (zipfile.BadZipFile, UserError, FileNotFoundError):
        raise
    except Exception as error:  # which one depends on the file system
        raise UserError(
            f"it cannot be read where it is ({_reason(error)}); a zip archive begins at its end: download it first"
        ) from None


def _in_tar(name: str, archive: ArchivePlace) -> Iterator[tuple[str, Source]]:
    """Yield members; those of a file that is not compressed as parts of it, all others as bytes that pass by."""
    if isinstance(archive, LocalFile) and name.lower().endswith(".tar"):
        with tarfile.open(archive.path, "r:", tarinfo=_Header) as opened:
            yield from _tar_members(name, archive, opened, archive.path)
        return
    with _stream(archive) as stream, tarfile.open(fileobj=stream, mode="r|*", tarinfo=_Header) as opened:
        yield from _tar_members(name, archive, opened, None)


def _tar_members(
    name: str, archive: ArchivePlace, opened: tarfile.TarFile, whole: Path | None
) -> Iterator[tuple[str, Source]]:
    of_archive = archive.identity() if whole is None else []
    while (member := opened.next()) is not None:
        opened.members = []  # type: ignore[attr-defined]  # it would keep all of them
        if whole is None and member.offset_data > MOST_UNPACKED:
            raise UserError(f"more than {MOST_UNPACKED:,} bytes are packed in it; split it into several")
        if not member.isreg():
            continue
        mark = (member.size, int(member.mtime), member.chksum, *of_archive)
        if member.issparse():
            problem = f"{name}/{printable(member.name)}: it is stored with holes; pack the archive without --sparse"
            yield member.name, Source("", Path(), problem=problem)
        elif whole is not None:
            yield member.name, Source("", Path(), FileSlice(whole, member.offset_data, member.size, mark))
        else:
            yield member.name, Source("", Path(), Passing(partial(_member_stream, opened, member), mark))


def _member_stream(opened: tarfile.TarFile, member: tarfile.TarInfo) -> BinaryIO:
    stream = opened.extractfile(member)
    if stream is None:
        raise tarfile.ExtractError("it is no file")
    return cast(BinaryIO, stream)


def _stream(archive: ArchivePlace) -> BinaryIO:
    if isinstance(archive, LocalFile):
        return archive.path.open("rb")
    from text_recognizer.inference.remote import RemoteFile

    return cast(RemoteFile, archive).opened()


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".").replace(";", ",")
