"""Tesseract as a reader of pictures: many in one process, and as a teacher that drafts the texts of lines."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from text_recognizer.errors import UserError
from text_recognizer.inference.labelling.teacher import TeacherFailed

PROGRAM = "tesseract"
ONE_LINE = 7
"""Its page segmentation mode for pictures of one line."""

SEPARATOR = "\f"

ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
"""Unless the user wants it otherwise: on lines, its threads wait for each other most of the time."""


class ProgramFailed(Exception):
    """A program ended with an exit code other than 0."""


def output_of(command: Sequence[str]) -> str:
    """Return what a program writes to its standard output.

    Raises:
        ProgramFailed: it ended with an error; its last words are in the message.
    """
    done = subprocess.run(list(command), capture_output=True, check=False, env={**ONE_THREAD, **os.environ})
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace")[-200:].split())
        raise ProgramFailed(f"`{command[0]}` ended with {done.returncode}: {words}")
    return done.stdout.decode("utf-8", "replace")


def texts_of_files(paths: Sequence[str], languages: str, mode: int) -> list[str]:
    """Return the texts of picture files that one process of Tesseract reads.

    Args:
        paths: of the files.
        languages: as its option ``-l`` has them.
        mode: its page segmentation mode.

    Raises:
        ProgramFailed: it ended with an error, or stopped at some picture.
    """
    with TemporaryDirectory() as folder:
        listing = Path(folder) / "paths.txt"
        listing.write_text("".join(f"{path}\n" for path in paths))
        command = [PROGRAM, str(listing), "-", "--psm", str(mode), "-l", languages]
        texts = output_of([*command, "-c", f"page_separator={SEPARATOR}"]).split(SEPARATOR)
    if len(texts) == len(paths) + 1 and not texts[-1].strip():  # older versions write it behind the last one, too
        texts.pop()
    if len(texts) != len(paths):
        raise ProgramFailed(f"`{PROGRAM}` has {len(texts)} answers to {len(paths)} pictures")
    return texts


class Tesseract:
    """Drafts lines with the Tesseract that is installed.

    Args:
        languages: of the texts, as in ``fra+eng``.
    """

    together = 32
    """Lines that one process reads: its models are loaded once for all of them."""

    def __init__(self, languages: str = "eng") -> None:
        self.languages = languages

    @property
    def shown(self) -> str:
        """What people are told who it is."""
        return f"Tesseract ({self.languages})"

    @cached_property
    def identity(self) -> str:
        """Changes whenever its answers may."""
        return f"{output_of([PROGRAM, '--version']).splitlines()[0]} {self.languages}"

    def check(self) -> None:
        """Find out before the work starts that it can be done.

        Raises:
            UserError: the program or one of the languages is not installed.
        """
        if shutil.which(PROGRAM) is None:
            raise UserError(
                "--teacher tesseract: this program is not installed; install the Debian packages tesseract-ocr and"
                f" {_packages(self.languages.split('+'))}, or name an endpoint"
            )
        installed = self._installed()
        missing = [language for language in self.languages.split("+") if language not in installed]
        if missing:
            known = ", ".join(sorted(set(installed) - {"osd"})) or "none"
            raise UserError(
                f"--language {self.languages}: Tesseract has no {', '.join(missing)} here, it has {known}; install the"
                f" Debian package {_packages(missing)}, or name another language"
            )

    def read(self, pictures: Sequence[bytes]) -> list[str]:
        """Return what each picture of a line, a PNG file, says; a picture that it cannot read says nothing.

        Raises:
            TeacherFailed: it can read none of them.
        """
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number}.png" for number in range(len(pictures))]
            for path, picture in zip(paths, pictures, strict=True):
                path.write_bytes(picture)
            names = [str(path) for path in paths]
            try:
                return texts_of_files(names, self.languages, ONE_LINE)
            except ProgramFailed as error:
                return self._one_by_one(names, error)

    def _one_by_one(self, names: Sequence[str], failed: ProgramFailed) -> list[str]:
        texts: list[str | None] = []
        for name in names:
            try:
                texts += texts_of_files([name], self.languages, ONE_LINE)
            except ProgramFailed as error:
                failed = error
                texts.append(None)
        if all(text is None for text in texts):
            raise TeacherFailed(f"--teacher tesseract: it can read none of {len(names)} lines ({failed})")
        return [text or "" for text in texts]

    def _installed(self) -> list[str]:
        try:
            return output_of([PROGRAM, "--list-langs"]).splitlines()[1:]
        except ProgramFailed as error:
            raise UserError(f"--teacher tesseract: it does not run ({error}); install tesseract-ocr again") from error


def _packages(languages: Sequence[str]) -> str:
    """Return the names of the Debian packages that hold models of Tesseract."""
    return " ".join(f"tesseract-ocr-{language.lower().replace('_', '-').replace('/', '-')}" for language in languages)
