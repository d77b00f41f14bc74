import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import FACES, WORDS, DrawnPage, draw_page, font
from text_recognizer.inference.line_finder import FoundLine, find_lines
from text_recognizer.line_levels import dark_on_light
from text_recognizer.synth.lines import LineSynthesiser


def shared_height(page: DrawnPage, line: FoundLine, box: tuple[int, int, int, int]) -> float:
    """Return intersection over union, in y, of a found line with the true box on the page before it was turned."""
    corners = page.untilted(line.corners())
    top, bottom = corners[:2, 1].mean(), corners[2:, 1].mean()
    return (min(bottom, box[3]) - max(top, box[1])) / (max(bottom, box[3]) - min(top, box[1]))


def assert_found(page: DrawnPage) -> None:
    lines = find_lines(page.grey_HW)
    assert len(lines) == len(page.boxes)
    assert min(shared_height(page, line, box) for line, box in zip(lines, page.boxes, strict=True)) > 0.55


@pytest.mark.parametrize("lines", range(1, 13))
def test_every_line_of_a_level_paragraph_is_found(lines):
    for seed in range(2):
        assert_found(draw_page(seed, lines))


@pytest.mark.parametrize("seed", range(48))
def test_every_line_of_a_tilted_noisy_shaded_paragraph_is_found(seed):
    dice = np.random.default_rng([9, seed])
    assert_found(
        draw_page(
            100 + seed,
            lines=int(dice.integers(1, 13)),
            angle=float(dice.uniform(-5, 5)),
            light_on_dark=bool(dice.random() < 0.4),
            noise=float(dice.choice([0, 6, 14])),
            shade=float(dice.choice([0, 60, 110])),
        )
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_picture_of_one_line_gives_one_line(seed):
    dice = np.random.default_rng([5, seed])
    face = font(FACES[seed % len(FACES)], int(dice.integers(14, 60)))
    text = " ".join(dice.choice(WORDS, dice.integers(1, 12)))
    left, top, right, bottom = (int(edge) for edge in face.getbbox(text))
    margins = dice.integers(1, 30, 4)
    picture = Image.new("L", (right - left + margins[0] + margins[1], bottom - top + margins[2] + margins[3]), 240)
    ImageDraw.Draw(picture).text((margins[0] - left, margins[2] - top), text, fill=30, font=face)
    grey = np.asarray(picture)
    assert len(find_lines(255 - grey if seed % 3 == 0 else grey)) == 1


def test_a_large_page_is_searched_at_a_reduced_scale_and_cut_from_the_full_one():
    page = draw_page(1, 20, size=(2400, 3000), text_px=60, noise=5, angle=1.0)
    started = time.perf_counter()
    lines = find_lines(page.grey_HW)
    assert time.perf_counter() - started < 5
    assert len(lines) == 20
    assert min(shared_height(page, line, box) for line, box in zip(lines, page.boxes, strict=True)) > 0.55
    assert 50 < np.median([line.crop_HW.shape[0] for line in lines]) < 110


def test_the_ink_of_neighbouring_lines_is_painted_out():
    page = np.full((160, 400), 230, np.uint8)
    for x in range(20, 380, 24):
        page[30:60, x : x + 12] = 20
        page[90:120, x : x + 12] = 20
    page[56:60, 32:40] = page[56:104, 36:40] = 20  # a descender between two letters of the second line
    lines = find_lines(page)
    assert len(lines) == 2
    second = lines[1].crop_HW
    column = round(38 - lines[1].baseline_N2[0, 0])
    assert second[:, column - 2 : column + 2].min() > 200
    assert second[:, column - 7].min() < 40


def test_the_baseline_runs_below_the_letters_without_descender():
    page = Image.new("L", (500, 120), 240)
    ImageDraw.Draw(page).text((20, 80), "the page has a baseline", fill=10, font=font("DejaVuSans", 30), anchor="ls")
    (line,) = find_lines(np.asarray(page))
    assert line.baseline_N2[:, 1] == pytest.approx(80, abs=2)


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("angle", [0.0, 2.0])
def test_the_rules_of_ruled_paper_are_no_lines_of_text(dotted, angle):
    page = Image.new("L", (700, 600), 240)
    pen = ImageDraw.Draw(page)
    for row in range(1, 14):
        pen.line([(40, 42 * row), (660, 42 * row)], fill=90, width=2)
        if dotted:
            pen.line([(40, 42 * row), (660, 42 * row)], fill=240, width=4)
            pen.point([(x, 42 * row + y) for x in range(40, 660, 4) for y in (0, 1)], fill=60)
    for row in range(1, 7):
        pen.text((50, 42 * row), "a line on ruled paper, gently", fill=30, font=font("DejaVuSans", 24), anchor="ls")
    turned = page.rotate(-angle, Image.Resampling.BICUBIC, fillcolor=240)
    lines = find_lines(np.asarray(turned))
    assert len(lines) == 6
    assert max(line.crop_HW.shape[0] for line in lines) < 48


def test_a_rule_below_text_is_not_taken_for_text():
    page = Image.new("L", (600, 100), 240)
    pen = ImageDraw.Draw(page)
    pen.text((50, 60), "underlined text", fill=30, font=font("DejaVuSans", 30), anchor="ls")
    pen.line([(20, 64), (580, 64)], fill=60, width=2)
    (line,) = find_lines(np.asarray(page))
    ends = pen.textbbox((50, 60), "underlined text", font=font("DejaVuSans", 30), anchor="ls")[::2]
    np.testing.assert_allclose(line.baseline_N2[[0, -1], 0], ends, atol=10)


def test_the_short_last_line_of_a_paragraph_is_found():
    page = Image.new("L", (700, 400), 240)
    pen = ImageDraw.Draw(page)
    for row, text in enumerate(["the last line of this paragraph is short as they often are"] * 6 + ["I did."]):
        pen.text((30, 60 + 40 * row), text, fill=30, font=font("DejaVuSerif", 21), anchor="ls")
    assert len(find_lines(np.asarray(page))) == 7


def test_lines_of_handwriting_and_print_keep_their_polarity_and_stay_one_line():
    lines = [LineSynthesiser(seed=5).line(7 * number).image_HW for number in range(40)]
    assert all(np.array_equal(dark_on_light(line), line) for line in lines)
    assert all(np.array_equal(dark_on_light(255 - line), line) for line in lines)
    assert sum(len(find_lines(line)) == 1 for line in lines) >= 38


def hostile() -> dict[str, np.ndarray]:
    dice = np.random.default_rng(0)
    pages = {
        "blank": np.full((500, 700), 240),
        "all black": np.zeros((500, 700)),
        "one pixel": np.zeros((1, 1)),
        "very wide and 1 px high": dice.integers(0, 256, (1, 30_000)),
        "very wide": dice.integers(0, 256, (8, 30_000)),
        "very high": dice.integers(0, 256, (30_000, 8)),
        "noise": np.clip(dice.normal(200, 15, (500, 700)), 0, 255),
        "salt and pepper": (dice.random((1_200, 900)) < 0.5) * 255,
        "checkerboard": np.indices((600, 600)).sum(axis=0) % 2 * 255,
        "shade": np.tile(np.linspace(60, 250, 700), (500, 1)),
        "half black": np.repeat([0, 255], 250)[:, None].repeat(700, 1),
    }
    return {name: page.astype(np.uint8) for name, page in pages.items()}


@pytest.mark.parametrize("name", hostile())
def test_what_is_no_text_gives_no_lines_quickly(name):
    started = time.perf_counter()
    assert find_lines(hostile()[name]) == []
    assert time.perf_counter() - started < 3


def test_damaged_and_mixed_pages_never_break_the_search():
    dice = np.random.default_rng(4)
    for seed in range(60):
        page = draw_page(seed, int(dice.integers(1, 8)), size=(320, 240)).grey_HW.copy()
        for _ in range(dice.integers(1, 6)):
            top, left = dice.integers(0, 200), dice.integers(0, 280)
            page[top : top + dice.integers(1, 120), left : left + dice.integers(1, 300)] = dice.integers(0, 256)
        page = np.roll(page, dice.integers(0, 240), axis=0)[dice.integers(0, 100) :, dice.integers(0, 200) :]
        for line in find_lines(page):
            assert min(line.crop_HW.shape) >= 6


def test_finding_leaves_the_page_as_it_was():
    page = draw_page(2, 4, light_on_dark=True)
    before = page.grey_HW.copy()
    find_lines(page.grey_HW)
    assert np.array_equal(page.grey_HW, before)
