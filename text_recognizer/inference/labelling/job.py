"""The command `label`: our line finder cuts the lines, a teacher drafts their texts, a person corrects them."""

from __future__ import annotations

import sys
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.errors import UsageError
from text_recognizer.image import SUFFIXES
from text_recognizer.inference.labelling.agreement import agree, one_line
from text_recognizer.inference.labelling.border import with_border
from text_recognizer.inference.labelling.drafts import Draft, table
from text_recognizer.inference.labelling.endpoint import Endpoint
from text_recognizer.inference.labelling.folder import DraftFolder, digest_of, png
from text_recognizer.inference.labelling.lines import CutLine, CutPage, LineCutter
from text_recognizer.inference.labelling.overview import overview
from text_recognizer.inference.labelling.teacher import Teacher, TeacherFailed
from text_recognizer.inference.labelling.tesseract import Tesseract
from text_recognizer.inference.output import check_writable, print_text, write_text
from text_recognizer.inference.progress import Progress, progress
from text_recognizer.inference.sources import count_files, is_elsewhere

TABLE, OVERVIEW = "drafts.tsv", "index.html"


def label(options: Namespace) -> int:
    """Run the command and return its exit code: 0 done, 1 some picture could not be read.

    Raises:
        UserError: it cannot be done, or the teacher failed; what was drafted until then is saved.
    """
    warnings.filterwarnings("ignore", module="PIL")
    _refuse_within(options.out, options.folders)
    with progress(lambda: count_files(options.folders, SUFFIXES)) as shown:
        teacher = _teacher(options, shown)
        teacher.check()
        cutter = LineCutter(options, shown)
        check_writable(options.out, create=True)
        with closing(DraftFolder(options.out, teacher.identity)) as folder:
            job = Labelling(teacher, folder, options.agreed, options.limit)
            try:
                job.run(cutter)
            except TeacherFailed as error:
                job.show(f"This run ended early: {error}")
                _tell(cutter.errors + job.errors)
                raise TeacherFailed(f"{error}; {job.saved()}; run the same command again to go on") from None
            job.show()
            write_text(options.out / TABLE, table(job.drafts))
    print_text([f"{job.summary(cutter.pages)}\n"])
    _tell(cutter.errors + job.errors)
    return int(bool(cutter.errors or job.errors))


