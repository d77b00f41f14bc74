"""The same page, shown in many ways, is read alike; pages of every kind are found whole."""

from functools import cache

import pytest

from benchmarks.conditions import AS_IS, HARDER, VIEWS, Page, drawn_pages, rate
from text_recognizer.inference import line_finder
from text_recognizer.inference.line_finder import find_lines
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.synth.layouts import KINDS
from text_recognizer.synth.scenes import SceneSynthesiser

pytestmark = pytest.mark.slow


@cache
def reader() -> PageReader:
    return PageReader(LineRecognizer.load(threads=1), segmenter=Segmenter.shipped(1))


@cache
def pages(handwriting: float) -> list[Page]:
    return drawn_pages(handwriting, 3, fonts=None)


@cache
def usual_rate(handwriting: float) -> float:
    return rate(reader(), pages(handwriting), VIEWS[AS_IS])


@pytest.mark.parametrize("handwriting", [0.0, 1.0])
@pytest.mark.parametrize("view", [view for view in VIEWS if view != AS_IS])
def test_the_same_pages_are_read_alike_in_every_size_turn_and_colour(view, handwriting):
    assert abs(rate(reader(), pages(handwriting), VIEWS[view]) - usual_rate(handwriting)) <= 1.0  # points of CER


@pytest.mark.parametrize("view", HARDER)
def test_skewed_and_squeezed_pages_of_print_are_read_nearly_alike(view):
    assert rate(reader(), pages(0.0), HARDER[view]) <= usual_rate(0.0) + 2.0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("any", "dense")])
def test_nearly_all_lines_of_pages_of_every_kind_are_found(kind):
    scenes = SceneSynthesiser(seed=21, split="validation", kind=kind)
    true = found = 0
    for index in range(3):
        scene = scenes.scene(index, (1200, 900), 14.0)
        lines = find_lines(scene.image_HW, Segmenter.shipped(1))
        true += len(scene.lines)
        found += min(len(lines), len(scene.lines)) - max(0, len(lines) - len(scene.lines))
    assert found >= 0.93 * true


def test_two_hundred_lines_of_small_print_are_found():
    scene = SceneSynthesiser(seed=24, split="validation", handwriting=0.0, kind="dense").scene(2, (3000, 2200), 11.0)
    lines = find_lines(scene.image_HW, Segmenter.shipped(1))
    assert len(scene.lines) > 150 and abs(len(lines) - len(scene.lines)) < 0.04 * len(scene.lines)


@pytest.mark.parametrize("handwriting", [0.0, 1.0])
def test_a_page_on_its_head_is_turned_by_what_its_lines_say(handwriting, monkeypatch):
    monkeypatch.setattr(line_finder, "_upright_maps", lambda grey_HW, segmenter: (segmenter.look(grey_HW), 0))
    found = rate(reader(), pages(handwriting), VIEWS["turned by 180"])
    assert abs(found - usual_rate(handwriting)) <= 1.0
