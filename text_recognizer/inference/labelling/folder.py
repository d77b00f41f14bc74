"""The folder that drafts are written to: what a person has written there stays, and no answer is asked for twice."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.inference.output import write_bytes, write_text
from text_recognizer.inference.run_lock import RunLock

HOME = ".labelling"
"""The hidden folder with the answers and the lock."""


class DraftFolder:
    """A folder of pictures of lines, ``x.png``, and their texts, ``x.gt.txt``; one run at a time writes there.

    The teacher's answers are kept in ``.labelling/answers.jsonl``, a row ``[teacher, digest of the line, text]``
    each, from the moment they are there.

    Args:
        out: the folder; it exists.
        teacher: the teacher's identity; answers of others are not looked at.

    Raises:
        UserError: another run writes there, or it cannot be written to.
    """

    def __init__(self, out: Path, teacher: str) -> None:
        self.out, self.teacher = out, teacher
        self._path = out / HOME / "answers.jsonl"
        try:
            self._path.parent.mkdir(exist_ok=True)
            self._lock = RunLock(self._path.parent / "lock", out)
            self._answers = self._load()
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise UserError(f"{out / HOME}: it cannot be used ({error.strerror}); choose another folder") from error

    def close(self) -> None:
        """Give the folder free."""
        self._file.close()
        self._lock.release()

    def text(self, file: str) -> str | None:
        """Return what stands in the text of a line, None if there is no such file.

        Raises:
            UserError: it cannot be read.
        """
        path = self.out / f"{file}.gt.txt"
        try:
            return " ".join(path.read_bytes().decode("utf-8-sig", "replace").split())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(f"{path}: it cannot be read ({error.strerror}); check its rights") from error

    def shows_another(self, file: str, crop_HW: np.ndarray) -> bool:
        """Return whether there is a picture of that name which shows something else."""
        path = self.out / f"{file}.png"
        if not path.exists():
            return False
        with suppress(Exception), Image.open(path) as there:  # whatever is damaged is something else
            return not np.array_equal(np.asarray(there.convert("L")), crop_HW)
        return True

    def answer(self, digest: str) -> str | None:
        """Return what this teacher said of a line before, None if it was not asked."""
        return self._answers.get(digest)

    def remember(self, digest: str, text: str) -> None:
        """Keep an answer of the teacher."""
        self._answers[digest] = text
        try:
            self._file.write(json.dumps([self.teacher, digest, text]).encode() + b"\n")
        except OSError as error:
            raise UserError(f"{self._path}: it cannot be written ({error.strerror}); is the disk full?") from error

    def save_picture(self, file: str, crop_HW: np.ndarray) -> None:
        """Write the picture of a line unless it is there."""
        path = self.out / f"{file}.png"
        if not path.exists():
            self._make(path.parent)
            write_bytes(path, png(crop_HW))

    def save_text(self, file: str, text: str) -> str | None:
        """Write the text of a line; one that has come there meanwhile stays and is returned."""
        there = self.text(file)
        if there is None:
            write_text(self.out / f"{file}.gt.txt", [text + "\n"])
        return there

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder}: it cannot be made ({error.strerror}); choose another --out") from error

    def _load(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not self._path.exists():
            return found
        content = self._path.read_bytes()
        for row in content.splitlines():
            with suppress(ValueError):  # the end of a run may have torn the last one
                teacher, digest, text = json.loads(row)
                if teacher == self.teacher:
                    found[digest] = text
        if content and not content.endswith(b"\n"):
            with self._path.open("ab") as stream:
                stream.write(b"\n")
        return found


def png(crop_HW: np.ndarray) -> bytes:
    """Return a grey picture as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(crop_HW).save(stream, format="PNG")
    return stream.getvalue()


def digest_of(crop_HW: np.ndarray) -> str:
    """Return a digest of a picture's size and pixels."""
    return sha256(f"{crop_HW.shape}".encode() + crop_HW.tobytes()).hexdigest()[:32]