class Labelling:
    """Has lines drafted and writes what comes of it.

    Args:
        teacher: who drafts.
        folder: where to.
        agreed: lines whose readings differ by more than so many percent are left out; None leaves none out.
        limit: lines after which to end; None for all.
    """

    def __init__(
        self, teacher: Teacher, folder: DraftFolder, agreed: float | None = None, limit: int | None = None
    ) -> None:
        self.teacher, self.folder, self.agreed, self.limit = teacher, folder, agreed, limit
        self.drafts: list[Draft] = []
        self.errors: list[str] = []
        """Sentences about pages whose lines in the folder are not those of now."""
        self._waiting: list[tuple[Draft, CutLine, str]] = []

    def run(self, cutter: LineCutter) -> None:
        """Label all lines."""
        for page in self._limited(cutter):
            self._page(page)
        self._ask()

    def _limited(self, cutter: LineCutter) -> Iterator[CutPage]:
        left = sys.maxsize if self.limit is None else self.limit
        for page in cutter.cut():
            yield CutPage(page.name, list(islice(page.lines, left)))
            left -= len(page.lines)
            if left <= 0:
                return

    def _page(self, page: CutPage) -> None:
        texts = [self.folder.text(line.file) for line in page.lines]
        if None in texts:
            other = next((line.file for line in page.lines if self.folder.shows_another(line.file, line.crop_HW)), None)
            if other:
                self.errors.append(
                    f"{page.name}: {other}.png in {self.folder.out} shows something else than the line of now, so the"
                    " page is left alone; was the page, --model or --dpi changed? name another --out"
                )
                return
        for line, text in zip(page.lines, texts, strict=True):
            self._line(page, line, text)

    def _line(self, page: CutPage, line: CutLine, text: str | None) -> None:
        """Settle a line that has a text or an answer; have the others wait until there are enough to ask for."""
        draft = Draft(line.file, page.name, line.box, line.ours, line.confidence)
        self.drafts.append(draft)
        digest = digest_of(line.crop_HW)
        known = self.folder.answer(digest)
        if text is not None:
            self._keep(draft, text, known)
            self.folder.save_picture(line.file, line.crop_HW)
        elif known is not None:
            self._settle(draft, line, known)
        else:
            self._waiting.append((draft, line, digest))
            if len(self._waiting) >= self.teacher.together:
                self._ask()

    def _ask(self) -> None:
        if not self._waiting:
            return
        answers = self.teacher.read([_shown_to_teacher(line.crop_HW) for _, line, _ in self._waiting])
        for (draft, line, digest), answer in zip(self._waiting, answers, strict=True):
            text = one_line(answer)
            self.folder.remember(digest, text)
            self._settle(draft, line, text)
        self._waiting = []

    def _settle(self, draft: Draft, line: CutLine, text: str) -> None:
        """Write a line as the teacher has drafted it."""
        draft.teacher = text
        draft.agree = agree(draft.ours, text, self.agreed or 0.0)
        if self.agreed is not None and not draft.agree:
            draft.state = "left out"
            return
        self.folder.save_picture(line.file, line.crop_HW)
        if text:
            there = self.folder.save_text(line.file, text)
            if there is not None:
                self._keep(draft, there, text)
                return
            draft.text, draft.state = text, "draft"

    def _keep(self, draft: Draft, text: str, answer: str | None) -> None:
        """Leave a text that was there before as it is."""
        draft.text, draft.state, draft.teacher = text, "kept", answer or ""
        draft.agree = agree(draft.ours, draft.teacher, self.agreed or 0.0)

    def show(self, note: str = "") -> None:
        """Write the page on which people look through the drafts."""
        waiting = {draft.file for draft, _, _ in self._waiting}
        settled = [draft for draft in self.drafts if draft.file not in waiting]
        write_text(self.folder.out / OVERVIEW, overview(settled, self.teacher.shown, note))

    def count(self, state: str) -> int:
        """Return how many lines are in that state."""
        return sum(draft.state == state for draft in self.drafts)

    def saved(self) -> str:
        """Return the phrase about what a run that failed has saved."""
        kept = f", {self.count('kept')} were there before" if self.count("kept") else ""
        return f"{self.count('draft')} drafts are saved in {self.folder.out}{kept}"

    def summary(self, pages: int) -> str:
        """Return the sentence about the whole run."""
        told = [f"{self.count('draft')} drafts written to {self.folder.out}"]
        told += [f"{self.count('kept')} texts kept as they were"] if self.count("kept") else []
        told += [f"{self.count('none')} without a draft"] if self.count("none") else []
        told += [f"{self.count('left out')} left out, as both readers disagree"] if self.count("left out") else []
        agreed = sum(draft.agree for draft in self.drafts)
        return (
            f"{len(self.drafts)} lines of {pages} pages: {', '.join(told)}; both readers agree on {agreed}; look"
            f" through {self.folder.out / OVERVIEW}"
        )


def _teacher(options: Namespace, shown: Progress) -> Teacher:
    if options.teacher == "tesseract":
        return Tesseract(options.language or "eng")
    return Endpoint(
        options.teacher,
        options.teacher_model,
        options.teacher_key,
        timeout=options.timeout,
        tries=options.tries,
        say=shown.say,
    )


def _shown_to_teacher(crop_HW: np.ndarray) -> bytes:
    return png(np.asarray(with_border(Image.fromarray(crop_HW))))


def _refuse_within(out: Path, names: list[str]) -> None:
    """Refuse a folder of drafts in which the next run would look for pages."""
    target = out.resolve()
    for name in names:
        if not is_elsewhere(name) and Path(name).is_dir() and target.is_relative_to(Path(name).resolve()):
            raise UsageError(f"--out {out}: lies in {name}, where a next run looks for pages; name a folder beside it")


def _tell(errors: list[str]) -> None:
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        print(f"text-recognizer: {len(errors)} pictures or pages were passed over", file=sys.stderr)
