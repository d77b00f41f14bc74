"""Several processes that train one model, as torchrun starts them: who they are and what they agree on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed, nn

from text_recognizer.errors import UsageError, UserError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """The processes of one training.

    Attributes:
        rank: of this one.
        world: number of all.
        local: number of those on this host.
    """

    rank: int = 0
    world: int = 1
    local: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and tells."""
        return self.rank == 0

    @property
    def hosts(self) -> int:
        """Number of hosts."""
        return self.world // self.local

    def agreed(self, value: Value) -> Value:
        """Return the first process's value in all of them."""
        if self.world == 1:
            return value
        told = [value]
        distributed.broadcast_object_list(told, src=0, device=torch.device("cpu"))
        return told[0]


def started() -> Processes:
    """Return what torchrun says about this process; one process alone where it was not started by torchrun."""
    if not distributed.is_available() or not distributed.is_torchelastic_launched():
        return Processes()
    return Processes(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")))


@contextmanager
def joined() -> Iterator[Processes]:
    """Connect the processes that torchrun started, for as long as the block takes.

    Raises:
        UserError: another process ended before its time; the run can be resumed.
    """
    processes = started()
    if processes.world == 1:
        yield processes
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield processes
        distributed.all_reduce(torch.zeros(1))  # torchrun ends the others as soon as one has ended
    except RuntimeError as error:
        if not _connection_lost(error):
            raise
        raise UserError(
            f"process {processes.rank} of {processes.world}: another process of this training has ended; see why above,"
            " then start all of them again with --resume auto, which goes on from the last checkpoint"
        ) from error
    finally:
        if sys.exc_info()[0] is None:  # the others may be gone
            distributed.destroy_process_group()


def _connection_lost(error: BaseException) -> bool:
    """Return whether an error, or what led to it, is of the connection between the processes."""
    while error:
        if isinstance(error, distributed.DistBackendError | distributed.DistNetworkError) or "gloo" in str(error):
            return True
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return False


def refuse_unseen(folder: Path, processes: Processes) -> None:
    """Raise a UserError where this process does not see the folder that the first one has made."""
    if not (folder / "config.yaml").exists():
        raise UserError(
            f"{folder}: process {processes.rank} of {processes.world} sees no such run; all hosts must share the folder"
            " of --runs, and start in the same one if it is relative"
        )


def refuse_batch_statistics(model: nn.Module, processes: Processes) -> None:
    """Raise a UsageError where processes would normalise over their own samples alone.

    On GPUs the statistics are those of all processes together, which torch does not offer on CPUs.
    """
    if processes.world == 1 or torch.cuda.is_available():
        return
    names = [name for name, layer in model.named_modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    if names:
        raise UsageError(
            f"--model: {len(names)} of its layers ({names[0]} first) normalise over the samples of a batch, and"
            f" {processes.world} processes on CPUs would each do so over their own, unlike one process; give"
            " --model.norm group, start one process, or train on GPUs, which share the statistics"
        )


def silenced_but_first(processes: Processes) -> None:
    """Let only the first process of a training speak on stdout; errors are told by all."""
    if not processes.first:
        with suppress(OSError):
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
