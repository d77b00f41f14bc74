"""From a task and a platform to the one script that does it; nothing here starts a program or writes a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from posixpath import basename, dirname

from mlbox.cache import STATE
from mlbox.envs.apptainer import ApptainerEnv
from mlbox.envs.container import HANDLE, ContainerEnv
from mlbox.envs.python import PythonEnv
from mlbox.faults import Fault, hint
from mlbox.graph import Bound
from mlbox.model import Box, EnvSpec, Platform
from mlbox.templates import fill
from mlbox.words import command, filled, in_shell, line, quote

RESTARTED = """\
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [ -f "$run/rc" ]; then exit "$(cat "$run/rc")"; fi # it had ended in time"""

Environment = PythonEnv | ContainerEnv | ApptainerEnv
IMPLEMENTED = {"python": "python", "docker": "docker", "podman": "docker", "apptainer": "singularity"}
"""What the folder of an implementation is called on a remote host, as in 2020."""


@dataclass(frozen=True)
class Step:
    """One task on one platform.

    Attributes:
        bound: the task with its values; None where only the environment is prepared.
        run: name of the run's folder in .mlbox/runs.
        folder: of the box where the task runs: absolute, or relative to the home there.
    """

    box: Box
    bound: Bound | None
    spec: EnvSpec
    platform: Platform
    run: str
    folder: str

    @property
    def environment(self) -> Environment:
        """What the task's command runs in."""
        if self.spec.kind == "python":
            return PythonEnv(self.spec, self.box.root, self.platform)
        others = tuple(f"{self.box.file.parent}/{name}" for name in self.box.implementations if name != self.spec.name)
        kinds = {"apptainer": ApptainerEnv}
        return kinds.get(self.spec.kind, ContainerEnv)(self.spec, self.box.root, self.platform, others)

    @property
    def run_folder(self) -> str:
        """The run's folder, relative to the box."""
        return f"{STATE}/runs/{self.run}"


def choose(box: Box, wanted: str, platform: Platform) -> EnvSpec:
    """Return the implementation that the command line, else the platform, else the box names.

    Args:
        wanted: name or kind, of `BOX/NAME` or --env.
        platform: its `env:` counts where nothing is wanted; podman there makes docker's images run on podman.

    Raises:
        Fault: the box has no such implementation.
    """
    name = wanted or platform.env
    found = box.implementations
    if not name:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    same = {"podman": ("podman", "docker"), "singularity": ("apptainer",)}.get(name, (name,))
    for spec in found.values():
        if spec.kind in same:
            return replace(spec, kind="podman") if name == "podman" else spec
    raise Fault(f"{box.file}: implementation '{name}' not known; {hint(name, found, 'implementations')}")


def folder_of(box: Box, spec: EnvSpec, platform: Platform, run: str) -> str:
    """Return where the box lies on the platform; on a queue's hosts each run has its own."""
    if platform.queue:
        return f"{platform.runtime}/clearml/{run}"
    if not platform.host:
        return str(box.root)
    return platform.directory or f"{platform.runtime}/mlboxes/{box.name}/{IMPLEMENTED[spec.kind]}"


def render(step: Step) -> str:
    """Return the script of a step: the very text that --dry-run prints and the platform runs."""
    platform, environment, bound = step.platform, step.environment, step.bound
    slurm = platform.place == "slurm"
    snapshot = slurm and bound is not None
    rest = fill_task(step, environment, bound) if bound else "finish 0"
    gpus = _gpus(step, environment)
    return (
        fill(
            "step.sh",
            title=_title(step),
            sbatch="\n".join(f"#SBATCH {option}" for option in sbatch_options(step)) if slurm else "",
            box=in_home(step.folder),
            workspace="$box" if step.box.workspace == "." else f"$box/{quote(step.box.workspace)}",
            run=quote(step.run),
            code=f"$box/{quote(step.run_folder)}/code" if snapshot else "$box",
            restarted=RESTARTED if slurm else "",
            logs='exec >> "$run/stdout.log" 2>> "$run/stderr.log"' if slurm else "",
            task=quote(f"{bound.task.name}-{bound.set}" if bound else "none"),
            variables="\n".join(f"export {name}={quote(text)}" for name, text in platform.variables.items()),
            cache=cache_folder(platform),
            setup=_setup(platform),
            gpu=gpus,
            environment=environment.prepare(),
            tasks_part=rest,
        )
        + "\n"
    )


def cache_folder(platform: Platform) -> str:
    """Return where environments and images are kept there, as sh reads it."""
    usual = "${XDG_CACHE_HOME:-$HOME/.cache}/mlbox"
    fallback = "${MLBOX_CACHE:-${SCRATCH:+${SCRATCH%/}/mlbox}}\ncache=${cache:-" + usual + "}"
    return in_home(platform.cache) if platform.cache else fallback


