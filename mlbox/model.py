"""What a box, its tasks and a platform are, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Value = str | None
Kind = Literal["input", "output", "param"]


@dataclass(frozen=True)
class Param:
    """One parameter of a task.

    Attributes:
        name: as sets and the command line write it.
        kind: input and output are paths, param is a plain value.
        description: for people.
        folder: whether it is a folder, None where the file does not say.
        default: value where a set gives none.
        optional: whether it may be left out.
        keep: whether an output outlives the next start of its task (checkpoints).
    """

    name: str
    kind: Kind
    description: str = ""
    folder: bool | None = None
    default: Value = None
    optional: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Needs:
    """What a task asks of the machine.

    Attributes:
        gpus: auto, required, none or a number.
        asked: whether the file speaks of GPUs at all; only then is a warning due.
    """

    gpus: str = "auto"
    cpus: str = ""
    memory: str = ""
    time: str = ""
    asked: bool = False

    @property
    def gpu_count(self) -> int:
        """GPUs without which the task must not start."""
        return int(self.gpus) if self.gpus.isdigit() else int(self.gpus == "required")


@dataclass(frozen=True)
class Task:
    """One task: its parameters and the command that does it."""

    name: str
    where: str
    description: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    run: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    needs: Needs = Needs()
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnvSpec:
    """What a task's command runs in; which fields count depends on `kind`.

    Attributes:
        kind: python, docker, podman or apptainer.
        python: auto, venv, conda, system or the path of a Python; in a container the Python's name.
        files: requirement files; `packages` are those named in place.
        target: stage of the Dockerfile that is the image, empty for its last.
        source: apptainer: the docker implementation to convert.
    """

    name: str
    kind: str
    where: str = ""
    entrypoint: str = ""
    python: str = "auto"
    version: str = ""
    conda: str = ""
    environment: str = ""
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    image: str = ""
    dockerfile: str = ""
    target: str = ""
    pull: bool = False
    build_args: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    host_user: bool = True
    recipe: str = ""
    source: EnvSpec | None = None
    gpus: bool = False


@dataclass(frozen=True)
class Platform:
    """Where tasks run.

    Attributes:
        place: local, ssh, slurm or clearml; slurm with a host is reached over ssh.
        env: name or kind of the implementation to take, empty for the box's first.
        directory: remote folder of the box, relative to the home there; empty for the usual one.
        runtime: remote folder below which boxes lie unless `directory` says otherwise.
        queue, project, image: of ClearML; the image is that of agents which start containers.
    """

    name: str = "local"
    place: str = "local"
    env: str = ""
    host: str = ""
    user: str = ""
    port: str = ""
    ssh_config: str = ""
    directory: str = ""
    runtime: str = ".mlbox"
    setup: tuple[str, ...] = ()
    sbatch: Mapping[str, str] = field(default_factory=dict)
    cache: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    build_args: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    max_mb: int = 200
    args: tuple[str, ...] = ()
    engine: str = ""
    restarts: int = 20
    queue: str = ""
    project: str = "mlbox"
    image: str = ""


@dataclass(frozen=True)
class Box:
    """A folder with a mlbox.yaml, read and checked.

    Attributes:
        root: the folder.
        file: mlbox.yaml as messages name it.
        workspace: base of relative parameter paths, relative to `root`.
        sets: task -> set -> parameter -> value.
        set_files: task -> set -> `file:line`, for messages.
    """

    root: Path
    file: Path
    name: str
    version: str
    description: str
    workspace: str
    tasks: Mapping[str, Task]
    sets: Mapping[str, Mapping[str, Mapping[str, Value]]]
    set_files: Mapping[str, Mapping[str, str]]
    implementations: Mapping[str, EnvSpec]
    platforms: Mapping[str, Platform]
