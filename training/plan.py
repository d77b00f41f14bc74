"""What a run measures once and every resume reuses: precision, threads and the number of steps."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from text_recognizer.errors import UserError
from text_recognizer.lit_models.base import LitModel
from training.run_folder import write_whole

Precision = Literal["32-true", "bf16-mixed"]

TURNS = 3
"""How often each choice is timed, in turn with the others, so that a busy moment of the machine decides nothing."""


@dataclass(frozen=True)
class Plan:
    """The recorded decisions of a run.

    Attributes:
        precision: as Lightning names it.
        threads: of the training process, on a CPU.
        max_steps: of the whole run; None until a time budget has been turned into steps.
    """

    precision: Precision
    threads: int
    max_steps: int | None = None

    def with_steps(self, max_steps: int | None) -> Plan:
        """Return the plan with its number of steps."""
        return dataclasses.replace(self, max_steps=max_steps)

    def save(self, path: Path) -> None:
        """Write the plan as JSON, wholly or not at all."""
        write_whole(path, json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan.

        Raises:
            UserError: the file is missing or not a plan.
        """
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, TypeError, ValueError) as error:
            raise UserError(f"{path}: not the plan of a run ({error}); start the run anew") from error


def measured_plan(
    lit_model: LitModel, batch: Any, precision: Precision | None = None, threads: int | None = None
) -> Plan:
    """Return the fastest precision and number of threads for training `lit_model` on batches like `batch`.

    Args:
        lit_model: is left as it is; copies are trained.
        precision: use this one and measure the threads only.
        threads: use these and measure the precision only.
    """
    precisions = [precision] if precision else _precisions()
    counts = [threads] if threads else _thread_counts()
    options = [Plan(p, n) for p in precisions for n in counts]
    if len(options) == 1:
        return options[0]
    turns = [(seconds_per_step(lit_model, batch, plan), plan) for _ in range(TURNS) for plan in options]
    return min(turns, key=lambda turn: turn[0])[1]


def seconds_per_step(lit_model: LitModel, batch: Any, plan: Plan, steps: int = 2) -> float:
    """Return the shortest of `steps` training steps on `batch`, in seconds, after one to warm up."""
    model = copy.deepcopy(lit_model.model).train()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, batch = model.to(device), batch.to(torch.device(device))
    before = torch.get_num_threads()
    torch.set_num_threads(plan.threads)
    times = []
    for _ in range(steps + 1):
        begun = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=plan.precision == "bf16-mixed"):
            loss = lit_model.timed_loss(model, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.perf_counter() - begun + (0 if device == "cpu" else _wait()))
    torch.set_num_threads(before)
    return min(times[1:])


def _precisions() -> list[Precision]:
    return ["32-true", "bf16-mixed"]


def _thread_counts() -> list[int]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = max(1, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))  # torchrun's processes share them
    return sorted({1, max(1, cores // 2), cores}, reverse=True) if not torch.cuda.is_available() else [1]


def _wait() -> float:
    begun = time.perf_counter()
    torch.cuda.synchronize()
    return time.perf_counter() - begun
