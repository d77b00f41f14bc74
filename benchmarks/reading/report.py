"""The benchmark's results as Markdown tables, as JSON and as a plot of CER against time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.reading.jobs import Cost
from benchmarks.reading.scores import Interval, Score, difference
from benchmarks.reading.sets import BenchmarkSet, Unit

LEAST_SHOWN = 0.02
"""CER in % at which the plot's axis begins; a lower one is drawn there."""

HEADER = ("reader", "CER %", "spaces ignored", "WER %", "ms", "first answer s", "models MB", "memory MB")


@dataclass(frozen=True)
class Row:
    """One reader on one set; `cost` is None where no time was taken.

    Attributes:
        models_mb: of the files that the reader needs for this set, in MB of 1,000,000 bytes.
    """

    reader: str
    is_ours: bool
    is_remote: bool
    models_mb: float
    score: Score
    cost: Cost | None


@dataclass(frozen=True)
class SetResult:
    """All readers on one set.

    Attributes:
        name, unit: of the set.
        items, of: pictures that were read, pictures that the set has.
        clusters: writers, fonts or books.
        characters: mean of a picture's truth.
        is_frozen: whether a digest of the set is written down.
        digest: of what was read.
    """

    name: str
    unit: Unit
    items: int
    of: int
    clusters: int
    characters: float
    is_frozen: bool
    digest: str
    rows: tuple[Row, ...]


def set_result(whole: BenchmarkSet, used: BenchmarkSet, frozen: bool, rows: Sequence[Row]) -> SetResult:
    """Return the rows with what describes their set."""
    score = rows[0].score
    return SetResult(
        whole.name,
        whole.about.unit,
        len(used.items),
        len(whole.items),
        score.clusters,
        float(score.characters.units_N.mean()),
        frozen,
        used.digest,
        tuple(rows),
    )


def markdown(results: Iterable[SetResult], notes: Sequence[str]) -> str:
    """Return the whole report.

    Args:
        notes: sentences about the machine and the run.
    """
    parts = ["# Readers", *notes]
    for result in results:
        parts += [_heading(result), _table(result)]
        if any(row.is_ours for row in result.rows) and not all(row.is_ours for row in result.rows):
            parts.append(_differences(result))
    return "\n\n".join(parts) + "\n"


def _heading(result: SetResult) -> str:
    count = f"{result.items}" if result.items == result.of else f"{result.items} of {result.of}"
    state = "frozen" if result.is_frozen and result.items == result.of else "not frozen"
    return (
        f"## {result.name}\n\n{count} {result.unit}s of {result.clusters} writers, fonts or books,"
        f" {result.characters:.0f} characters each; {state}, digest {result.digest[:12]}"
    )


def _table(result: SetResult) -> str:
    lines = [_line(HEADER[:4] + (f"ms a {result.unit}", *HEADER[5:])), _line(["---"] + ["---:"] * (len(HEADER) - 1))]
    for row in result.rows:
        score, cost = row.score, row.cost
        costs = (
            (f"{cost.ms:.1f} ({cost.fastest:.1f}-{cost.slowest:.1f})", f"{cost.first_s:.2f}") if cost else ("-", "-")
        )
        memory = f"{cost.peak_mb:.0f}" if cost and not row.is_remote else "-"
        models = "-" if row.is_remote else f"{row.models_mb:.1f}"
        rates = (_percent(score.cer()), f"{100 * score.without_spaces.rate:.2f}", f"{100 * score.words.rate:.1f}")
        lines.append(_line([f"**{row.reader}**" if row.is_ours else row.reader, *rates, *costs, models, memory]))
    return "\n".join(lines)


def _differences(result: SetResult) -> str:
    """Return the table of how much lower our CERs are than those of the peers, on the same pictures."""
    mine, peers = [row for row in result.rows if row.is_ours], [row for row in result.rows if not row.is_ours]
    head = ["CER lower by, points", *(row.reader for row in mine)]
    lines = [_line(head), _line(["---"] + ["---:"] * len(mine))]
    for peer in peers:
        cells = [_percent(gained := difference(row.score, peer.score)) + _mark(gained) for row in mine]
        lines.append(_line([f"than {peer.reader}", *cells]))
    return "\n".join(lines)


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.2f} [{100 * interval.low:.2f}, {100 * interval.high:.2f}]"


