"""The second renderer: what it is asked to print, and that the boxes it reports hold the lines."""

from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from benchmarks.reading import browser_sets
from benchmarks.reading.synthetic_sets import TEXTS
from tests.synth.built_fonts import build_font
from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.splits import split_of_family
from text_recognizer.synth.text import bundled_text


@pytest.fixture
def fonts(tmp_path: Path) -> Path:
    french = (TEXTS / "declaration-1789.txt").read_text(encoding="utf-8")
    characters = "".join(sorted({*french, *ASCII} - {"\n"}))
    for kind, family in (("handwriting", "Kalam"), ("handwriting", "Zeyada"), ("print", "Vollkorn"), ("print", "Lora")):
        build_font(tmp_path / "fonts" / kind / family / "x.ttf", family, characters)
    return tmp_path / "fonts"


def test_pages_are_planned_in_test_families_that_take_turns(fonts):
    plans = browser_sets.page_plans(fonts)
    assert {name: len(group) for name, group in plans.items()} == {
        "browser-handwriting": browser_sets.PAGES,
        "browser-print": browser_sets.PAGES,
        "browser-french": browser_sets.FRENCH_PAGES,
    }
    families = {name: [plan["family"] for plan in group[:4]] for name, group in plans.items()}
    assert families["browser-handwriting"] == ["Kalam", "Zeyada"] * 2
    assert families["browser-french"] == ["Kalam", "Vollkorn", "Zeyada", "Vollkorn"]
    assert {split_of_family(family) for group in families.values() for family in group} == {"test"}
    assert plans == browser_sets.page_plans(fonts)


def test_paragraphs_are_consecutive_text_of_the_test_document(fonts):
    english = bundled_text("us-constitution.txt").replace("&", "and")
    for plan in browser_sets.page_plans(fonts)["browser-print"][:5]:
        assert " ".join(plan["paragraphs"]) in english


def test_without_the_test_families_it_says_what_to_do(tmp_path):
    build_font(tmp_path / "print" / "x.ttf", "Lora")
    with pytest.raises(UserError, match="holds none of the test families for browser-handwriting; run make fonts"):
        browser_sets.page_plans(tmp_path)


def test_a_truetype_font_goes_to_the_browser_as_it_is(fonts, tmp_path):
    path = fonts / "print" / "Lora" / "x.ttf"
    assert browser_sets.browser_font(path, tmp_path) == path and "CFF " not in TTFont(path)


def test_a_line_is_cut_with_a_little_room():
    page_HWC = np.zeros((100, 200, 3), np.uint8)
    assert browser_sets.cut(page_HWC, [50, 20, 150, 70]).shape == (54, 112, 3)
    assert browser_sets.cut(page_HWC, [0, 0, 200, 100]).shape == (100, 200, 3)  # no room beyond the page
