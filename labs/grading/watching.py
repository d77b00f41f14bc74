"""The processes below one of ours: how many there are and how much memory they hold."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def held(root: int) -> tuple[int, int]:
    """Return how many processes descend from `root`, and the bytes of memory that they hold together."""
    parents: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            parents[int(entry.name)] = (int(fields[1]), int(fields[21]) * PAGE)
    children: dict[int, list[int]] = {}
    for process, (parent, _) in parents.items():
        children.setdefault(parent, []).append(process)
    waiting, count, memory = [root], 0, 0
    while waiting:
        for child in children.get(waiting.pop(), ()):
            count += 1
            memory += parents[child][1]
            waiting.append(child)
    return count, memory
