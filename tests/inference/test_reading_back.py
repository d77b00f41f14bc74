"""Every format that is written is read back: texts, boxes, corners and baselines."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from text_recognizer.data.page_xml import read_page
from text_recognizer.errors import UserError
from text_recognizer.inference.boxes import box_of, words_of
from text_recognizer.inference.formats import FORMATS
from text_recognizer.inference.reading_back import pages_from, read_back
from text_recognizer.inference.result import Line, Page

from .result_pages import PAGES, SIZE, line

HARMLESS = {name: page for name, page in PAGES.items() if name not in ("control characters", "odd name")}
NO_TEXT_LEFT_OUT = ("json", "page")


def written(name: str, pages: list[Page]) -> bytes:
    return "".join(FORMATS[name](pages)).encode("utf-8", "replace")


def kept(name: str, page: Page) -> list[Line]:
    """Return the lines that a format has a place for."""
    if name in NO_TEXT_LEFT_OUT:
        return list(page.lines)
    return [line_ for line_ in page.lines if (line_.text if name == "tsv" else words_of(line_))]


def same_text(name: str, text: str) -> str:
    """Return a text as the format has it: words with single spaces between them where it knows words only."""
    return " ".join(word for word in text.split(" ") if word) if name in ("alto", "hocr") else text


@pytest.mark.parametrize("name", ["json", "tsv", "hocr", "alto", "page"])
@pytest.mark.parametrize("page", HARMLESS.values(), ids=HARMLESS)
def test_texts_and_places_come_back(name, page):
    lines = kept(name, page)
    found = pages_from("back", written(name, [page]))
    if name == "tsv" and not lines:
        assert found == []
        return
    (back,) = found
    assert (back.source, back.frame) == (page.source, page.frame)
    assert name == "tsv" or (back.width, back.height) == (page.width, page.height)
    assert [read.text for read in back.lines] == [same_text(name, line_.text) for line_ in lines]
    for read, line_ in zip(back.lines, lines, strict=True):
        if name == "json":
            assert as_dict(read) == pytest.approx(as_dict(line_), abs=0.0001)
        elif name == "tsv":
            assert read.box == line_.box
        else:
            _check_places(name, read, line_)


def as_dict(line_: Line) -> dict:
    """Return a line's values without any nesting."""
    values: dict = {"text": line_.text, "confidence": line_.confidence}
    for kind, points in (("box", [line_.box]), ("corners", line_.corners), ("baseline", line_.baseline)):
        values |= {f"{kind} {n} {m}": v for n, point in enumerate(points) for m, v in enumerate(point)}
    for n, character in enumerate(line_.characters):
        values |= {f"{n} {kind}": value for kind, value in asdict(character).items()}
    return values


def on_page(points: Iterable) -> np.ndarray:
    """Return points moved to the nearest place on the page."""
    return np.clip(np.array(list(points)), 0, SIZE)


def _check_places(name: str, read: Line, line_: Line) -> None:
    """Check all boxes: those of ALTO and hOCR are exact, those of PAGE are around outlines of whole pixels."""
    apart = np.abs(np.array(read.box) - box_of(line_.corners, SIZE)).max()
    assert apart <= (1 if name == "page" else 0)
    cut = not np.array_equal(on_page(line_.corners), line_.corners)
    if name != "hocr" or not cut:  # of a rectangle that the page cuts off only the upright one is known
        tolerance = 2.5 if name == "hocr" else 0.5
        assert np.abs(on_page(read.corners) - on_page(line_.corners)).max() <= tolerance
        assert np.abs(on_page(read.baseline) - on_page(line_.baseline)).max() <= tolerance
    if line_.characters:
        assert abs(read.confidence - line_.confidence) < 0.001
    words, several = words_of(line_), "  " in line_.text  # spaces, of which one comes back
    assert [word.text for word in words_of(read)] == [word.text for word in words]
    for back, word in zip(words_of(read), words, strict=True):
        assert np.abs(np.array(box_of(back.corners, SIZE)) - box_of(word.corners, SIZE)).max() <= (
            99 if cut else 5 if several else 1
        )


@pytest.mark.parametrize("name", ["alto", "page"])
def test_what_has_no_place_in_xml_becomes_a_question_mark(name):
    (back,) = pages_from("back", written(name, [PAGES["control characters"]]))
    assert back.lines[0].text == "a?b? ?c"
    (back,) = pages_from("back", written(name, [PAGES["odd name"]]))
    assert back.source == 'a "b" <c>; d??\'.png'


