"""Thinning and tracing of filled shapes."""

import cv2
import numpy as np
import pytest

from text_recognizer.synth.centrelines import centrelines, thinned


def drawn(*paths, thick: int = 7, size: int = 90) -> np.ndarray:
    """Return polylines drawn with a thick pen, as a shape."""
    shape_HW = np.zeros((size, size), np.uint8)
    for path in paths:
        cv2.polylines(shape_HW, [np.array(path, np.int32)], False, 1, thick)
    return shape_HW.astype(bool)


def furthest(path, *points) -> float:
    """Return how far the remotest of `points` is from a path."""
    return max(float(np.hypot(*(path - point).T).min()) for point in points)


def test_a_thinned_line_is_one_pixel_wide_and_stays_in_one_piece():
    thin_HW = thinned(drawn([(10, 20), (70, 20)]))
    assert thin_HW[:, 20:60].sum(0).max() == 1
    assert thin_HW[20, 15:65].all()


def test_a_stroke_becomes_one_path_from_end_to_end():
    (path,) = centrelines(drawn([(10, 70), (40, 20), (75, 60)]))
    assert furthest(path, (10, 70), (40, 20), (75, 60)) < 5


def test_a_cross_becomes_its_two_strokes():
    paths = centrelines(drawn([(15, 15), (70, 70)], [(15, 70), (70, 15)]))
    assert len(paths) == 2
    for path in paths:
        assert np.hypot(*(path[0] - path[-1])) > 60
        assert furthest(path, (42, 42)) < 4


def test_a_t_keeps_its_bar_whole():
    paths = sorted(centrelines(drawn([(10, 20), (70, 20)], [(40, 20), (40, 75)])), key=lambda path: np.ptp(path[:, 1]))
    assert len(paths) == 2
    assert np.ptp(paths[0][:, 0]) > 50
    assert np.ptp(paths[1][:, 1]) > 45


def test_a_ring_is_closed():
    shape_HW = np.zeros((90, 90), np.uint8)
    cv2.circle(shape_HW, (45, 45), 25, 1, 7)
    (path,) = centrelines(shape_HW.astype(bool))
    assert np.hypot(*(path[0] - path[-1])) < 2
    assert np.allclose(np.hypot(*(path - 45).T), 25, atol=2.5)


def test_a_loop_with_a_tail_is_one_stroke():
    angle = np.linspace(0, 2 * np.pi, 40)
    loop = np.stack([45 + 18 * np.cos(angle), 30 + 18 * np.sin(angle)], axis=1)
    paths = centrelines(drawn([*loop.tolist(), (63, 80)]))
    assert sum(np.hypot(*np.diff(path, axis=0).T).sum() for path in paths) == pytest.approx(
        2 * np.pi * 18 + 50, rel=0.15
    )
    assert len(paths) <= 2


def test_corners_of_a_block_grow_no_spurs():
    (path,) = centrelines(drawn([(20, 45), (70, 45)], thick=15))
    assert np.ptp(path[:, 1]) < 6


def test_a_dot_is_a_short_path_at_its_middle():
    shape_HW = np.zeros((30, 30), np.uint8)
    cv2.circle(shape_HW, (12, 17), 4, 1, -1)
    (path,) = centrelines(shape_HW.astype(bool))
    assert np.allclose(path.mean(0), (12, 17), atol=1)
    assert np.ptp(path, axis=0).max() < 4


def test_an_empty_shape_has_no_paths():
    assert centrelines(np.zeros((10, 10), bool)) == []


@pytest.mark.parametrize("seed", range(6))
def test_any_shape_is_traced_within_itself(seed):
    noise = np.random.default_rng(seed).random((60, 60)).astype(np.float32)
    shape_HW = cv2.GaussianBlur(noise, (0, 0), 3) > 0.5
    for path in centrelines(shape_HW):
        near = cv2.dilate(shape_HW.astype(np.uint8), np.ones((5, 5), np.uint8))
        rows, columns = path[:, 1].round().astype(int), path[:, 0].round().astype(int)
        assert near[rows, columns].mean() > 0.97
