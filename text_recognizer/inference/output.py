"""Writing results so that a file is whole or absent: beside the target, then renamed."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from text_recognizer.errors import UserError


@contextmanager
def written_whole(path: Path, beside_in: Path | None = None) -> Iterator[BinaryIO]:
    """Give a stream whose content becomes `path` when the block ends well, and nothing at all when it does not.

    Devices and pipes are written to as they are, never replaced; of a link to a file the file is replaced.

    Args:
        path: the file.
        beside_in: folder of the same disk for what is not whole yet; that of the file if left out.

    Raises:
        UserError: the folder cannot be written to, or the disk is full.
    """
    is_file = os.path.isfile(path)
    if os.path.exists(path) and not is_file and not os.path.isdir(path):
        with _reporting(path), path.open("wb") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path)) if is_file and path.is_symlink() else path
    digest = blake2b(os.fsencode(path.name), digest_size=8).hexdigest()  # a name may be as long as names may be
    folder = target.parent if beside_in is None or target != path else beside_in
    beside = folder / f".{digest}.{os.getpid()}.tmp"
    try:
        with _reporting(path):
            with beside.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: it cannot be written ({error.strerror or error}); choose another place") from error


def write_text(path: Path, chunks: Iterable[str], beside_in: Path | None = None) -> None:
    """Write a text file piece by piece; see `written_whole`."""
    with written_whole(path, beside_in) as stream:
        for chunk in chunks:
            stream.write(chunk.encode("utf-8", "replace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; see `written_whole`."""
    with written_whole(path) as stream:
        stream.write(content)


def numbered(path: Path, number: int) -> Path:
    """Return the path for the first, second and so on of several files: `page.png`, `page-2.png`."""
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")


def check_writable(folder: Path, create: bool = False) -> None:
    """Find out before the work starts that files can be written to a folder.

    Args:
        folder: must exist unless `create` is set.
        create: make the folder.

    Raises:
        UserError: it is not there, not a folder, or not ours to write to.
    """
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.tmp"
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise UserError(f"{folder}: cannot write here ({error.strerror or error}); choose another folder") from error


def print_text(chunks: Iterable[str]) -> None:
    """Write to the standard output piece by piece, as UTF-8; what a file's name has beyond it becomes ``?``.

    Raises:
        UserError: the standard output cannot be written to, other than by a pipe that was closed.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    for chunk in chunks:
        try:
            sys.stdout.write(chunk)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            discard_output()
            raise UserError(f"standard output: it cannot be written ({error.strerror}); use --out PATH") from error


def discard_output() -> None:
    """Send what is left of the standard output nowhere, or Python would fail to write it once more at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
