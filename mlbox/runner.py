"""Runs the tasks that are due: writes the run's folder, sends what its host needs, starts the script and follows it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlbox import sync
from mlbox.cache import STATE, Digests, Stamps, write_json
from mlbox.envs.apptainer import ApptainerEnv
from mlbox.envs.container import ContainerEnv
from mlbox.faults import ABSENT, LOST, OTHER, Fault
from mlbox.graph import Bound
from mlbox.lock import note
from mlbox.model import Box, Platform
from mlbox.places import launch
from mlbox.places.clearml import Queue
from mlbox.places.hosts import SSH_FAILED, Here, Ssh, host_of
from mlbox.plan import Step, cache_folder, in_home, render, sbatch_options
from mlbox.runs import REACHED, RESULTS, Run, cache_here, remember, say, settle
from mlbox.words import quote
from mlbox.workshop import Workshop, new_run


@dataclass(frozen=True)
class Runner(Workshop):
    """A workshop that works; the box is locked meanwhile."""

    @property
    def host(self) -> Here:
        """Where scripts are started."""
        return host_of(self.platform)

    def shown(self, step: Step) -> str:
        """Return what --dry-run prints: the transfers, and the script."""
        code, inputs = self.files(step)
        lines = self.host.transfers(self.box.root, [*code, *inputs, f"{step.run_folder}/script.sh"], step.folder)
        return "".join(f"# on this machine: {line}\n" for line in lines) + render(step)

    def begin(self, step: Step) -> Path:
        """Write the run's folder and the stamp that says it has not finished; send what its host needs."""
        folder = self.box.root / step.run_folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "script.sh").write_text(render(step), encoding="utf-8")
        code, inputs = self.files(step)
        if self.host.remote:
            sent = [*code, *inputs]
            for line in sync.report(self.box.root, sent, self.platform.max_mb):
                say(f"{self.host.name}: {line}")
            self.host.put(self.box.root, [*sent, f"{step.run_folder}/script.sh"], step.folder)
        if self.platform.place == "slurm" and step.bound:
            self.host.put(self.box.root, code, f"{step.folder}/{step.run_folder}/code")
        return folder

    def pass_env(self, step: Step) -> dict[str, str]:
        """Return the variables that a task asked to be handed over."""
        names = step.bound.task.pass_env if step.bound else ()
        return {name: os.environ[name] for name in names if name in os.environ}

    def do(self, bound: Bound, why: str, detach: bool = False) -> int:
        """Run a task and settle how it ended; return the task's own exit code.

        Raises:
            Fault: its host or engine is absent, the connection broke, or an output is missing.
        """
        step, digests = self.step(bound), Digests(self.box.root)
        where = "" if self.by_hand else f", {self.platform.place} {self.platform.host}".rstrip()
        say(f"{bound.title}: {why} ({self.spec.name}{where})")
        folder = self.begin(step)
        journal = self._journal(step, digests)
        write_json(folder / "run.json", journal)
        Stamps(self.box.root).write(*bound.node, {"state": "did not finish", "run": step.run})
        remember(self.box.root, step.run)
        if self.by_hand:
            note(self.lock, f"run {step.run}")
        code = self.launch(step, detach)
        if detach:
            say(f"{step.run} goes on; mlbox status {step.run}")
            return 0
        return settle(self.box.root, step.run, code)

    def array(self, goals: Sequence[Bound]) -> int:
        """Run tasks as one array of Slurm and settle each; return the first exit code that is not 0."""
        digests = Digests(self.box.root)
        due = [(bound, why) for bound in goals if (why := self.due(bound, digests))]
        if not due:
            say(f"{goals[0].task.name}: nothing has changed for any value, not run again")
            return 0
        base = new_run(f"{goals[0].task.name}-sweep")
        steps = [self.step(bound, f"{base}-{index}") for index, (bound, _) in enumerate(due)]
        for step, (bound, why) in zip(steps, due, strict=True):
            say(f"{bound.title}: {why} ({self.spec.name}, slurm array)")
            folder = self.begin(step)
            write_json(folder / "run.json", self._journal(step, digests))
            Stamps(self.box.root).write(*bound.node, {"state": "did not finish", "run": step.run})
            remember(self.box.root, step.run)
        parent = f"{STATE}/runs/{base}"
        options = "\n".join(f"#SBATCH {option}" for option in sbatch_options(steps[0]))
        (self.box.root / parent).mkdir()
        script = (
            f'#!/bin/sh\n{options}\nexec sh {in_home(f"{steps[0].folder}/{parent}")}"-$SLURM_ARRAY_TASK_ID/script.sh"\n'
        )
        (self.box.root / parent / "script.sh").write_text(script, encoding="utf-8")
        if self.host.remote:
            self.host.put(self.box.root, [f"{parent}/script.sh"], steps[0].folder)
        code = self.host.run(launch.starting_array(steps[0].folder, parent, len(steps), self.pass_env(steps[0])))
        for step in steps if not code else []:
            followed = self._reached(self.host.run(launch.following("slurm", step.folder, step.run_folder)), step)
            code = settle(self.box.root, step.run, followed) or code
        return code

    def _journal(self, step: Step, digests: Digests) -> dict[str, Any]:
        bound = step.bound
        assert bound
        params = bound.task.params
        record = self.record(step, digests)
        digests.save()
        return {
            "task": bound.task.name,
            "set": bound.set,
            "implementation": self.spec.name,
            "platform": {name: getattr(self.platform, name) for name in REACHED},
            "folder": step.folder,
            "workspace": self.box.workspace,
            "record": record,
            "outputs": [
                {"name": name, "path": path, "keep": params[name].keep} for name, path in bound.of("output").items()
            ],
            "started": time.strftime("%Y-%m-%d %H:%M:%S"),
        }

    def launch(self, step: Step, detach: bool = False) -> int:
        """Start a step's script and follow it; return what its shell returned.

        Raises:
            KeyboardInterrupt: after the run was ended.
        """
        folder, kind = self.box.root / step.run_folder, launch.kind_of(self.platform)
        passed = self.pass_env(step)
        if isinstance(self.host, Queue):
            return self._enqueue(self.host, step, detach)
        if self.by_hand and not detach:
            return launch.run_here(folder, passed, self.lock)
        start = launch.starting(kind, step.folder, step.run_folder, passed)
        follow = launch.following(kind, step.folder, step.run_folder)
        if detach:
            return self._reached(self.host.run(f"( {start} )"), step)
        try:
            code = self.host.run(f"( {start} ) || exit\n{follow}")
        except KeyboardInterrupt:
            self.host.run(launch.ending(kind, step.folder, step.run_folder))
            raise
        return self._reached(code, step)

    def _enqueue(self, queue: Queue, step: Step, detach: bool) -> int:
        """Hand a step to a queue and wait for it; return the exit code of its script."""
        if passed := sorted(self.pass_env(step)):
            say(
                f"{queue.name}: {', '.join(passed)} is not sent, for a queue keeps what it is told; set it on its hosts"
            )
        queue.start(self.box.root, step.folder)
        try:
            return 0 if detach else queue.follow(self.box.root, step.folder)
        except KeyboardInterrupt:
            queue.end(self.box.root, step.folder)
            raise

    def _reached(self, code: int, step: Step) -> int:
        if code == SSH_FAILED and self.host.remote:
            results = [f"{step.run_folder}/{name}" for name in RESULTS]
            self.host.get(self.box.root, results, step.folder)
            if not (self.box.root / step.run_folder / "rc").exists():
                if step.bound:
                    sentence = f"{self.host.name}: connection lost; the run may go on: mlbox status {step.run}"
                    raise Fault(sentence, LOST)
                raise Fault(f"{self.host.name}: connection lost; run the same command again", LOST)
        return code

    def configure(self) -> int:
        """Make the environment or image where tasks will run; return 0 or the fault's code."""
        if isinstance(self.host, Queue):
            say(f"{self.host.name}: whichever host takes a task makes the environment then; nothing to do before")
            return 0
        place = "ssh" if self.platform.host else "local"
        here = replace(self, platform=replace(self.platform, place=place))
        step = here.step(None)
        if isinstance(self.host, Ssh):
            here._ship_image(step, self.host)
        here.begin(step)
        code = here.launch(step)
        if code == 0:
            say(f"{self.box.name}: {self.spec.name} is ready on {self.host.name}")
        return code

    def _ship_image(self, step: Step, host: Ssh) -> None:
        """Build an image here and send its layers, where the host has Apptainer but nothing to build the image with."""
        environment = step.environment
        if not isinstance(environment, ApptainerEnv) or environment.origin is None:
            return
        digest = environment.digest().partition(":")[2]
        sifs = (
            f"cache={cache_folder(self.platform)}\nsifs=${{SCRATCH:+${{SCRATCH%/}}/sif}}; sifs=${{sifs:-$cache/sif}}\n"
        )
        probe = f'{sifs}[ "$(cat "$sifs"/{quote(environment.sif)}.digest 2> /dev/null)" != {digest} ] || exit 0\n'
        code, _ = host.ask(f"{probe}command -v podman > /dev/null || docker version > /dev/null 2>&1")
        if code == SSH_FAILED:
            raise Fault(f"{host.name}: cannot be reached (see above)", ABSENT)
        if code == 0:
            return
        local = Platform(build_args=self.platform.build_args, engine=self.platform.engine)
        engine = ContainerEnv(environment.origin.spec, self.box.root, local)
        layout = cache_here() / "oci" / _base_name(engine.image)
        say(f"{host.name} has no engine to build images; building {engine.image} here and sending its layers")
        builder = replace(self, platform=local, spec=environment.origin.spec)
        built = builder.step(None)
        builder.begin(built)
        if code := builder.launch(built):
            raise Fault(f"{engine.image}: cannot be built here (exit code {code}, see above)", ABSENT)
        there, image = quote(str(layout)), quote(engine.image)
        save = f'{engine.find_engine()}\nmkdir -p -- {there}\n"$engine" save --format oci-dir -o {there} {image}'
        if Here().run(f'has() {{ command -v "$1" > /dev/null 2>&1; }}\n{save} && echo {digest} > {there}/digest\n'):
            raise Fault(f"{engine.image}: cannot be saved as an OCI layout (see above); podman can", ABSENT)
        host.send_layout(layout, cache_folder(self.platform).replace("\n", "; "))