def in_home(folder: str) -> str:
    """Return a folder as sh reads it: absolute, or below the home of the host."""
    folder = re.sub(r"^(~|\$HOME|\$\{HOME\})/", "", folder)
    return quote(folder) if folder.startswith("/") else f'"$HOME"/{quote(folder)}'


def _title(step: Step) -> str:
    what = f"task {step.bound.title}" if step.bound else "environment"
    where = step.platform.host or step.platform.queue or "this machine"
    return f"{what} of {step.box.name}; {step.spec.kind} ({step.spec.name}), {step.platform.place} on {where}"


def _setup(platform: Platform) -> str:
    lines = list(platform.setup)
    if any(line_of.startswith("module ") for line_of in lines):
        lines.insert(0, "has module || [ ! -r /etc/profile ] || . /etc/profile")
    return "\n".join(lines)


def _gpus(step: Step, environment: Environment) -> str:
    """Return the lines that stop, or warn, where the GPU that was asked for is absent."""
    tasks = [step.bound.task] if step.bound else list(step.box.tasks.values())
    if any(task.needs.gpu_count for task in tasks):
        names = ", ".join(task.name for task in tasks if task.needs.gpu_count)
        remedy = "install it, choose a platform that has a GPU, or set gpus: auto"
        sentence = f"{names}: a GPU is required, and there is no NVIDIA driver on "
        return f'[ "$gpu" != none ] || fail 122 {quote(sentence)}"$here"{quote("; " + remedy)}'
    if all(task.needs.gpus in ("none", "0") for task in tasks):
        return "gpu=none"
    if step.spec.gpus or any(task.needs.asked for task in tasks):
        return '[ "$gpu" != none ] || printf \'mlbox: no NVIDIA driver on %s, so the CPU does it\\n\' "$here" >&2'
    return ""


def sbatch_options(step: Step) -> list[str]:
    """Return the options of sbatch: what the task needs, then what the platform says."""
    if step.bound is None:
        return [f"--job-name=mlbox-{step.box.name}"]
    needs = step.bound.task.needs
    options = {
        "job-name": re.sub(r"[^\w.=-]", "_", f"mlbox-{step.bound.task.name}-{step.bound.set}"),
        "cpus-per-task": needs.cpus,
        "mem": needs.memory,
        "time": needs.time,
        "gres": f"gpu:{needs.gpu_count}" if needs.gpu_count else "",
        "signal": "B:USR1@120",
        "open-mode": "append",
    }
    options.update(step.platform.sbatch)
    return ["--requeue", *(f"--{name}={value}" for name, value in options.items() if value)]


def fill_task(step: Step, environment: Environment, bound: Bound) -> str:
    """Return the part of the script that does the task."""
    bases = dict(environment.bases)
    mounts: dict[str, str] = {}
    if not isinstance(environment, PythonEnv):
        for path in sorted(path for path in bound.of("input").values() if path.startswith("/")):
            inside = mounts.setdefault(dirname(path), f"/mlbox/outside/{len(mounts)}")
            bases[path] = f"{inside}/{quote(basename(path))}"
    exports = {name: in_shell(filled(text, bound, step.spec), bases) for name, text in bound.task.env.items()}
    words = line(command(bound, step.spec), bases)
    handle = ""
    if isinstance(environment, PythonEnv):
        variables, start = environment.launch(words, exports)
    else:
        exports = {**{name: quote(text) for name, text in step.platform.variables.items()}, **exports}
        variables, start = environment.launch(words, exports, bound.task.pass_env, mounts)
        if isinstance(environment, ContainerEnv):
            handle = HANDLE.replace("@RUN@", step.run) + "\n"
    slurm = step.platform.place == "slurm"
    return handle + fill(
        "task.sh",
        inputs="\n".join(_input(bound, name, path) for name, path in bound.of("input").items()),
        outputs="\n".join(_output(bound, name, path) for name, path in bound.of("output").items()),
        exports=variables,
        command=start,
        requeue=fill("requeue.sh", restarts=str(step.platform.restarts)) if slurm else "",
    )


def _input(bound: Bound, name: str, path: str) -> str:
    where = quote(path) if path.startswith("/") else f'"$ws"/{quote(path)}'
    sentence = f"{bound.title}: input {name} is missing: {path}, on "
    return f'input {where} {quote(sentence)}"$here"'


def _output(bound: Bound, name: str, path: str) -> str:
    param = bound.task.params[name]
    parent = dirname(path) or "."
    lines = [] if param.keep else [f"aside {quote(path)} {quote(parent)}"]
    lines.append(f'mkdir -p -- "$ws"/{quote(path if param.folder else parent)}')
    return "\n".join(lines)
