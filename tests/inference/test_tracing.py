import numpy as np
import pytest

from text_recognizer.data.page_maps import LinePlace, page_maps
from text_recognizer.inference.segmenter import PageMaps
from text_recognizer.inference.tracing import trace_lines


def maps_of(*lines: LinePlace, size: tuple[int, int] = (240, 480)) -> PageMaps:
    """Return the maps that a perfect segmenter gives for a page."""
    (baseline, core, separator, x_height), _ = page_maps(lines, size)
    page = np.full(size, 255, np.uint8)
    return PageMaps(page, 1.0, baseline, core, separator, np.exp2(x_height), np.zeros(4))


def line(x0: float, x1: float, y0: float, y1: float | None = None, x_height: float = 9.0) -> LinePlace:
    y1 = y0 if y1 is None else y1
    return LinePlace(np.stack([np.linspace(x0, x1, 20), np.linspace(y0, y1, 20)], axis=1), x_height)


@pytest.mark.parametrize(("y0", "y1"), [(60, 60), (40, 120), (150, 100)])
def test_a_line_is_traced_to_a_fraction_of_its_height(y0, y1):
    (trace,) = trace_lines(maps_of(line(40, 400, y0, y1)))
    at = np.linspace(50, 390, 30)
    assert np.abs(trace.y_at(at) - np.interp(at, [40, 400], [y0, y1])).max() < 1.5
    assert trace.x_N[0] == pytest.approx(40, abs=9) and trace.x_N[-1] == pytest.approx(400, abs=9)
    assert trace.x_height == pytest.approx(9, rel=0.05)


def test_a_bent_line_is_followed():
    x = np.linspace(30, 450, 60)
    y = 100 + 14 * np.sin(x / 60)
    (trace,) = trace_lines(maps_of(LinePlace(np.stack([x, y], 1), 9.0)))
    assert np.abs(trace.y_at(x[5:-5]) - y[5:-5]).max() < 2.5


def test_neighbouring_columns_stay_two_lines_and_close_rows_too():
    traces = trace_lines(maps_of(line(20, 220, 60), line(244, 440, 61), line(20, 220, 80), line(20, 440, 100)))
    assert sorted(round(trace.y_N.mean()) for trace in traces) == [60, 61, 80, 100]


def test_pieces_of_a_line_are_joined_over_a_gap_without_separators():
    maps = maps_of(line(20, 440, 60))
    maps.baseline_hw[:, 50:54] = 0
    (trace,) = trace_lines(maps)
    assert trace.x_N[-1] - trace.x_N[0] > 380


def test_faint_and_tiny_ridges_are_no_lines():
    maps = maps_of(line(20, 440, 60))
    maps.baseline_hw[:] *= 0.4
    maps.baseline_hw[30, 30] = 0.95
    assert trace_lines(maps) == []


def test_an_empty_page_has_no_lines():
    assert trace_lines(maps_of()) == []
