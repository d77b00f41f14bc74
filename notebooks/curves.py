"""The numbers of a run, as points to draw."""

from __future__ import annotations

import csv
from pathlib import Path

from matplotlib.axes import Axes


def points(run: Path, metric: str) -> tuple[list[int], list[float]]:
    """Return the steps and values of one metric in a run's metrics.csv.

    Args:
        run: its folder.
        metric: as ``validation/cer``.
    """
    with (run / "metrics.csv").open(newline="") as stream:
        rows = [(int(row["step"]), float(row["value"])) for row in csv.DictReader(stream) if row["metric"] == metric]
    return [step for step, _ in rows], [value for _, value in rows]


def draw(axis: Axes, runs: dict[str, Path], metric: str) -> None:
    """Draw one metric of several runs, each under its name, with the metric as the title."""
    for name, run in runs.items():
        axis.plot(*points(run, metric), label=name)
    axis.set(title=metric, xlabel="step")
    axis.legend()