@pytest.mark.parametrize("name", ["json", "tsv", "hocr", "alto"])
def test_several_pages_come_back_with_their_numbers(name):
    book = [Page((line(f"page {n}", 50, 60), line("more", 50, 120)), *SIZE, "book.pdf", n) for n in (0, 2, 3)]
    back = pages_from("back", written(name, book))
    assert [(page.source, page.frame, page.lines[0].text) for page in back] == [
        ("book.pdf", n, f"page {n}") for n in (0, 2, 3)
    ]


@pytest.mark.parametrize("name", ["json", "tsv", "hocr"])
def test_pages_of_several_files_come_back_with_their_names(name):
    pages = [Page((line(text, 50, 60),), *SIZE, text) for text in ('a "b".png', "c\td\re.png", "f;g.png")]
    wanted = [page.source.replace('"', "'") if name == "hocr" else page.source for page in pages]
    assert [page.source for page in pages_from("back", written(name, pages))] == wanted


@pytest.mark.parametrize("name", ["alto", "page"])
def test_what_was_read_is_training_data(name, tmp_path):
    Image.new("L", SIZE, 255).save(tmp_path / "scan.png")
    page = Page(PAGES["plain"].lines + PAGES["leaning"].lines + PAGES["turned"].lines, *SIZE, "scan.png")
    (tmp_path / "scan.xml").write_bytes(written(name, [page]))
    found, back = read_page(tmp_path / "scan.xml"), read_back(tmp_path / "scan.xml")[0]
    assert [read.text for read in found.lines] == [line_.text for line_ in page.lines]
    for read, again in zip(found.lines, back.lines, strict=True):
        assert np.array_equal(read.polygon_M2, again.corners) and np.array_equal(read.baseline_N2, again.baseline)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither JSON, TSV"),
        (b"\x89PNG\r\n", "neither JSON, TSV"),
        (b"{", "damaged"),
        (b'{"format": 2, "pages": []}', "its format is 2, not 1"),
        (b'{"format": 1, "pages": [{"lines": [], "width": "x", "height": 1}]}', "a number is none"),
        (b'{"format": 1, "pages": [{"lines": [], "width": NaN, "height": 1}]}', "a number is none"),
        (b'{"format": 1, "pages": 5}', "damaged"),
        (b'{"format": 1, "pages": ' + b"[" * 100_000, "damaged"),  # deeper than Python goes
        (b"<alto><Layout><Page WIDTH='x'/></Layout></alto>", "damaged"),
        (b"<alto><Layout><Page WIDTH='1e999'/></Layout></alto>", "damaged"),
        (b"<PcGts><Page imageWidth='1.5'/></PcGts>", "damaged"),
        (b"<alto>", "not readable XML"),
        (b"<svg/>", "its root is <svg>"),
        (LAUGHS + b"]><alto>&m;</alto>", "declares entities"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><alto>&a;</alto>', "declares entities"),
        (b'<?xml version="1.0" encoding="klingon"?><alto/>', "not readable XML"),
        (b"<html><div class='ocr_page'></div></html>", "damaged"),  # without a box
        (b"<html><div class='ocr_page' title='bbox 0 0 a b'></div></html>", "damaged"),
        (b"source\tframe\tline\tleft\ttop\tright\tbottom\tconfidence\ttext\na.png\t0\n", "damaged"),
    ],
)
def test_damaged_and_hostile_files_are_refused_in_a_sentence(content, said, tmp_path):
    path: Path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"bad: .*{said}.*; "):
        read_back(path)


def test_very_deep_markup_is_read():
    deep = b"<alto>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"<Layout><Page WIDTH='5' HEIGHT='6'/></Layout></alto>"
    assert pages_from("deep", deep) == [Page((), 5, 6)]


@pytest.mark.parametrize("name", ["json", "tsv", "hocr", "alto", "page"])
def test_damaged_copies_are_read_or_refused(name):
    whole, dice = np.frombuffer(written(name, [PAGES["plain"]]), np.uint8), np.random.default_rng(0)
    for _ in range(200):
        damaged = whole.copy()
        places = dice.integers(0, len(whole), 6)
        damaged[places] = dice.integers(0, 256, 6)
        try:
            assert all(isinstance(page, Page) for page in pages_from("copy", damaged.tobytes()))
        except UserError as error:
            assert "; " in str(error)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="none.json: it cannot be read"):
        read_back(tmp_path / "none.json")
