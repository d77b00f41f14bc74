"""What `mlbox describe` prints."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from mlbox import graph
from mlbox.cache import Digests, Stamps
from mlbox.faults import Fault
from mlbox.graph import Bound
from mlbox.templates import fill
from mlbox.workshop import Workshop


def sorted_nodes(shop: Workshop) -> list[Bound]:
    """Return every task and set in an order in which they can run."""
    found: dict[graph.Node, Bound] = {}
    for bound in graph.nodes(shop.box).values():
        for earlier in graph.order(shop.box, bound):
            found.setdefault(earlier.node, earlier)
    return list(found.values())


def as_text(shop: Workshop, only: str = "") -> str:
    """Return a page for people: implementations, tasks in order, and what is due and why."""
    box = shop.box
    lines = [
        f"{box.name} {box.version}".rstrip() + f"  ({box.file})",
        *([f"  {box.description}"] if box.description else []),
    ]
    if (box.root / "README.md").is_file():
        lines.append(f"  more: {box.file.parent / 'README.md'}")
    names = [
        f"{name} ({spec.kind})" + (" *" if name == shop.spec.name else "") for name, spec in box.implementations.items()
    ]
    lines += [f"implementations: {', '.join(names)}", "tasks, in order:"]
    nodes = sorted_nodes(shop)
    shown = list(dict.fromkeys([*(bound.task.name for bound in nodes), *box.tasks]))
    for number, name in enumerate(shown, 1):
        if not only or name == only:
            lines += _task_lines(shop, number, name)
    lines.append("now:")
    digests = Digests(box.root)
    for bound in nodes:
        if not only or bound.task.name == only:
            lines.append(f"  {bound.title:24} {_state(shop, bound, digests)}")
    with suppress(Fault):  # someone else's box can be described
        digests.save()
    return "\n".join(lines)


def _task_lines(shop: Workshop, number: int, name: str) -> list[str]:
    task = shop.box.tasks[name]
    groups = {kind: [p.name for p in task.params.values() if p.kind == kind] for kind in ("input", "param", "output")}
    given = ", ".join([*groups["input"], *(f"{param}={task.params[param].default}" for param in groups["param"])])
    sets = ", ".join(sorted(shop.box.sets[name])) or "default"
    lines = [f"  {number} {name}: {given or 'nothing'} -> {', '.join(groups['output']) or 'nothing'}    sets: {sets}"]
    if task.description:
        lines.append(f"      {task.description}")
    for param in task.params.values():
        if param.description:
            lines.append(f"      {param.name}: {param.description}")
    return lines


def _state(shop: Workshop, bound: Bound, digests: Digests) -> str:
    try:
        why = shop.due(bound, digests)
    except Fault as fault:
        return str(fault)
    return f"due: {why}" if why else f"done {Stamps(shop.box.root).read(*bound.node)['started']}"


def as_json(shop: Workshop) -> str:
    """Return the same for programs."""
    box, digests = shop.box, Digests(shop.box.root)
    tasks: dict[str, Any] = {}
    for bound in sorted_nodes(shop):
        before = [f"{other.title}" for other in graph.before(box, bound)]
        entry = {"inputs": bound.of("input"), "outputs": bound.of("output"), "params": dict(bound.scalars)}
        tasks[bound.title] = {**entry, "after": before, "now": _state(shop, bound, digests)}
    kinds = {name: spec.kind for name, spec in box.implementations.items()}
    return json.dumps({"name": box.name, "implementations": kinds, "tasks": tasks}, indent=1, ensure_ascii=False)


def dockerfile(shop: Workshop) -> str:
    """Return a Dockerfile for a box that has a python implementation.

    Raises:
        Fault: the box has none.
    """
    for spec in shop.box.implementations.values():
        if spec.kind == "python":
            files = " ".join(spec.files)
            copy = f"COPY {files} /tmp/" if files else ""
            wanted = " ".join([*(f"-r /tmp/{name.rpartition('/')[2]}" for name in spec.files), *spec.packages])
            install = f"RUN python3 -m pip install --no-cache-dir {wanted}" if wanted else ""
            version = spec.version or "3.11"
            return fill("Dockerfile", version=version, name=shop.box.name, copy=copy, install=install)
    raise Fault(f"{shop.box.file}: no implementation of type python to make a Dockerfile from")
