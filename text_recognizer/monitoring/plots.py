"""Plots as SVG that stands inside an HTML page: text stays text, and black follows the page's colour of text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from text_recognizer.monitoring.layer import library

INK = "#010203"
"""Drawn in this colour, a thing takes the colour of the page's text, light or dark."""

COLOURS = ("#2f7fb8", "#c9781f", "#3f9a5a")
"""Of the curves of one plot: blue, amber and green, told apart by their dashes too."""

DASHES = ("-", "--", ":")
MARKED = "#c2413a"
SIZE = (6.4, 2.6)
MOST_POINTS = 120

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "legend.frameon": False,
}


class Plots:
    """Draws with matplotlib, without a display.

    Args:
        times_N: seconds since 1970 of the readings, rising.
    """

    def __init__(self, times_N: np.ndarray) -> None:
        self._matplotlib, self._dates = library("matplotlib"), library("matplotlib.dates")
        self._figure = library("matplotlib.figure").Figure
        self.times_N = times_N
        count = max(1, min(MOST_POINTS, len(times_N) // 5 or 1))
        self._parts = [part for part in np.array_split(np.arange(len(times_N)), count) if len(part)]

    def counts(self, label: str, unit: str) -> str:
        """Draw how many readings there were in each of equally long spans."""
        first, last = float(self.times_N[0]), float(self.times_N[-1])
        edges = np.linspace(first, max(last, first + 60.0), min(48, max(6, len(self.times_N) // 4)) + 1)
        seen, _ = np.histogram(self.times_N, edges)

        def draw(axes: Any) -> None:
            width = (edges[1] - edges[0]) / 86_400 * 0.9
            axes.bar(self._days((edges[:-1] + edges[1:]) / 2), seen, width=width, color=COLOURS[0])
            axes.set_ylabel(unit)

        return self._drawn(label, draw)

    def quantiles(self, label: str, unit: str, values_N: np.ndarray, shares: Sequence[float]) -> str:
        """Draw quantiles of a feature over time, each point from as many readings.

        Args:
            label: read aloud instead of the picture.
            unit: at the axis.
            values_N: one for each reading, nan where it has none.
            shares: which quantiles, 0 to 1.
        """

        def draw(axes: Any) -> None:
            known = [part for part in self._parts if np.isfinite(values_N[part]).any()]
            at = self._days(np.array([self.times_N[part].mean() for part in known]))
            for share, colour, dashes in zip(shares, COLOURS, DASHES, strict=False):
                curve = [np.nanquantile(values_N[part], share) for part in known]
                name = "median" if share == 0.5 else f"{100 * share:.0f} %"
                axes.plot(at, curve, dashes, color=colour, label=name, marker="." if len(known) < 12 else None)
            axes.set_ylabel(unit)
            if len(shares) > 1:
                axes.legend(loc="best", fontsize=8, ncols=len(shares))

        return self._drawn(label, draw)

    def levels(self, label: str, unit: str, at_M: np.ndarray, values_M: np.ndarray, limit: float) -> str:
        """Draw a value over time with a limit; what lies above it is marked."""

        def draw(axes: Any) -> None:
            axes.plot(self._days(at_M), values_M, color=COLOURS[0], linewidth=1.2)
            above = values_M > limit
            axes.plot(self._days(at_M[above]), values_M[above], "v", color=MARKED, markersize=4, label="alarm")
            axes.axhline(limit, color=MARKED, linestyle="--", linewidth=1, label="limit")
            axes.set_ylabel(unit)
            axes.legend(loc="best", fontsize=8, ncols=2)

        return self._drawn(label, draw)

    def _days(self, times: np.ndarray) -> np.ndarray:
        return times / 86_400  # matplotlib counts days since 1970

    def _drawn(self, label: str, draw: Any) -> str:
        with self._matplotlib.rc_context(_STYLE):
            figure = self._figure(figsize=SIZE, layout="constrained")
            axes = figure.add_subplot()
            draw(axes)
            locator = self._dates.AutoDateLocator(minticks=3, maxticks=7)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(self._dates.ConciseDateFormatter(locator))
            stream = io.StringIO()
            figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        return _inline(stream.getvalue(), label)


def _inline(svg: str, label: str) -> str:
    """Return the SVG element alone, with a name, in the page's colours and with identities of its own."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = element.replace(INK, "currentColor")
    prefix = re.sub(r"\W+", "-", label.lower())
    element = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{prefix}-", element)
    element = re.sub(r'<svg ([^>]*?)width="[^"]*" ', r"<svg \1", element, count=1)
    element = re.sub(r'<svg ([^>]*?)height="[^"]*" ', r"<svg \1", element, count=1)
    return element.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)
