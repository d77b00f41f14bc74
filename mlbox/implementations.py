"""Reads what a task's command runs in, in today's words and in those of 2020."""

from __future__ import annotations

import shlex
from pathlib import Path

from mlbox.faults import Fault, hint
from mlbox.model import EnvSpec
from mlbox.yaml_file import Section, read

KINDS = {
    "python": "python",
    "docker": "docker",
    "podman": "podman",
    "apptainer": "apptainer",
    "singularity": "apptainer",
}
DOCKERFILE = "implementation/docker/dockerfiles/Dockerfile"
RECIPE = "implementation/singularity/recipes/Singularity.recipe"
INTERPRETERS = {"": "auto", "virtualenv": "venv", "conda": "conda", "system": "system"}


def read_implementations(box: Section, root: Path) -> dict[str, EnvSpec]:
    """Return the box's implementations by name, the first of which is the usual one.

    Raises:
        Fault: a key or a value is not known, or `from` names no docker implementation.
    """
    given = box.section("implementations")
    if not given.names():
        path = root / "implementation" / "mlbox_implementation.yaml"
        if not path.exists():
            return {"python": EnvSpec("python", "python", box.where())}
        old = read(path)
        kind = old.text("implementation_type")
        return {kind: _environment(kind, old, kind, root, {})}
    found: dict[str, EnvSpec] = {}
    sections = {name: given.section(name) for name in given.names()}
    for name in sorted(sections, key=lambda name: "from" in sections[name]):
        found[name] = _environment(name, sections[name], sections[name].text("type"), root, found)
    return {name: found[name] for name in sections}


def _environment(name: str, section: Section, kind: str, root: Path, others: dict[str, EnvSpec]) -> EnvSpec:
    if kind not in KINDS:
        key = "type" if "type" in section else "implementation_type"
        raise Fault(f"{section.where(key)}: type '{kind}' not known; {hint(kind, KINDS, 'types')}")
    readers = {"python": _python, "apptainer": _apptainer}
    spec = readers.get(KINDS[kind], _container)(name, KINDS[kind], section, root, others)
    section.close("keys")
    for path in (*spec.files, *filter(None, (spec.environment, spec.dockerfile, spec.recipe, spec.entrypoint))):
        if not (root / path).is_file():
            raise Fault(f"{section.where()}: {name}: there is no file {path} in the box; correct the path or add it")
    return spec


def _python(name: str, kind: str, section: Section, root: Path, others: dict[str, EnvSpec]) -> EnvSpec:
    section.value("implementation_type"), section.flag("force_reconfigure")  # an environment is named by its content
    old, conda = section.section("virtualenv"), section.section("conda")
    interpreter = section.text("interpreter")
    if interpreter not in INTERPRETERS:
        raise Fault(
            f"{section.where('interpreter')}: interpreter '{interpreter}' not built; give virtualenv, conda or system"
        )
    python = section.text("python", INTERPRETERS[interpreter])
    if interpreter == "system":
        python = section.section("system").text("interpreter", "system")
    section.section("system")
    wanted = section.words("requirements")
    base = old.text("base_interpreter")
    old.text("location")  # 2020 kept environments in the box; they lie in the cache now
    conda.text("name")
    return EnvSpec(
        name,
        kind,
        section.where(),
        entrypoint=section.text("entrypoint"),
        python=python,
        version=section.text("version") or conda.text("version") or base.removeprefix("python"),
        conda=conda.text("conda"),
        environment=section.text("environment"),
        files=tuple(word for word in wanted if word.endswith(".txt")),
        packages=tuple(word for word in wanted if not word.endswith(".txt")),
    )


def _container(name: str, kind: str, section: Section, root: Path, others: dict[str, EnvSpec]) -> EnvSpec:
    section.value("implementation_type"), section.value("docker_args"), section.value("command")
    runtime = section.one_of("docker_runtime", ("docker", "nvidia-docker"), "docker")
    how = section.one_of("configure", ("build", "pull"), "build")
    dockerfile = section.text("dockerfile", DOCKERFILE if (root / DOCKERFILE).is_file() else "")
    image = section.text("image")
    if not image and not dockerfile:
        raise Fault(f"{section.where()}: {name}: neither an image nor a Dockerfile; give `image:` or `dockerfile:`")
    args = section.value("args", [])
    return EnvSpec(
        name,
        kind,
        section.where(),
        entrypoint=section.text("entrypoint"),
        python=section.text("python", "python3"),
        image=image,
        dockerfile=dockerfile if how == "build" else "",
        target=section.text("target"),
        pull=how == "pull" or not dockerfile,
        build_args=section.table("build_args"),
        args=tuple(shlex.split(args) if isinstance(args, str) else map(str, args)),
        host_user=section.one_of("user", ("host", "image"), "host") == "host",
        gpus=runtime == "nvidia-docker",
    )


def _apptainer(name: str, kind: str, section: Section, root: Path, others: dict[str, EnvSpec]) -> EnvSpec:
    section.value("implementation_type")
    source, origin = section.text("from"), None
    if source:
        origin = others.get(source)
        if origin is None or origin.kind not in ("docker", "podman"):
            known = [other for other, spec in others.items() if spec.kind in ("docker", "podman")]
            raise Fault(
                f"{section.where('from')}: '{source}' is no docker implementation; {hint(source, known, 'those are')}"
            )
    image = section.text("image")
    recipe = section.text("recipe", "" if source or image else RECIPE)
    return EnvSpec(
        name,
        kind,
        section.where(),
        entrypoint=section.text("entrypoint", origin.entrypoint if origin else ""),
        python=section.text("python", origin.python if origin else "python3"),
        image=image,
        recipe=recipe,
        args=section.words("args"),
        source=origin,
        gpus=origin.gpus if origin else False,
    )
