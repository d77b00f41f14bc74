"""Reads a box: the format of 2020 and ours, strictly, with file and line in every message."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mlbox.faults import Fault, hint
from mlbox.implementations import read_implementations
from mlbox.model import Box, Kind, Needs, Param, Task, Value
from mlbox.platforms import read_platform
from mlbox.yaml_file import Section, as_shown, read

FILE = "mlbox.yaml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
CODE = ("implementation/src/**",)
RUN = ("{python}", "{entrypoint}", "--mlbox_task={task}", "{args}")
SHELL_WORDS = {"&&", "||", "|", ">", "<", ";", ">>", "&"}


def load(root: Path) -> Box:
    """Read and check a box.

    Raises:
        Fault: it is not there, or something in its files is wrong.
    """
    if not (root / FILE).is_file():
        raise Fault(f"{root}: no {FILE} here; give the folder of a box, or make one with `mlbox init {root}`")
    top = read(root / FILE)
    for key in ("type", "mlbox_spec_version", "author", "authors", "implementation", "implementation_type"):
        top.value(key)
    name = top.text("name")
    if not NAME.fullmatch(name):
        raise Fault(f"{top.where('name')}: name '{name}' must be made of letters, digits, '_', '-' and '.'")
    tasks = _tasks(top.section("tasks"))
    sets, files = _sets(root, top, tasks)
    platforms = top.section("platforms")
    box = Box(
        root.resolve(),
        as_shown(root / FILE),
        name,
        top.text("version"),
        top.text("description"),
        top.text("workspace", "workspace"),
        tasks,
        sets,
        files,
        read_implementations(top, root),
        {key: read_platform(key, platforms.section(key)) for key in platforms.names()},
    )
    top.close("keys")
    return box


def _tasks(section: Section) -> dict[str, Task]:
    names = section.names()
    tasks = {name: _task(name, section.section(name), section.where(name)) for name in names}
    for task in tasks.values():
        for other in task.after:
            if other not in tasks:
                raise Fault(f"{task.where}: after: task '{other}' not known; {hint(other, names, 'tasks')}")
    return tasks


def _task(name: str, section: Section, where: str) -> Task:
    if not NAME.fullmatch(name):
        raise Fault(f"{where}: task '{name}' must be named by letters, digits, '_', '-' and '.'")
    params: dict[str, Param] = {}
    kinds: tuple[tuple[str, Kind], ...] = (("inputs", "input"), ("outputs", "output"), ("params", "param"))
    for key, kind in kinds:
        inner = section.section(key)
        for param in inner.names():
            if param in params:
                raise Fault(f"{inner.where(param)}: '{param}' is an input or output already; choose another name")
            params[param] = _param(param, kind, inner)
    task = Task(
        name,
        where,
        section.text("description"),
        params,
        _command(section),
        section.words("code"),
        section.words("after"),
        _needs(section.section("needs")),
        section.table("env"),
        section.words("pass_env"),
    )
    section.close("keys")
    return task


def _param(name: str, kind: Kind, section: Section) -> Param:
    if kind == "param":
        return Param(name, kind, default=section.text(name), optional=True)
    inner = section.section(name)
    folder = {"": None, "file": False, "directory": True}[inner.one_of("type", ("", "file", "directory"), "")]
    if folder is None and name.endswith("_dir"):
        folder = True
    default = inner.text("default") or None
    optional = inner.flag("optional")
    keep = inner.flag("keep") if kind == "output" else False
    param = Param(name, kind, inner.text("description"), folder, default, optional, keep)
    inner.close("keys")
    return param


def _command(section: Section) -> tuple[str, ...]:
    value = section.value("run")
    if value is None:
        return RUN
    try:
        words = [str(word) for word in value] if isinstance(value, list) else shlex.split(str(value))
    except ValueError as error:
        raise Fault(f"{section.where('run')}: run cannot be split into words ({error}); write it as a list") from None
    shell = SHELL_WORDS.intersection(words)
    if shell:
        raise Fault(
            f"{section.where('run')}: run is one command, not a shell line ('{min(shell)}'); give [sh, -c, ...]"
        )
    return tuple(words)


def _needs(section: Section) -> Needs:
    gpus = section.text("gpus", "auto")
    if gpus not in ("auto", "required", "none") and not gpus.isdigit():
        raise Fault(f"{section.where('gpus')}: gpus '{gpus}' not known; give auto, required, none or a number")
    section.value("internet")
    needs = Needs(gpus, section.text("cpus"), section.text("memory"), section.text("time"), "gpus" in section)
    section.close("keys")
    return needs


def _sets(
    root: Path, top: Section, tasks: dict[str, Task]
) -> tuple[dict[str, dict[str, dict[str, Value]]], dict[str, dict[str, str]]]:
    """Return the values of every set of every task, and where they were read."""
    sets: dict[str, dict[str, dict[str, Value]]] = {name: {} for name in tasks}
    files: dict[str, dict[str, str]] = {name: {} for name in tasks}
    inline = top.section("sets")
    for task in inline.names():
        if task not in tasks:
            raise Fault(f"{inline.where(task)}: task '{task}' not known; {hint(task, tasks, 'tasks')}")
        for name in inline.section(task).names():
            section = inline.section(task).section(name)
            sets[task][name], files[task][name] = _values(section, tasks[task]), section.where()
    for folder in sorted(path for path in (root / "tasks").glob("*") if path.is_dir()):
        if folder.name not in tasks:
            raise Fault(f"{as_shown(folder)}: task '{folder.name}' not known; {hint(folder.name, tasks, 'tasks')}")
        for path in sorted(folder.glob("*.yaml")):
            section = read(path)
            sets[folder.name][path.stem] = _values(section, tasks[folder.name])
            files[folder.name][path.stem] = str(section.file)
    return sets, files


def _values(section: Section, task: Task) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name in section.names():
        if name not in task.params:
            where = f"{section.where(name)}: {task.name} has no parameter '{name}'"
            raise Fault(f"{where}; {hint(name, task.params, 'parameters')}")
        values[name] = section.text(name) if section.value(name) is not None else None
    return values
