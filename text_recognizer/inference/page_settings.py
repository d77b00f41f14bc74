"""Everything that decides how a page is read, in one place: for the reader, for workers and for the journal."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI

if TYPE_CHECKING:
    from text_recognizer.inference.page_reader import PageReader
    from text_recognizer.inference.paragraph_reader import ParagraphReader

_ASIDE: dict[str, Any] = {"aside": True}

_OPTIONS = {"read_as": "--reader"}
"""The options that are not called as their field."""


@dataclass(frozen=True)
class PageSettings:
    """How pages are read; every field is the option of that name.

    Results of a resumed run belong together only if all fields are the same but those marked as aside, which change
    no text.

    Args:
        model: name or folder of the model; the default one if left out.
        line: every picture is one line.
        abstain: confidence below which a line's text is withheld.
        language_model: whether one helps where the model is unsure.
        second_look: whether lines that the model is unsure of are read again.
        dpi: dots per inch at which pages of PDF files are drawn.
        pages: which pages of a file are read.
        read_as: `lines` looks for lines and reads each, `paragraph` reads a page as a whole; the option is --reader.
        text_layer: `keep` takes the text that a page of a PDF has, `ignore` reads its picture all the same.
        threads: that one line's arithmetic is spread over; 0 lets onnxruntime choose.
        drawn: format, by Pillow's name, of the picture that shows what was read where; none is drawn if empty.
    """

    model: str | None = None
    line: bool = False
    abstain: float = 0.0
    language_model: bool = True
    second_look: bool = True
    dpi: float = DPI
    pages: PageRanges = ALL_PAGES
    text_layer: str = "ignore"
    read_as: str = "lines"
    threads: int = field(default=0, metadata=_ASIDE)
    drawn: str = field(default="", metadata=_ASIDE)

    @classmethod
    def of(cls, options: Namespace, **others: Any) -> PageSettings:
        """Return the settings that a command line asks for; `others` are set beside it."""
        named = {item.name: getattr(options, item.name) for item in fields(cls) if hasattr(options, item.name)}
        return cls(**{**named, **others})

    def reader(self) -> PageReader | ParagraphReader:
        """Load the models.

        Raises:
            UserError: one cannot be loaded.
        """
        if self.read_as == "paragraph":
            from text_recognizer.inference.paragraph_reader import ParagraphReader

            return ParagraphReader.load(Path(self.model or ""), self.threads, self.abstain)
        return self.page_reader()

    def page_reader(self) -> PageReader:
        """Load the models that look for lines and read them.

        Raises:
            UserError: one cannot be loaded.
        """
        from text_recognizer.inference.line_recognizer import LineRecognizer
        from text_recognizer.inference.page_reader import PageReader
        from text_recognizer.inference.segmenter import Segmenter

        recognizer = LineRecognizer.load(self.model, self.threads, self.language_model, self.second_look)
        segmenter = None if self.line else Segmenter.load(self.model, self.threads)
        return PageReader(recognizer, self.line, segmenter, self.abstain)

    def told(self) -> dict[str, str]:
        """Return what decides the text, by option; the model by the digest of its files, and this program's version."""
        deciding = [item.name for item in fields(self) if not item.metadata.get("aside") and item.name != "read_as"]
        if self.read_as != "lines":  # so that a journal from before there were two readers is still gone on with
            deciding.append("read_as")
        words = {_OPTIONS.get(name, f"--{name.replace('_', '-')}"): _word(getattr(self, name)) for name in deciding}
        return {**words, "--model": self._digest(), "version": _version()}

    def _digest(self) -> str:
        from hashlib import sha256

        if self.read_as == "paragraph":
            from text_recognizer.inference.image_recipe import FILE_NAME as IMAGE_FILE_NAME
            from text_recognizer.inference.image_recipe import ImageRecipe, exported_folder

            folder = exported_folder(Path(self.model or ""))
            ImageRecipe.load(folder)  # checks the files beside it, whose digests it holds
            return sha256((folder / IMAGE_FILE_NAME).read_bytes()).hexdigest()[:16]
        from text_recognizer.inference.recipe import FILE_NAME, Recipe
        from text_recognizer.inference.segmenter import FILE
        from text_recognizer.inference.shipped import model_folder, weights_folder

        folder = model_folder(self.model)
        Recipe.load(folder)  # checks the files beside it, whose digests it holds
        segmenter = next(file for file in (folder / FILE, weights_folder() / FILE) if file.exists())
        return sha256((folder / FILE_NAME).read_bytes() + segmenter.read_bytes()).hexdigest()[:16]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.text if isinstance(value, PageRanges) else str(value)


def _version() -> str:
    from text_recognizer.inference.xml_text import software

    return software()[1]
