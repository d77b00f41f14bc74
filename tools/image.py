"""Builds an image of this repository, and a SIF of it: python3 tools/image.py build|sif NAME

What is built is docker/NAME/Dockerfile or NAME/Dockerfile, with podman or docker. The SIF is made straight from the
local image, no registry in between. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINES = ("podman", "docker")
SITES = ("apptainer", "singularity")


class Refused(Exception):
    """Something that the user can mend; the message says what."""


def dockerfile(root: Path, name: str) -> Path:
    """Return the Dockerfile of an image (Refused names those that exist)."""
    for path in (root / "docker" / name / "Dockerfile", root / name / "Dockerfile"):
        if path.exists():
            return path
    known = sorted(path.parent.name for path in [*root.glob("docker/*/Dockerfile"), *root.glob("*/Dockerfile")])
    raise Refused(f"NAME={name}: there is no such image; give one of {', '.join(k for k in known if k[0] != '.')}")


def program(names: tuple[str, ...], what: str) -> str:
    """Return the first of the programs that is installed; ENGINE overrules for engines."""
    asked = os.environ.get("ENGINE", "") if names == ENGINES else ""
    for name in [asked] if asked else names:
        if shutil.which(name):
            return name
    raise Refused(f"{asked or ' and '.join(names)}: not installed; {what}")


def reference(root: Path, name: str) -> str:
    """Return the image's local name, as `textrecognizer:0.1.0`."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"$', text, re.MULTILINE)[0]  # Python 3.10 has no tomllib
    return f"{name.lower()}:{version}"


def build(root: Path, name: str, arguments: list[str]) -> str:
    """Build an image and return its local name."""
    file, engine = dockerfile(root, name), program(ENGINES, "install podman or docker")
    image, start = reference(root, name), time.monotonic()
    flags = [word for argument in arguments for word in ("--build-arg", argument)]
    ignored = file.with_name("Dockerfile.dockerignore")
    if engine == "podman":
        flags += ["--format", "docker", *(["--ignorefile", str(ignored)] if ignored.exists() else [])]
    call([engine, "build", *flags, "--tag", image, "--file", str(file), str(root)])
    size = subprocess.run([engine, "image", "inspect", "--format", "{{.Size}}", image], capture_output=True, text=True)
    print(f"{image}: {int(size.stdout) / 1e6:.0f} MB, built in {time.monotonic() - start:.0f} s")
    return image


def save(image: str, archive: Path) -> None:
    """Write a local image into an archive that docker, podman and apptainer read; whole or not at all."""
    engine = program(ENGINES, "install podman or docker")
    beside = archive.with_name(archive.name + ".part")
    beside.unlink(missing_ok=True)  # podman does not write over an archive
    call([engine, "save", *(["--format", "docker-archive"] if engine == "podman" else []), "-o", str(beside), image])
    os.replace(beside, archive)


def sif(image: str, target: Path, flags: list[str]) -> None:
    """Make a SIF of a local image.

    Args:
        image: its local name
        target: the SIF to write
        flags: for apptainer's build, as `--mksquashfs-args=-comp gzip`
    """
    site, start = program(SITES, "install apptainer"), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sif-", dir=target.parent) as folder:
        archive, beside = Path(folder) / "image.tar", Path(folder) / target.name
        save(image, archive)
        call([site, "build", *flags, str(beside), f"docker-archive:{archive}"])
        os.replace(beside, target)
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB, made in {time.monotonic() - start:.0f} s")


def call(command: list[str]) -> None:
    """Run a program that says by itself what went wrong; docker by the builder that reads our .dockerignore files."""
    code = subprocess.run(command, env={**os.environ, "DOCKER_BUILDKIT": "1"}).returncode
    if code:
        raise Refused(f"`{' '.join(command)}` ended with {code}; read its lines above")


def main(root: Path, arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["build", "sif"])
    parser.add_argument("name", nargs="?", default="TextRecognizer", help="an image (default: %(default)s)")
    parser.add_argument("--build-arg", action="append", default=[], metavar="KEY=VALUE", help="as TORCH=cuda")
    parser.add_argument("--archive", type=Path, help="build: also write the image into this file")
    parser.add_argument("--out", type=Path, help="sif: the file to write (default: NAME.sif)")
    parser.add_argument("--sif-flag", action="append", default=[], help="sif: passed on to apptainer build; repeatable")
    parser.add_argument("--no-build", action="store_true", help="sif: take the local image as it is")
    options = parser.parse_args(arguments)
    try:
        image = reference(root, options.name)
        if not options.no_build:
            image = build(root, options.name, options.build_arg)
        if options.archive:
            save(image, options.archive.resolve())
        if options.command == "sif":
            sif(image, (options.out or Path(f"{options.name}.sif")).resolve(), options.sif_flag)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
