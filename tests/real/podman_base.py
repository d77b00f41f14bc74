"""Podman for tests, without a registry: its settings, and a base image made of Debian and this machine's Python.

The image stands in for `python:3.11-slim-bookworm`. It is built once and kept in a cache folder; the Dockerfiles of the
project know nothing of it.
"""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CACHE = Path.home() / ".cache" / "text-recognizer-lab" / "podman"
BASE = "python:3.11-slim-bookworm"
DEBIAN = "localhost/lab/debian:bookworm"
VERSION = "3"
"""Of what `stand_in_base` builds; an image of another version is built anew."""

LIBRARIES = "ca-certificates,libssl3,libsqlite3-0,libffi8,libbz2-1.0,liblzma5,libreadline8,zlib1g,libncursesw6,libuuid1"
"""What this machine's Python needs of Debian."""

SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

_NOT_COPIED = ("site-packages", "test", "__pycache__", "*.a", "idlelib", "turtledemo")


def podman_environment(tmp: Path) -> dict[str, str]:
    """Return the environment in which podman runs in a sandbox without systemd; images are kept in the cache folder.

    Args:
        tmp: where podman's settings are written.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    tmp.mkdir(parents=True, exist_ok=True)
    (tmp / "containers.conf").write_text(
        f'[containers]\ndefault_ulimits = ["nofile={hard}:{hard}", "nproc=4096:4096"]\n'
        '[network]\nnetwork_backend = "netavark"\ndefault_subnet = "10.214.0.0/16"\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
    )
    (tmp / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{CACHE}/storage"\nrunroot = "{CACHE}/run"\n'
    )
    for folder in ("storage", "run"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    settings = {name: str(tmp / f"{name}.conf") for name in ("containers", "storage")}
    return {**os.environ, "CONTAINERS_CONF": settings["containers"], "CONTAINERS_STORAGE_CONF": settings["storage"]}


def engine_variables(environment: dict[str, str]) -> dict[str, str]:
    """Return those of `podman_environment` that are podman's own; a machine asked over ssh has the rest already."""
    return {name: environment[name] for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF")}


def mlbox_variables(environment: dict[str, str]) -> dict[str, str]:
    """Return with what mlbox builds images from what there is."""
    return engine_variables(environment) | {"MLBOX_BUILD_OPTIONS": " ".join(build_options())}


def stand_in_base(environment: dict[str, str], tags: Sequence[str] = (BASE,)) -> str:
    """Build the base image if the cache has none, give it the names that Dockerfiles begin with, and return the first.

    Args:
        environment: from `podman_environment`.
        tags: names of images that it stands in for.
    """
    name = f"localhost/lab/python:{VERSION}"
    with _locked():
        if podman(environment, "image", "exists", name, check=False).returncode:
            _build(environment, name)
        for tag in tags:
            podman(environment, "tag", name, tag)
    return tags[0]


def build_options() -> list[str]:
    """Return what `podman build` needs so that pip finds what it finds on this machine."""
    return ["--pull=never", "--format=docker", *(f"--volume={folder}:{folder}:ro" for folder in pip_folders())]


def podman(environment: dict[str, str], *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run podman and return what it said; an AssertionError shows that if it failed."""
    done = subprocess.run(["podman", *arguments], env=environment, capture_output=True, text=True)
    assert not check or done.returncode == 0, (
        f"podman {' '.join(arguments)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    )
    return done


def _build(environment: dict[str, str], name: str) -> None:
    root = CACHE / f"rootfs-{os.getpid()}"
    try:
        mirror = re.findall(r"^URIs: (\S+)", SOURCES.read_text(), re.MULTILINE)[0]
        _run(["debootstrap", "--variant=minbase", f"--include={LIBRARIES}", "bookworm", str(root), mirror])
        shutil.copy(SOURCES, root / "etc/apt/sources.list.d/")
        (root / "etc/apt/sources.list").write_text("")
        for file in Path("/etc/apt/apt.conf.d").iterdir():
            shutil.copy(file, root / "etc/apt/apt.conf.d/")
        shutil.copy(CERTIFICATES, root / str(CERTIFICATES).lstrip("/"))
        _copy_python(root / "usr/local")
        _run(["chroot", str(root), "ldconfig"])
        _import(environment, root, name)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _copy_python(target: Path) -> None:
    """Copy this Python, which finds its library beside itself wherever it lies; pip comes from its own wheel."""
    prefix, version = Path(sys.base_prefix), f"{sys.version_info.major}.{sys.version_info.minor}"
    ignore = shutil.ignore_patterns(*_NOT_COPIED)
    shutil.copytree(prefix / f"lib/python{version}", target / f"lib/python{version}", ignore=ignore, symlinks=True)
    for library in prefix.glob("lib/libpython*.so*"):
        shutil.copy2(library, target / "lib", follow_symlinks=False)
    shutil.copy2((prefix / f"bin/python{version}").resolve(), target / f"bin/python{version}")
    for alias in ("python", "python3"):
        (target / "bin" / alias).symlink_to(f"python{version}")
    packages = target / f"lib/python{version}/site-packages"
    packages.mkdir()
    wheel = next((prefix / f"lib/python{version}/ensurepip/_bundled").glob("pip-*.whl"))
    _run([sys.executable, "-m", "zipfile", "--extract", str(wheel), str(packages)])
    for alias in ("pip", "pip3"):
        file = target / "bin" / alias
        file.write_text('#!/bin/sh\nexec python3 -m pip "$@"\n')
        file.chmod(0o755)


def _import(environment: dict[str, str], root: Path, name: str) -> None:
    settings = {"PIP_CERT": str(CERTIFICATES), "SSL_CERT_FILE": str(CERTIFICATES), "LANG": "C.UTF-8"}
    settings |= {key: os.environ[key] for key in ("PIP_FIND_LINKS", "PIP_DEFAULT_TIMEOUT") if key in os.environ}
    if extra := _pip_setting("extra-index-url"):
        settings["PIP_EXTRA_INDEX_URL"] = extra
    changes = ["CMD python3", *(f"ENV {key}={value}" for key, value in settings.items() if " " not in value)]
    if " " in settings.get("PIP_EXTRA_INDEX_URL", ""):
        (root / "etc/pip.conf").write_text(f"[global]\nextra-index-url = {settings['PIP_EXTRA_INDEX_URL']}\n")
    options = [word for change in changes for word in ("--change", change)]
    tar = ["tar", "-C", str(root), "--one-file-system", "--exclude=./dev/*", "--exclude=./var/cache/apt/archives/*.deb"]
    with subprocess.Popen([*tar, "-c", "."], stdout=subprocess.PIPE) as packed:
        command = ["podman", "import", "--quiet", *options, "-", name]
        done = subprocess.run(command, stdin=packed.stdout, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def pip_folders() -> list[Path]:
    """Return the folders of this machine in which pip looks for packages."""
    words = f"{os.environ.get('PIP_FIND_LINKS', '')} {_pip_setting('extra-index-url')}".split()
    folders = [Path(word.removeprefix("file://")) for word in words if word.startswith(("/", "file://"))]
    found = [folder.parent if folder.name == "simple" else folder for folder in folders]
    return [folder for folder in found if folder.is_dir()]


def _pip_setting(name: str) -> str:
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{name}"]
    return " ".join(subprocess.run(command, capture_output=True, text=True).stdout.split())


def megabytes(environment: dict[str, str], image: str) -> int:
    """Return the size of an image, in MB."""
    return round(int(podman(environment, "image", "inspect", "--format", "{{.Size}}", image).stdout) / 1e6)


@contextmanager
def _locked() -> Iterator[None]:
    """Keep others from building the same image."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
