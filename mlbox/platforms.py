"""Reads where tasks run: platforms/platforms.yaml of 2020, and today's keys."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mlbox.faults import Fault, hint
from mlbox.model import Platform
from mlbox.yaml_file import Section, read

PLACES = ("local", "ssh", "slurm", "clearml")
RUNNERS = {"python": "python", "docker": "docker", "singularity": "apptainer"}
SHARED = Path("platforms/platforms.yaml")


def find_platform(wanted: str, box_platforms: dict[str, Platform]) -> Platform:
    """Return the platform that `FILE[:NAME]` or `@NAME` means.

    Raises:
        Fault: no such file or name, or the file leaves its host open.
    """
    if not wanted:
        return Platform()
    if wanted.startswith("@"):
        return _named(wanted[1:], box_platforms)
    file, _, name = wanted.rpartition(":") if not _is_yaml(wanted) else (wanted, "", "")
    section = read(Path(file))
    name = name or section.text("default")
    if not name:
        raise Fault(f"{section.file}: no platform was named and the file has no `default:`; write {file}:NAME")
    return _platform_of(section, name)


def is_platform(word: str) -> bool:
    """Return whether a word of the command line names a platform rather than a box."""
    return word.startswith("@") or _is_yaml(word) or _is_yaml(word.rpartition(":")[0])


def _is_yaml(word: str) -> bool:
    return word.endswith((".yaml", ".yml"))


def _named(name: str, box_platforms: dict[str, Platform]) -> Platform:
    known = {"local", *box_platforms}
    if name in box_platforms:
        return box_platforms[name]
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mlbox/platforms.yaml"
    for path in (SHARED, home):
        if path.is_file():
            section = read(path)
            names = [key for key in section.names() if key != "default"]
            if name in names:
                return _platform_of(section, name)
            known.update(names)
    if name == "local":
        return Platform()
    raise Fault(f"@{name}: no such platform; {hint(name, known, 'platforms')}")


def _platform_of(section: Section, name: str) -> Platform:
    names = [key for key in section.names() if key != "default"]
    if name not in names:
        raise Fault(f"{section.file}: platform '{name}' not known; {hint(name, names, 'platforms')}")
    return read_platform(name, section.section(name))


def read_platform(name: str, section: Section) -> Platform:
    """Return one platform.

    Raises:
        Fault: a key is not known, an ssh platform has no host, or one of ClearML no queue.
    """
    runner = section.text("runner")
    place = section.one_of("place", PLACES, "ssh" if runner == "ssh" else "local")
    runtime, remote, sync = section.section("runtime"), section.section("mlbox"), section.section("sync")
    runtime.flag("sync"), remote.flag("sync"), section.value("remote_local")  # nothing of ours is needed there any more
    built = Platform(
        name,
        place,
        env=section.text("env") or RUNNERS.get(runner, ""),
        host=_filled(section, name, "host", "HOST_NAME"),
        user=_filled(section, name, "user", "USER_NAME"),
        port=section.text("port"),
        ssh_config=section.text("ssh_config") or os.environ.get("MLBOX_SSH_CONFIG", ""),
        directory=section.text("dir") or remote.text("remote_dir"),
        runtime=runtime.text("remote_dir", ".mlbox"),
        setup=_lines(section, "setup"),
        sbatch=section.table("sbatch"),
        cache=section.text("cache"),
        variables={**section.table("vars"), **section.table("run_args")},
        build_args=section.table("build_args"),
        exclude=sync.words("exclude"),
        max_mb=int(sync.text("max_mb", "200")),
        args=section.words("args"),
        engine=section.text("engine"),
        restarts=int(section.text("restarts", "20")),
        queue=section.text("queue"),
        project=section.text("project", "mlbox"),
        image=section.text("image"),
    )
    for inner in (runtime, remote, sync):
        inner.close("keys")
    section.close("keys")
    if (place == "clearml") != bool(built.queue):
        where = section.where("place" if place == "clearml" else "queue")
        raise Fault(f"{where}: {name}: `place: clearml` and `queue: NAME` belong together; give both or neither")
    if place == "ssh" and not built.host:
        raise Fault(f"{section.where()}: {name}: an ssh platform needs a host; add `host: NAME`")
    return built


def _filled(section: Section, platform: str, key: str, blank: str) -> str:
    """Return a key that the file may leave to an environment variable."""
    variable = f"MLBOX_{key.upper()}_{re.sub('[^A-Z0-9]', '_', platform.upper())}"
    text = os.environ.get(variable) or section.text(key)
    section.text(key)
    if text == blank and key == "user":
        return ""
    if text == blank:
        raise Fault(f"{section.where(key)}: {key} is still {blank}; write the {key} there, or set {variable}")
    if text.startswith("-"):
        raise Fault(f"{section.where(key)}: {key} '{text}' begins with a dash; give a name")
    return text


def _lines(section: Section, key: str) -> tuple[str, ...]:
    value = section.value(key, [])
    return tuple(value.splitlines() if isinstance(value, str) else map(str, value))