def _base_name(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]


def perform(shop: Runner, steps: Sequence[Bound], force: bool, detach: bool = False) -> int:
    """Run the tasks that are due, in order, until one fails; return its exit code.

    Args:
        steps: in order, the goal last.
        force: run the goal even if it is not due.
    """
    for bound in steps:
        settle_unfinished(shop.box, bound)
        digests = Digests(shop.box.root)
        why = shop.due(bound, digests) or ("forced" if force and bound is steps[-1] else "")
        digests.save()
        if not why:
            say(
                f"{bound.title}: nothing has changed since {Stamps(shop.box.root).read(*bound.node)['started']}, "
                "not run again"
            )
            continue
        code = shop.do(bound, why, detach and bound is steps[-1])
        if code:
            return code
    return 0


def settle_unfinished(box: Box, bound: Bound) -> None:
    """Take in a run that ended while nobody looked.

    Raises:
        Fault: it is still running.
    """
    stamp = Stamps(box.root).read(*bound.node)
    if stamp.get("state") != "did not finish" or not (box.root / STATE / "runs" / stamp["run"]).is_dir():
        return
    run = Run(box.root, stamp["run"])
    state = run.state()
    if state.startswith("done"):
        say(f"{bound.title}: {run.name} ended meanwhile; taking its results")
        run.fetch()
    elif state not in ("lost", "unreachable", "not started"):
        raise Fault(f"{bound.title}: {run.name} is still at it ({state}); mlbox status|cancel {run.name}", OTHER)
