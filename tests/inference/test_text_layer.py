"""Text layers of PDF files: kept with their places where they are worth it."""

import json
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.image import opened_pages
from text_recognizer.inference.boxes import words_of
from text_recognizer.inference.cli import main
from text_recognizer.inference.quarters import quarter_turns
from text_recognizer.inference.result import Page
from text_recognizer.inference.text_layer import kept_page

from .text_pdfs import INVISIBLE, Scan, Text, filled_form, misnamed_pdf, pdf_of
from .tiny_model import draw_flag_page

DPI = 144.0


def kept(content: bytes, number: int = 1) -> Page | None:
    with opened_pages(content, dpi=DPI) as pages:
        return kept_page(pages, number, "book.pdf")


def ink_of(content: bytes) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Return the picture of the first page, and the box around what is dark on it."""
    with opened_pages(content, dpi=DPI) as pages:
        grey_HW = pages.page(1)
    rows, columns = np.nonzero(grey_HW < 128)
    return grey_HW, (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [0, 90, 180, 270, 12])
@pytest.mark.parametrize("crop", [None, (30, 40, 380, 290)])
def test_text_lies_where_its_ink_is(turn, angle, crop):
    content = pdf_of([Text("Hamburg", 200, 150, angle)], turn=turn, crop=crop)
    grey_HW, ink = ink_of(content)
    page = kept(content)
    assert (page.height, page.width) == grey_HW.shape
    (line,) = page.lines
    assert (line.text, line.confidence, page.source, page.frame) == ("Hamburg", 1.0, "book.pdf", 0)
    left, top, right, bottom = line.box
    assert left <= ink[0] + 2 and top <= ink[1] + 2 and right >= ink[2] - 2 and bottom >= ink[3] - 2
    assert (right - left) * (bottom - top) < 2.2 * (ink[2] - ink[0]) * (ink[3] - ink[1])
    if angle % 90 == 0:
        assert 90 * quarter_turns(line.baseline) == (angle - turn) % 360


def test_characters_stand_in_their_order_within_their_ink():
    content = pdf_of([Text("l m", 50, 150, size=40)])
    grey_HW, ink = ink_of(content)
    (line,) = kept(content).lines
    x = [character.x for character in line.characters]
    dark = (grey_HW < 128).any(0)
    assert x == sorted(x) and [c.text for c in line.characters] == ["l", " ", "m"]
    assert dark[round(x[0])] and dark[round(x[2])] and not dark[round(x[1])]
    assert [word.text for word in words_of(line)] == ["l", "m"]


def test_lines_and_columns_are_lines_of_their_own():
    things = [Text("left one", 30, 250), Text("right one", 250, 250), Text("left two", 30, 220), Text("x", 30, 100)]
    assert [line.text for line in kept(pdf_of(things)).lines] == ["left one", "right one", "left two", "x"]


def test_words_that_stand_apart_are_one_line_with_spaces():
    things = [Text("one", 30, 250), Text("two", 72, 250), Text("three", 112, 250)]
    assert [line.text for line in kept(pdf_of(things)).lines] == ["one two three"]


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", [0, 180])
def test_words_written_one_by_one_are_a_line_however_they_are_turned(angle, turn):
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    down = np.array([along[1], -along[0]])
    rows = [[("one", 0), ("two", 45), ("three", 90)], [("four", 0), ("five", 45)]]
    things = [
        Text(word, *(np.array([200, 150]) + step * along + 30 * row * down).tolist(), angle=angle)
        for row, words in enumerate(rows)
        for word, step in words
    ]
    assert [line.text for line in kept(pdf_of(things, turn=turn)).lines] == ["one two three", "four five"]


@pytest.mark.parametrize(
    ("things", "is_kept"),
    [
        ([], False),  # a blank page
        ([Scan()], False),  # a scan
        ([Text("   ")], False),  # nothing but spaces
        ([Scan(), Text("hidden words", mode=INVISIBLE)], True),  # the layer of a reader
        ([Text("words below"), Scan()], True),  # a layer under the scan, as other readers have it
        ([Scan(), Text("seen by the notary")], False),  # a stamp on a scan
        ([Scan(0.3), Text("words beside a picture", 130)], True),
        ([Scan(), Text("hidden words of a page", mode=INVISIBLE), Text("stamp", 50, 50)], True),
        ([Text("off the page", 500, 500)], False),
    ],
)
def test_only_layers_worth_it_are_kept(things, is_kept):
    assert (kept(pdf_of(things)) is not None) == is_kept


@pytest.mark.parametrize(
    ("text", "code_of_a", "read"),
    [
        ("words", ord("a"), "words"),
        ("words", ord("A"), "WORDS"),  # a font may call its characters what it likes
        ("words", 0xE000, None),  # private characters: nobody knows what they mean
        ("words", 0x0E, None),  # control characters
        ("A LONG LINE OF CAPITALS x", 0xE000, "A LONG LINE OF CAPITALS"),  # and one ornament
    ],
)
def test_characters_without_a_meaning_are_no_text(text, code_of_a, read):
    page = kept(misnamed_pdf(text, code_of_a))
    assert (page and page.text) == read


@pytest.fixture
def mixed(tmp_path) -> Path:
    """A PDF of a page with text, a scan of two lines, and a blank page."""
    flags = Image.fromarray(draw_flag_page(["abcdeabcde", "ddccbbaaee"]))
    flags.save(tmp_path / "scan.pdf", resolution=100)
    with pypdfium2.PdfDocument(pdf_of([Text("words of its own")], [])) as book:
        with pypdfium2.PdfDocument(tmp_path / "scan.pdf") as scan:
            book.import_pages(scan, index=1)
        book.save(tmp_path / "mixed.pdf")
    return tmp_path / "mixed.pdf"


@pytest.mark.parametrize(
    ("layer", "texts"),
    [
        ("keep", ["words of its own", "abcdeabcde\nddccbbaaee", ""]),
        ("ignore", [None, "abcdeabcde\nddccbbaaee", ""]),  # the tiny model reads flags only
    ],
)
def test_pages_with_text_keep_it_and_the_others_are_read(layer, texts, mixed, model_folder, capsys):
    words = [str(mixed), "--dpi", "100", "--format", "json", "--text-layer", layer, "--model", str(model_folder)]
    assert main(["read", *words, "--boxes", str(mixed.with_name("seen.png"))]) == 0
    pages = [Page.from_dict(page) for page in json.loads(capsys.readouterr().out)["pages"]]
    assert [page.frame for page in pages] == [0, 1, 2]
    for page, text in zip(pages, texts, strict=True):
        assert page.text == text if text is not None else page.text != "words of its own"
    assert all(mixed.with_name(f"seen{n}.png").exists() for n in ("", "-2", "-3"))


def test_an_unknown_word_for_the_layer_is_named(capsys):
    assert main(["read", "a.pdf", "--text-layer", "kep"]) == 2
    assert "did you mean keep?" in capsys.readouterr().err


def test_pictures_have_no_layer(tmp_path):
    path: Path = tmp_path / "a.png"
    Image.new("L", (50, 50), 255).save(path)
    with opened_pages(path) as pages:
        assert kept_page(pages, 1, "a.png") is None


def test_damaged_copies_raise_nothing_of_pdfium():
    whole = np.frombuffer(pdf_of([Scan(), Text("hidden", mode=INVISIBLE)], [Text("some words")]), np.uint8)
    dice = np.random.default_rng(0)
    for _ in range(150):
        damaged = whole.copy()
        places = dice.integers(8, len(whole), 6)
        damaged[places] = dice.integers(0, 256, 6)
        try:
            kept(damaged.tobytes())
        except UserError as error:
            assert "; " in str(error)


@pytest.mark.parametrize(
    ("filled", "is_kept"),
    [
        (filled_form("Mary", "Widget"), False),  # no layer holds what was filled in
        (filled_form("Mary", "FreeText"), False),  # nor what was noted
        (filled_form("", "Widget"), True),  # an empty form is as good as none
        (filled_form("Mary", "Link"), True),
    ],
)
def test_a_layer_is_not_kept_where_it_is_not_all_of_the_text(filled, is_kept):
    content = filled.replace(
        b"/MediaBox[0 0 400 300]", b"/MediaBox[0 0 400 300]/Contents 7 0 R/Resources<</Font<</F1 4 0 R>>>>"
    )
    shown = b"BT /F1 20 Tf 50 100 Td (printed) Tj ET"
    content += b"7 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(shown), shown)
    page = kept(content[: content.index(b"xref")] + content[content.index(b"7 0 obj") :] + b"trailer<</Root 1 0 R>>\n")
    assert (page is not None) == is_kept
    assert page is None or page.text == "printed"
