"""How fast one training step is, and what share of the machine it uses: ``.venv/bin/python benchmarks/train.py``.

The default model is trained on default batches twice in one run: with the precision and threads that a training run
would measure and record (``training/plan.py``) and its convolutions in channels_last order, and plainly, in fp32 with
contiguous memory and torch's own number of threads. The two take turns, and the best turn of each counts, so that
other work on the machine harms both alike. The share is of the fastest square matrix product in the same precision.

On a CPU with bf16 units the ratio is to be at least 2; one without them has no faster precision to offer.

``.venv/bin/python -m benchmarks.train --race`` trains instead: ours and the ancestor's recipe (``ancestor.py``) on the
same lines until they read with 20 % character errors; an arm that has not arrived after ``--limit`` minutes is stopped.
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as training sets it

import pytorch_lightning as pl
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from text_recognizer.charset import ASCII
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.ctc import CTC, ctc_loss
from text_recognizer.models.line_ctc import LineCTC
from training.plan import Plan, measured_plan, seconds_per_step

TARGET = 2.0
"""Ratio to reach where the CPU has bf16 units."""

BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""Names under which Linux lists bf16 units, of x86 and of Arm."""

TYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}


def bf16_units(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Return the names of the CPU's bf16 units, none where the system does not list them."""
    words = cpuinfo.read_text().split() if cpuinfo.exists() else []
    return sorted(BF16_FLAGS.intersection(words))


def peak(precision: str, threads: Sequence[int], size: int = 1536, rounds: int = 3) -> float:
    """Return the operations per second of the fastest product of two square matrices.

    Args:
        precision: as Lightning names it.
        threads: the numbers of threads that are tried.
        size: rows of a matrix.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    a, b = torch.randn(2, size, size, device=device).to(TYPES[precision])
    before, seconds = torch.get_num_threads(), []
    for count in threads:
        torch.set_num_threads(count)
        for _ in range(rounds + 1):
            begun = time.perf_counter()
            (a @ b)[0, 0].item()  # waits for a GPU
            seconds.append(time.perf_counter() - begun)
    torch.set_num_threads(before)
    return 2 * size**3 / min(seconds)


def operations(model: LineCTC, batch: LineBatch) -> int:
    """Return the floating point operations of a forward and backward pass."""
    model = copy.deepcopy(model).train()
    with FlopCounterMode(display=False) as counter:
        scores_BTC, early_BTC = model(batch.x_BCHW, batch.widths_B)
        loss = ctc_loss(scores_BTC, batch.y_BL, model.steps(batch.widths_B), batch.lengths_B)
        (loss + early_BTC.mean()).backward()
    return counter.get_total_flops()


def plain(lit_model: CTC) -> CTC:
    """Return a copy with contiguous memory, as a model is without any care."""
    copied = copy.deepcopy(lit_model)
    copied.model.to(memory_format=torch.contiguous_format)
    return copied


def best_seconds(setups: dict[str, tuple[CTC, Plan]], batches: Sequence[LineBatch], turns: int) -> dict[str, float]:
    """Return the seconds that each setup takes for one step on each batch, the best of `turns` for every batch."""
    best = {name: [float("inf")] * len(batches) for name in setups}
    for _ in range(turns):
        for number, batch in enumerate(batches):
            for name, (lit_model, plan) in setups.items():
                best[name][number] = min(best[name][number], seconds_per_step(lit_model, batch, plan, steps=2))
    return {name: sum(seconds) for name, seconds in best.items()}


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 when the CPU has bf16 units and the target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=3, help="default batches that a step is made on")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--peak-size", type=int, default=1536, help="rows of the matrices that give the peak")
    parser.add_argument("--race", action="store_true", help="time to 20 %% CER against the ancestor's recipe")
    parser.add_argument("--limit", type=float, default=90, help="minutes of training after which an arm is stopped")
    parser.add_argument("--budget", type=float, default=10, help="minutes that our schedule is made for")
    parser.add_argument("--arms", nargs="*", default=["crnn", "transformer"], help="that race against ours")
    options = parser.parse_args(arguments)
    if options.race:
        return race_report(options.arms, 60 * options.limit, 60 * options.budget)
    pl.seed_everything(0, verbose=False)
    lit_model, data = CTC(LineCTC(ASCII)), SyntheticLines().train_batches()
    batches = [data[number] for number in range(options.batches)]
    chosen, default = measured_plan(lit_model, batches[0]), Plan("32-true", torch.get_num_threads())
    setups = {"planned": (lit_model, chosen), "plain": (plain(lit_model), default)}
    seconds = best_seconds(setups, batches, options.turns)
    peaks = {name: peak(name, sorted({1, chosen.threads, default.threads}), options.peak_size) for name in TYPES}
    ratio = seconds["plain"] / seconds["planned"]
    Console(width=100).print(
        report({name: plan for name, (_, plan) in setups.items()}, seconds, peaks, lit_model, batches)
    )
    units = bf16_units()
    fp32, bf16 = (f"{operations / 1e9:.0f}" for operations in peaks.values())
    print(f"ratio {ratio:.2f}; matmul peak fp32 {fp32}, bf16 {bf16} GFLOP/s")
    print(f"bf16 units: {', '.join(units)}; target {TARGET}" if units else "this CPU has no bf16 units: no target here")
    return int(bool(units) and ratio < TARGET)


def race_report(arms: Sequence[str], limit: float, budget: float) -> int:
    """Let our recipe and others race, print the table, and return 1 if ours does not arrive."""
    from benchmarks.ancestor import race, told  # found with `python -m benchmarks.train`

    arrivals = {}
    for name in ("ours", *arms):
        print(f"{name}:", flush=True)
        arrivals[name] = race(name, limit, budget)
    table = Table("time to 20 % CER", "seconds", "steps", "lowest CER", "ratio to ours")
    for name, arrival in arrivals.items():
        seconds = f"{'' if arrival.arrived else '> '}{arrival.seconds:.0f}"
        shown, ratio = name if name == "ours" else f"ancestor, {name}", told(arrival, arrivals["ours"])
        table.add_row(shown, seconds, str(arrival.steps), f"{100 * arrival.cer:.1f} %", ratio)
    Console(width=100).print(table)
    return int(not arrivals["ours"].arrived)


def report(
    plans: dict[str, Plan],
    seconds: dict[str, float],
    peaks: dict[str, float],
    lit_model: CTC,
    batches: Sequence[LineBatch],
) -> Table:
    """Return the table of speeds; shares are of the peak in the plan's precision."""
    lines, work = sum(len(batch.texts) for batch in batches), sum(operations(lit_model.model, b) for b in batches)
    table = Table("training step", "precision", "threads", "lines/s", "GFLOP/s", "share of peak")
    for name, plan in plans.items():
        rate = work / seconds[name]
        row = (name, plan.precision, str(plan.threads), f"{lines / seconds[name]:.1f}", f"{rate / 1e9:.0f}")
        table.add_row(*row, f"{100 * rate / peaks[plan.precision]:.0f} %")
    return table


if __name__ == "__main__":
    raise SystemExit(main())
