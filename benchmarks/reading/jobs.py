"""Running readers: once over a whole set for its answers, which are kept, and in turns over a sample for its times."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.reading.environment import LIMITS, load
from benchmarks.reading.peers import ROOT, Reader
from benchmarks.reading.sets import BenchmarkSet
from text_recognizer.errors import UserError

WORKER = Path(__file__).with_name("worker.py")
WORKER_VERSION = 1
"""To be raised when the worker changes what a reader answers."""

PART = 100
"""Pictures that one process reads before its answers are kept."""


@dataclass(frozen=True)
class Cost:
    """What reading costs with one thread.

    Attributes:
        ms: per picture, from its file to the text; the median of the repeats.
        fastest, slowest: of the repeats, in ms.
        first_s: from the start of the process to its first answer, the median.
        peak_mb: most memory held in any repeat, in MB of 1,048,576 bytes.
        load: highest load of the machine before a repeat; the benchmark itself is 1 of it.
    """

    ms: float
    fastest: float
    slowest: float
    first_s: float
    peak_mb: float
    load: float


def run(reader: Reader, benchmark_set: BenchmarkSet, timed: bool = False) -> dict[str, Any]:
    """Return the worker's answer for all pictures of a set; one is read twice if it is `timed`, to warm up.

    Raises:
        UserError: the reader failed.
    """
    options = reader.setting(benchmark_set.about).options
    job: dict[str, Any] = {
        "reader": reader.kind,
        "options": options,
        "paths": [str(item.path.resolve()) for item in benchmark_set.items],
        "timed": timed,
    }
    environ = {**os.environ, **LIMITS, "PYTHONPATH": str(ROOT)}
    job["began"] = time.time()
    done = subprocess.run(
        [reader.python, str(WORKER)], input=json.dumps(job), capture_output=True, text=True, env=environ, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300]
        raise UserError(f"{reader.name} on {benchmark_set.name}: it failed ({reason}); leave it out with --readers")
    return json.loads(done.stdout)


def answers(reader: Reader, benchmark_set: BenchmarkSet, folder: Path, fresh: bool = False) -> list[str]:
    """Return what the reader says of each item, from `folder` as far as it has read the same set before.

    Args:
        fresh: read anew in any case.
    """
    setting = reader.setting(benchmark_set.about).options
    portable = {key: value for key, value in setting.items() if key != "folder"}
    key = f"{WORKER_VERSION} {reader.kind} {reader.version} {sorted(portable.items())} {benchmark_set.digest}"
    path = folder / f"{benchmark_set.name}-{reader.kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    texts: list[str] = []
    if not fresh and path.exists():
        texts = json.loads(path.read_text(encoding="utf-8"))["texts"]
    while len(texts) < len(benchmark_set.items):  # a run that is cut short, or an endpoint that fails, loses little
        part = benchmark_set.items[len(texts) : len(texts) + PART]
        texts += run(reader, BenchmarkSet(benchmark_set.name, benchmark_set.about, part))["texts"]
        _keep(path, {"reader": reader.name, "version": reader.version, "texts": texts})
    return texts


def _keep(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def costs(readers: Sequence[Reader], sample: BenchmarkSet, repeats: int) -> dict[str, Cost]:
    """Return what each reader needs for a sample; readers take turns, so that other work harms all alike."""
    taken: dict[str, list[dict[str, Any]]] = {reader.name: [] for reader in readers}
    for _ in range(repeats):
        for reader in readers:
            before = load()
            taken[reader.name].append({**run(reader, sample, timed=True), "load": before})
    return {name: _cost(repeated, len(sample.items)) for name, repeated in taken.items()}


def _cost(repeats: list[dict[str, Any]], count: int) -> Cost:
    ms = [1000 * repeat["seconds"] / count for repeat in repeats]
    return Cost(
        median(ms),
        min(ms),
        max(ms),
        median(repeat["first_s"] for repeat in repeats),
        max(repeat["peak_kb"] for repeat in repeats) / 1024,
        max(repeat["load"] for repeat in repeats),
    )
