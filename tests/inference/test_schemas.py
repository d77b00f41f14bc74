"""ALTO and PAGE against their published schemas, hOCR against its specification."""

import pytest

from text_recognizer.errors import UserError
from text_recognizer.inference.formats import FORMATS
from text_recognizer.inference.result import Page

from . import hocr_rules, schemas
from .result_pages import PAGES, SIZE, line


def content(name: str, pages: list[Page]) -> bytes:
    return "".join(FORMATS[name](pages)).encode("utf-8", "replace")


def faults(name: str, pages: list[Page]) -> list[str]:
    written = content(name, pages)
    return hocr_rules.faults(written) if name == "hocr" else schemas.faults(name, written)


@pytest.mark.parametrize("name", ["alto", "page", "hocr"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_page_is_valid(name, page):
    assert faults(name, [page]) == []


@pytest.mark.parametrize("name", ["alto", "hocr"])
def test_several_pages_of_a_file_are_valid(name):
    book = [Page(page.lines, page.width, page.height, "book.pdf", n) for n, page in enumerate(PAGES.values())]
    assert faults(name, book) == []


@pytest.mark.parametrize("name", ["alto", "page", "hocr"])
def test_nothing_read_is_valid_too(name):
    assert faults(name, []) == []


def test_pages_of_several_files_are_told_apart_or_refused():
    pages = [Page((line(text, 50, 60),), *SIZE, f"{text}.png") for text in ("one", "two")]
    assert faults("hocr", pages) == []
    assert b'image "two.png"' in content("hocr", pages).replace(b"&quot;", b'"')
    with pytest.raises(UserError, match="two.png: an ALTO file is about one picture only; give --out a folder"):
        content("alto", pages)


@pytest.mark.parametrize("name", ["alto", "page"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<TextLine ", b"<TextLine WRONG='1' "),  # an attribute that is not there
        (b"</TextLine>", b"<Other/></TextLine>"),  # an element that is not there
        (b"<?xml", b"<xml"),  # no XML
    ],
)
def test_what_is_not_valid_is_noticed(name, old, new):
    written = content(name, [PAGES["plain"]])
    assert schemas.faults(name, written) == [] != schemas.faults(name, written.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"bbox 0 0", b"bbox 5 0"),  # a page begins at 0 0
        (b"class='ocr_carea'", b""),  # a line outside an area
        (b"ocrx_word ", b""),  # a capability that is not told
        (b"; x_wconf 90", b"; confidence 90"),  # a property of our own
        (b"</span>\n", b"\n"),  # not closed
    ],
)
def test_hocr_that_breaks_a_rule_is_noticed(old, new):
    written = content("hocr", [PAGES["plain"]])
    assert old in written and hocr_rules.faults(written) == [] != hocr_rules.faults(written.replace(old, new))
