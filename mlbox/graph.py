"""Values of a task's parameters, and the order of tasks that follows from equal paths."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from mlbox.faults import INPUT, Fault, hint
from mlbox.model import Box, Param, Task, Value

Node = tuple[str, str]


@dataclass(frozen=True)
class Bound:
    """A task whose parameters have values.

    Attributes:
        paths: of inputs and outputs, relative to the workspace or absolute; those left out are not in it.
        scalars: values of plain parameters.
    """

    task: Task
    set: str
    paths: Mapping[str, str]
    scalars: Mapping[str, str]

    @property
    def node(self) -> Node:
        return self.task.name, self.set

    def of(self, kind: str) -> dict[str, str]:
        """Return name -> path of the inputs or outputs."""
        return {name: path for name, path in self.paths.items() if self.task.params[name].kind == kind}

    @cached_property
    def title(self) -> str:
        return f"{self.task.name}/{self.set}"


def bind(box: Box, task_name: str, set_name: str = "", given: Mapping[str, str] | None = None) -> Bound:
    """Give every parameter of a task its value: of the command line, else of the set, else the default.

    Raises:
        Fault: no such task, set or parameter, or a value is missing or leads out of the workspace.
    """
    task = box.tasks.get(task_name)
    if task is None:
        raise Fault(f"{box.file}: task '{task_name}' not known; {hint(task_name, box.tasks, 'tasks')}")
    sets = box.sets[task_name]
    name = set_name or "default"
    if name not in sets and (set_name or sets):
        if set_name not in ("", "default") or len(sets) != 1:
            raise Fault(f"{task.where}: {task_name} has no set '{name}'; {hint(name, sets, 'sets')}")
        name = next(iter(sets))
    values: dict[str, Value] = {**sets.get(name, {})}
    for key, text in (given or {}).items():
        if key not in task.params:
            raise Fault(f"{key}={text}: {task_name} has no parameter '{key}'; {hint(key, task.params, 'parameters')}")
        values[key] = text
    paths: dict[str, str] = {}
    scalars: dict[str, str] = {}
    where = box.set_files[task_name].get(name, task.where)
    for param in task.params.values():
        value = values.get(param.name, param.default)
        if value is None:
            if param.name not in values and not param.optional:
                raise Fault(f"{where}: {task_name}/{name} gives no value for {param.kind} '{param.name}'; add it there")
        elif param.kind == "param":
            scalars[param.name] = value
        else:
            paths[param.name] = _path(box, param, value, f"{where}: {param.name}")
    return Bound(task, name, paths, scalars)


def _path(box: Box, param: Param, value: str, where: str) -> str:
    if "\0" in value or not value:
        raise Fault(f"{where}: is empty or holds a NUL; give a path")
    path = posixpath.normpath(value)
    if path.startswith("../") or path == "..":
        raise Fault(f"{where}: '{value}' leads out of the workspace; give an absolute path")
    if param.kind == "output" and (path == "." or posixpath.isabs(path)):
        raise Fault(f"{where}: '{value}' cannot be an output; give a path below the workspace {box.workspace}")
    return path


def nodes(box: Box) -> dict[Node, Bound]:
    """Return every task with every one of its sets (a task without sets has the set `default`)."""
    found = {}
    for task in box.tasks:
        for name in box.sets[task] or {"": {}}:
            try:
                bound = bind(box, task, name)
            except Fault:
                continue  # a set that lacks a value is a fault of the one who runs it
            found[bound.node] = bound
    return found


def is_within(inner: str, outer: str) -> bool:
    """Return whether a path is another one or lies below it."""
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")


def before(box: Box, bound: Bound, known: Mapping[Node, Bound] | None = None) -> list[Bound]:
    """Return the tasks that must be done before one: those that make its inputs, then those named by `after:`."""
    every = nodes(box) if known is None else known
    found: dict[Node, Bound] = {}
    for path in bound.of("input").values():
        makers = [
            other
            for other in every.values()
            if other.task.name != bound.task.name and any(is_within(path, made) for made in other.of("output").values())
        ]
        maker = _of_set(makers, bound.set)
        if maker:
            found[maker.node] = maker
    for name in bound.task.after:
        maker = _of_set([other for other in every.values() if other.task.name == name], bound.set)
        if maker:
            found[maker.node] = maker
    return list(found.values())


def _of_set(makers: list[Bound], name: str) -> Bound | None:
    """Return the maker of the same set, else of `default`, else the first."""
    for wanted in (name, "default"):
        for maker in makers:
            if maker.set == wanted:
                return maker
    return makers[0] if makers else None


def order(box: Box, goal: Bound) -> list[Bound]:
    """Return what must run for a goal, in order, the goal last.

    Raises:
        Fault: the tasks need each other in a circle.
    """
    every = {**nodes(box), goal.node: goal}
    graph: dict[Node, list[Node]] = {}
    waiting = [goal]
    while waiting:
        bound = waiting.pop()
        if bound.node not in graph:
            earlier = before(box, bound, every)
            graph[bound.node] = [other.node for other in earlier]
            waiting += earlier
    try:
        return [every[node] for node in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join("/".join(node) for node in reversed(error.args[1]))
        raise Fault(f"{box.file}: tasks need each other in a circle: {circle}; give one of them another path") from None


def check(box: Box) -> None:
    """Refuse outputs that would destroy each other or what a task reads.

    Raises:
        Fault: which paths collide, and of which tasks.
    """
    made: list[tuple[str, str, Bound]] = []
    for bound in nodes(box).values():
        outputs = bound.of("output")
        for name, path in outputs.items():
            for read_name, read_path in bound.of("input").items():
                if is_within(read_path, path):
                    sentence = (
                        f"output {name} ({path}) holds the input {read_name} ({read_path}) and would be moved away"
                    )
                    raise Fault(f"{_where(box, bound)}: {bound.title}: {sentence}; give it another path")
            made.append((path, name, bound))
    made.sort(key=lambda item: item[0])
    for index, (path, name, bound) in enumerate(made):
        for other_path, other_name, other in made[index + 1 :]:
            if not is_within(other_path, path):
                if other_path > path + "0":  # past everything that begins with this path and a slash
                    break
                continue
            if other.task.name != bound.task.name or (other.set == bound.set):
                both = (
                    f"output {name} of {bound.title} ({path}) and output {other_name} of {other.title} ({other_path})"
                )
                raise Fault(f"{_where(box, bound)}: {both} collide; give one of them another path")


def _where(box: Box, bound: Bound) -> str:
    return box.set_files[bound.task.name].get(bound.set, bound.task.where)


def check_inputs(box: Box, steps: list[Bound], local: bool) -> None:
    """Refuse to start while an input is missing that no task before makes.

    Raises:
        Fault: which file, and which task makes it.
    """
    made: list[str] = []
    for bound in steps:
        for name, path in bound.of("input").items():
            remote = path.startswith("/") and not local
            if remote or any(is_within(path, earlier) for earlier in made):
                continue
            if not (box.root / box.workspace / path).exists():
                maker = _of_set(
                    [other for other in nodes(box).values() if path in other.of("output").values()], bound.set
                )
                remedy = f"run {maker.title} first" if maker else f"put it there, or correct {_where(box, bound)}"
                shown = path if path.startswith("/") else f"{box.file.parent / box.workspace / path}"
                raise Fault(f"{bound.title}: input {name} is missing: {shown}; {remedy}", INPUT)
        made += bound.of("output").values()
