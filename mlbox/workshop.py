"""A box on a platform: what would run there, whether it is due and why. Nothing is started or written here."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from mlbox import cache, sync
from mlbox.cache import Digests, Stamps
from mlbox.graph import Bound
from mlbox.model import Box, EnvSpec, Platform
from mlbox.plan import Step, folder_of


def new_run(name: str) -> str:
    """Return the name of a run's folder."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{os.urandom(2).hex()}"


@dataclass(frozen=True)
class Workshop:
    """A box, a platform and the implementation that is taken there.

    Args:
        spec: the implementation.
        lock: descriptor of the box's lock, -1 where nothing is started.
    """

    box: Box
    platform: Platform
    spec: EnvSpec
    lock: int = -1

    @property
    def by_hand(self) -> bool:
        """Whether the script is a child of ours on this machine."""
        return self.platform.place == "local"

    def step(self, bound: Bound | None, run: str = "") -> Step:
        """Return a step with a run folder of its own."""
        name = run or new_run("-".join(bound.node) if bound else "configure")
        folder = folder_of(self.box, self.spec, self.platform, name)
        return Step(self.box, bound, self.spec, self.platform, name, folder)

    def record(self, step: Step, digests: Digests) -> dict[str, Any]:
        """Return what decides a task's result: compared with its stamp, it says whether and why the task is due."""
        bound = step.bound
        assert bound
        workspace = self.box.root / self.box.workspace
        entry = (self.spec.entrypoint,) if self.spec.entrypoint else ()
        code = sync.code_files(self.box, bound.task, entry, self.platform.exclude)
        return {
            "command": [*bound.task.run, *sorted(f"{name}={path}" for name, path in bound.paths.items())],
            "params": dict(bound.scalars),
            "env": step.environment.digest(),
            "code": {file: digests.of_file(self.box.root / file) for file in code},
            "inputs": {name: digests.of(workspace / path) for name, path in bound.of("input").items()},
        }

    def outputs(self, bound: Bound, digests: Digests) -> dict[str, str]:
        """Return the digests of a task's outputs as they lie there now."""
        workspace = self.box.root / self.box.workspace
        return {name: digests.of(workspace / path) for name, path in bound.of("output").items()}

    def due(self, bound: Bound, digests: Digests) -> str:
        """Return why a task must run, empty when it need not."""
        stamp = Stamps(self.box.root).read(*bound.node)
        return cache.reason(stamp, self.record(self.step(bound), digests), self.outputs(bound, digests))

    def files(self, step: Step) -> tuple[list[str], list[str]]:
        """Return the code and the inputs that the step's host needs, relative to the box."""
        code = list(step.environment.files())
        inputs: list[str] = []
        if step.bound:
            code = sync.code_files(self.box, step.bound.task, tuple(code), self.platform.exclude)
            for path in step.bound.of("input").values():
                if not path.startswith("/"):
                    base = "" if self.box.workspace == "." else f"{self.box.workspace}/"
                    inputs += sync.files_of(self.box.root, base + path)
        return code, inputs
