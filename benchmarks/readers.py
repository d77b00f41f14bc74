"""Our models and the readers that a user would pick instead, on the same pictures: errors, time, size and memory.

    make bench-env fonts          # once; and Debian's tesseract-ocr tesseract-ocr-fra ocrad chromium
    .venv/bin/python benchmarks/readers.py                      # every set and every reader that is installed
    .venv/bin/python benchmarks/readers.py --sets print copiste-lines --readers tesseract --limit 200
    .venv/bin/python benchmarks/readers.py --ours new=runs/best/export --data my/lines

instructions/benchmarks.md says what the sets and columns are. Sets are made where they are missing and refused where
they differ from those that were frozen; what a peer read once is kept, times are always taken anew, in turns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks.reading, when run as a file

from benchmarks.reading import peers, report, scores
from benchmarks.reading.browser_sets import BrowserSets
from benchmarks.reading.environment import cpu, load
from benchmarks.reading.jobs import Cost, answers, costs
from benchmarks.reading.real_sets import real_names, real_set
from benchmarks.reading.sets import BenchmarkSet, freeze, frozen_set, is_frozen, read_set
from benchmarks.reading.synthetic_sets import SYNTHETIC
from text_recognizer.errors import UsageError, UserError, check_range, nearest

REAL = (Path("data/copiste"), Path("data/fondue-en-print"))
PAGES_TIMED = 6
"""Most pages of a set that times are taken on; lines have --timed."""

SetMaker = Callable[[], BenchmarkSet]


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options.

    Raises:
        UsageError: one is out of range.
    """
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--sets", nargs="+", metavar="SET", help="which sets; all by default")
    add(
        "--readers",
        nargs="*",
        metavar="PEER",
        help=f"which peers ({', '.join(peers.PEERS)}); those installed by default",
    )
    add("--ours", nargs="+", metavar="NAME=FOLDER", help="our models; by default those that come with the package")
    add("--real", nargs="*", type=Path, default=REAL, metavar="FOLDER", help="transcribed pages, ALTO or PAGE")
    add("--data", nargs="+", type=Path, default=[], metavar="FOLDER", help="lines: truth.tsv, or x.png + x.gt.txt")
    add("--peer-url", metavar="URL", help="an OpenAI-compatible endpoint that reads pictures")
    add("--peer-model", default="default", metavar="NAME", help="as the endpoint calls it")
    add(
        "--peer-key", default="READERS_API_KEY", metavar="VARIABLE", help="environment variable with the endpoint's key"
    )
    add("--limit", type=int, metavar="N", help="read N pictures of each set, evenly spaced")
    add("--repeats", type=int, default=5, metavar="N", help="times that each reader is timed; 0 takes no times")
    add("--timed", type=int, default=60, metavar="N", help="lines of each set that times are taken on")
    add("--fresh", action="store_true", help="read all anew, not only what was never read")
    add("--freeze", nargs="+", default=[], metavar="SET", help="take these sets as they are from now on, and end")
    add("--fonts", type=Path, default=Path("data/fonts"), metavar="FOLDER", help="what make fonts fetched")
    add("--folder", type=Path, default=Path("data/benchmark"), metavar="FOLDER", help="sets, answers and the report")
    options = parser.parse_args(arguments)
    check_range("--repeats", options.repeats, 0)
    check_range("--timed", options.timed, 1)
    if options.limit is not None:
        check_range("--limit", options.limit, 1)
    return options


def set_makers(options: argparse.Namespace) -> dict[str, SetMaker]:
    """Return all sets that there are, by name; they are made and read when called."""
    folder = options.folder / "sets"
    browser = BrowserSets(folder, options.fonts)
    makers: dict[str, SetMaker] = {
        name: partial(frozen_set, folder, name, partial(synthetic.make, fonts=options.fonts))
        for name, synthetic in SYNTHETIC.items()
    }
    makers |= {name: partial(browser.read, name) for name in browser.names}
    for pages in options.real:
        makers |= {name: partial(real_set, pages, folder, name) for name in real_names(pages)}
    return makers | {str(data): partial(read_set, data, data.name) for data in options.data}