def _mark(interval: Interval) -> str:
    return " (worse)" if interval.high < 0 else "" if interval.excludes_zero else " (undecided)"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def tree(results: Iterable[SetResult], notes: Sequence[str]) -> dict[str, Any]:
    """Return the report as what JSON can hold; rates are shares."""
    return {"notes": list(notes), "sets": {result.name: _set_tree(result) for result in results}}


def _set_tree(result: SetResult) -> dict[str, Any]:
    about = {key: value for key, value in vars(result).items() if key not in ("name", "rows")}
    rows = {}
    for row in result.rows:
        cer = row.score.cer()
        rows[row.reader] = {
            "cer": asdict(cer),
            "cer_without_spaces": row.score.without_spaces.rate,
            "wer": row.score.words.rate,
            "models_mb": row.models_mb,
            "cost": asdict(row.cost) if row.cost else None,
            "lower_by": {
                peer.reader: asdict(difference(row.score, peer.score))
                for peer in result.rows
                if row.is_ours and not peer.is_ours
            },
        }
    return {**about, "readers": rows}


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points (ms, CER) that no other is both faster and more accurate than, fastest first."""
    best, kept = float("inf"), []
    for ms, cer in sorted(points):
        if cer < best:
            best = cer
            kept.append((ms, cer))
    return kept


def plot(results: Sequence[SetResult], path: Path) -> None:
    """Draw CER against time, one panel per set, with the front of those that no other reader beats in both."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    timed = [result for result in results if any(row.cost for row in result.rows)]
    columns = min(3, max(1, len(timed)))
    rows = -(-len(timed) // columns) or 1
    figure, axes = pyplot.subplots(rows, columns, figsize=(5 * columns, 4 * rows), squeeze=False, layout="constrained")
    names = list(dict.fromkeys(row.reader for result in timed for row in result.rows))
    for result, axis in zip(timed, axes.flat, strict=False):
        _panel(axis, result, names)
    for axis in axes.flat[len(timed) :]:
        axis.set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _panel(axis: Any, result: SetResult, names: Sequence[str]) -> None:
    points = []
    for row in result.rows:
        if row.cost:
            cer = row.score.cer()
            shown = [max(LEAST_SHOWN, 100 * value) for value in (cer.value, cer.low, cer.high)]
            points.append((row.cost.ms, shown[0]))
            bars = [[max(0, shown[0] - shown[1])], [max(0, shown[2] - shown[0])]]
            colour = f"C{names.index(row.reader) % 10}"
            shape = "o" if row.is_ours else "s"
            axis.errorbar(row.cost.ms, shown[0], yerr=bars, fmt=shape, color=colour, capsize=3, label=row.reader)
    axis.plot(*zip(*front(points), strict=True), color="grey", linewidth=0.8, zorder=0, drawstyle="steps-post")
    axis.set(xscale="log", yscale="log", title=result.name, xlabel=f"ms a {result.unit}, one thread", ylabel="CER %")
    _plain_numbers(axis)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)


def _plain_numbers(axis: Any) -> None:
    """Write 1, 2, 5, 10, 20, 50 at the ticks of both logarithmic axes."""
    from matplotlib import ticker

    for side in (axis.xaxis, axis.yaxis):
        side.set_major_locator(ticker.LogLocator(subs=(1, 2, 5), numticks=20))
        side.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        side.set_minor_locator(ticker.NullLocator())


def write(results: Sequence[SetResult], notes: Sequence[str], folder: Path) -> None:
    """Write ``readers.md``, ``readers.json`` and, where times were taken, ``readers.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "readers.md").write_text(markdown(results, notes), encoding="utf-8")
    (folder / "readers.json").write_text(json.dumps(tree(results, notes), indent=1) + "\n", encoding="utf-8")
    if any(row.cost for result in results for row in result.rows):
        plot(results, folder / "readers.png")
