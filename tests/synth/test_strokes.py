"""Lines drawn from skeletons."""

import time
from dataclasses import replace

import numpy as np
import pytest

from text_recognizer.charset import LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.pen_path import PenPath, chained, rounded
from text_recognizer.synth.strokes import draw_strokes
from text_recognizer.synth.writer import Writer

TEXT = "Pack my box with 5 dozen (67%) jugs!"


def draw(text: str = TEXT, writer: int = 3, instance: int = 0, x_height: float = 14):
    return draw_strokes(text, Writer(writer), rng(instance, "test"), x_height)


def test_the_same_arguments_draw_the_same_bytes():
    one, two = draw(), draw()
    assert np.array_equal(one.ink_HW, two.ink_HW)
    assert np.array_equal(one.centres, two.centres)
    assert (one.baseline, one.x_height) == (two.baseline, two.x_height)


@pytest.mark.parametrize("writer", range(25))
def test_centres_run_forward_inside_the_picture_one_for_each_character(writer):
    line = draw(" Two  words, 'iii' lil ", writer)
    assert len(line.centres) == len(" Two  words, 'iii' lil ")
    assert (np.diff(line.centres) >= 0).all()
    assert line.centres.min() >= 0
    assert line.centres.max() < line.ink_HW.shape[1]


@pytest.mark.parametrize("writer", range(12))
def test_ink_lies_around_the_centres_and_above_the_baseline(writer):
    line = draw("n o n o n", writer, x_height=20)
    assert line.ink_HW.dtype == np.uint8
    assert line.ink_HW.max() > 150
    for centre, character in zip(line.centres, "n o n o n", strict=True):
        near = line.ink_HW[:, max(0, int(centre) - 12) : int(centre) + 12]
        assert character == " " or near.max() > 100
    rows = np.flatnonzero(line.ink_HW.max(1) > 128)
    assert rows.min() < line.baseline - 0.6 * line.x_height
    assert abs(rows.max() - line.baseline) < 0.5 * line.x_height


@pytest.mark.parametrize("character", sorted(set(LATIN) - {" "}))
def test_every_character_has_ink(character):
    for writer in range(6):
        line = draw(character, writer)
        assert (line.ink_HW > 100).sum() >= 2


def test_no_ink_is_cut_off_at_the_edges():
    for writer in range(20):
        ink = draw("Quick (jogging) |fly|", writer).ink_HW
        edges = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
        assert edges.max() == 0


def test_writers_differ():
    assert len({draw(writer=writer).ink_HW.tobytes() for writer in range(40)}) == 40


def test_a_writer_never_writes_the_same_twice_but_keeps_the_style():
    lines = [draw(writer=8, instance=i) for i in range(2)]
    assert lines[0].ink_HW.tobytes() != lines[1].ink_HW.tobytes()
    widths = np.array([[draw(writer=w, instance=i).ink_HW.shape[1] for i in range(4)] for w in range(12)])
    assert widths.std(axis=1).mean() < 0.3 * widths.mean(axis=1).std()


def test_the_x_height_scales_the_line():
    small, large = draw(x_height=12), draw(x_height=36)
    assert large.ink_HW.shape[1] / small.ink_HW.shape[1] == pytest.approx(3, rel=0.05)
    assert large.baseline / small.baseline == pytest.approx(3, rel=0.1)


def test_spaces_alone_are_bare_paper():
    line = draw("  ")
    assert line.ink_HW.max() == 0
    assert len(line.centres) == 2


@pytest.mark.parametrize(
    ("text", "x_height", "message"),
    [
        ("naдve", 14, "'д'"),  # outside the skeletons
        ("", 14, "empty"),  # nothing to write
        ("ab", 0.5, "0.5 px"),  # too small to see
        ("ab", float("nan"), "nan px"),  # no number at all
    ],
)
def test_what_cannot_be_written_is_refused(text, x_height, message):
    with pytest.raises(UserError, match=message):
        draw(text, x_height=x_height)


def test_a_finer_pen_leaves_less_ink_on_the_same_path():
    usual, fine = (draw_strokes(TEXT, Writer(2), rng(0), 18, thickness) for thickness in (1.0, 0.5))
    assert fine.ink_HW.astype(int).sum() < 0.75 * usual.ink_HW.astype(int).sum()
    assert np.allclose(np.diff(fine.centres), np.diff(usual.centres))


def test_hurried_letters_that_are_joined_melt_into_one_stroke():
    straight = PenPath(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]), np.array([0]))
    assert rounded(straight, 0).points is straight.points
    hurried = rounded(straight, 2).points
    assert np.array_equal(hurried[[0, -1]], straight.points[[0, -1]]), "ends stay"
    assert 0 < hurried[1, 1] < 1


def test_joins_are_drawn_between_the_strokes_that_they_join():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [4.0, 0.0], [9.0, 5.0], [9.0, 6.0]])
    join = np.linspace((1.0, 0.0), (3.0, 0.0), 9)[None]
    path = chained(points, np.array([0, 2, 4]), np.array([1]), np.array([2]), join)
    assert path.starts.tolist() == [0, 8]
    assert (np.diff(path.points[:8, 0]) > 0).all()
    assert np.array_equal(path.points[8:], points[4:])


def test_words_of_sweeping_hands_begin_and_end_further_out():
    def width(sweep):
        writer = Writer(4, school=True)
        writer.style = replace(writer.style, sweep=sweep, join=1.0)
        return np.mean([draw_strokes("an", writer, rng(i), 20).ink_HW.shape[1] for i in range(20)])

    assert width(1.0) > width(0.0) + 3


def test_a_line_is_drawn_quickly():
    writer = Writer(1)
    draw_strokes(TEXT, writer, rng(0), 14)
    begin = time.process_time()
    for i in range(50):
        draw_strokes(TEXT, writer, rng(i), 14)
    assert (time.process_time() - begin) / 50 < 0.02