def chosen(names: Iterable[str] | None, known: Collection[str], what: str) -> list[str]:
    """Return `names`, or all that are known.

    Raises:
        UsageError: one is not known.
    """
    for name in names or ():
        if name not in known:
            raise UsageError(f"{what} {name!r}: there is none of that name; {nearest(name, known)}")
    return list(known if names is None else names)


def readers(ours: Sequence[str] | None, wanted: Sequence[str] | None) -> list[peers.Reader]:
    """Return our models, then the peers.

    Args:
        ours: NAME=FOLDER of our models; those that come with the package if left out.
        wanted: names of peers; those that are installed if left out.

    Raises:
        UserError: a reader that was named is not there.
    """
    folders = peers.shipped()
    if ours:
        pairs = [pair.rpartition("=") for pair in ours]
        folders = {name or Path(folder).name: Path(folder) for name, _, folder in pairs}
    found = [peers.ours(name, folder) for name, folder in folders.items()]
    helped = {name: folder for name, folder in folders.items() if peers.is_helped(folder)}
    found += [peers.ours(f"{name}, greedy", folder, greedy=True) for name, folder in helped.items()]
    names = chosen(wanted, peers.PEERS, "--readers")
    for name in names:
        if wanted is None and not peers.installed(name):
            print(f"{name}: is not installed and left out; see instructions/benchmarks.md", file=sys.stderr)
            continue
        found.append(peers.PEERS[name]())
    return found


def measured(whole: BenchmarkSet, found: list[peers.Reader], options: argparse.Namespace) -> report.SetResult:
    """Return what all readers make of a set."""
    used = whole.sample(options.limit) if options.limit else whole
    truths, sources = [item.text for item in used.items], [item.source for item in used.items]
    results = {}
    for reader in found:
        print(f"{whole.name}: {reader.name}", file=sys.stderr, flush=True)
        texts = answers(reader, used, options.folder / "answers", options.fresh)
        results[reader.name] = scores.score(texts, truths, sources)
    timed = used.sample(options.timed if whole.about.unit == "line" else PAGES_TIMED)
    taken: dict[str, Cost] = costs(found, timed, options.repeats) if options.repeats else {}
    rows = []
    for reader in found:
        models = sum(path.stat().st_size for path in reader.setting(whole.about).models) / 1e6
        row = report.Row(
            reader.name, reader.is_ours, reader.is_remote, models, results[reader.name], taken.get(reader.name)
        )
        rows.append(row)
    return report.set_result(whole, used, is_frozen(whole.name), rows)


def notes(options: argparse.Namespace, begun: float, found: list[peers.Reader]) -> list[str]:
    """Return what is to be known of the run: the machine, its load, how times were taken."""
    count = f"medians of {options.repeats} repeats in turns (fastest-slowest)" if options.repeats else "no times taken"
    return [
        f"CPU: {cpu()}. One thread each. onnxruntime offers no setting or environment variable that limits the"
        " instruction sets it uses, so there is no row with fewer than this CPU has.",
        f"Load at the beginning {begun:.1f}, at the end {load():.1f}; {count}. Intervals: 95 %, bootstrap over writers,"
        " fonts or books.",
        "Versions: " + "; ".join(f"{reader.name}: {reader.version}" for reader in found if not reader.is_ours) + ".",
    ]


def benchmark(options: argparse.Namespace) -> int:
    """Measure, write the report after every set, and print where it is."""
    makers = set_makers(options)
    for name in chosen(options.freeze or [], makers, "--freeze"):
        freeze(makers[name]())
        print(f"{name}: frozen")
    if options.freeze:
        return 0
    names = chosen(options.sets, makers, "--sets")
    found = readers(options.ours, options.readers)
    if options.peer_url:
        found.append(peers.endpoint(options.peer_url, options.peer_model, options.peer_key))
    begun, results = load(), []
    for name in names:
        results.append(measured(makers[name](), found, options))
        report.write(results, notes(options, begun, found), options.folder / "report")
    print((options.folder / "report" / "readers.md").read_text(encoding="utf-8"))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; a user's mistake is one sentence and an exit code."""
    try:
        return benchmark(parsed(arguments))
    except UserError as error:
        print(f"readers: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
