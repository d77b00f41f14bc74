"""A conda for tests: the same command lines, solved for real by rattler against a channel in a folder.

Conda's own program is on no index that tests may use. What is real here: environment.yml's semantics, the solver, the
installation into a prefix with its conda-meta. What is invented: the packages, of which only Python and pip hold files.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import version_truth
import yaml

ROOT = Path(__file__).parents[2]
SUBDIRECTORIES = ("linux-64", "noarch")
TRUTH = version_truth.read(ROOT).values
FULL = ".".join(map(str, sys.version_info[:3]))


def channel_of(home: Path) -> Path:
    """Write a channel and the programs conda and mamba into a folder, and return it.

    The channel holds this machine's Python, older and newer ones, pip, CUDA and cuDNN in two versions each.
    """
    channel = home / "channel"
    package(channel, "python", FULL, python_files())
    package(channel, "python", "3.10.13")
    package(channel, "python", "3.12.1")
    package(channel, "pip", TRUTH["pip"], pip_files(home / "pip"), depends=("python",))
    package(channel, "pip", "23.0")
    for name in ("cuda-version", "cudnn"):
        package(channel, name, "8.0")
    package(channel, "cuda-version", TRUTH["cuda"])
    package(channel, "cudnn", f"{TRUTH['cudnn']}.0", depends=(f"cuda-version >={TRUTH['cuda']}",))
    index(channel)
    (home / "bin").mkdir(parents=True)
    for name in ("conda", "mamba"):
        start = f'PYTHONPATH="{ROOT}:{ROOT}/tools" exec "{sys.executable}" -m tests.real.conda_stand_in "$@"'
        (home / "bin" / name).write_text(f"#!/bin/sh\n{start}\n")
        (home / "bin" / name).chmod(0o755)
    return home


def package(
    channel: Path, name: str, version: str, files: dict[str, Path] | None = None, depends: tuple[str, ...] = ()
):
    """Write a conda package of the given files ({path in the prefix: file}) into the channel."""
    folder = channel / "linux-64"
    folder.mkdir(parents=True, exist_ok=True)
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "subdir": "linux-64"}
    files = files or {}
    entries = [
        {"_path": path, "path_type": "softlink" if file.is_symlink() else "hardlink"} for path, file in files.items()
    ]
    texts = {
        "info/index.json": json.dumps({**index, "depends": list(depends), "arch": "x86_64", "platform": "linux"}),
        "info/files": "".join(f"{path}\n" for path in files),
        "info/paths.json": json.dumps({"paths": entries, "paths_version": 1}),
    }
    with tarfile.open(folder / f"{name}-{version}-0.tar.bz2", "w:bz2", compresslevel=1) as archive:
        for path, text in texts.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        for path, file in files.items():
            archive.add(file, arcname=path, recursive=False)


def python_files() -> dict[str, Path]:
    """Return {path in a prefix: file} of this machine's Python, which finds its library wherever it lies."""
    base, version = Path(sys.base_prefix), f"{sys.version_info.major}.{sys.version_info.minor}"
    library = base / "lib" / f"python{version}"
    left_out = {"site-packages", "test", "__pycache__", "idlelib", "turtledemo", "tkinter", "lib2to3"}
    files = {}
    for file in library.rglob("*"):
        if file.is_file() and not left_out & set(file.relative_to(library).parts) and file.suffix != ".a":
            files[f"lib/python{version}/{file.relative_to(library)}"] = file
    for file in base.glob("lib/libpython*.so*"):
        files[f"lib/{file.name}"] = file.resolve()
    program = (base / "bin" / f"python{version}").resolve()
    return files | {f"bin/{name}": program for name in ("python", "python3", f"python{version}")}


def pip_files(folder: Path) -> dict[str, Path]:
    """Return {path in a prefix: file} of the pip that this Python bundles, unpacked into `folder`."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wheel = next((Path(sys.base_prefix) / f"lib/python{version}/ensurepip/_bundled").glob("pip-*.whl"))
    shutil.unpack_archive(wheel, folder, "zip")
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {f"lib/python{version}/site-packages/{file.relative_to(folder)}": file for file in files}


def index(channel: Path) -> None:
    """Write the channel's index, as a server of packages has one."""
    (channel / "noarch").mkdir(exist_ok=True)
    asyncio.run(importlib.import_module("rattler.index").index_fs(str(channel)))


async def solve_into(prefix: Path, specs: list[str], channel: Path, cache: Path) -> list[str]:
    """Solve the specs, make the prefix hold exactly the answer, and return `name version` of each package."""
    rattler = importlib.import_module("rattler")
    records = await rattler.solve(
        sources=[rattler.Channel(channel.as_uri())],
        specs=[rattler.MatchSpec(text) for text in specs],
        platforms=[rattler.Platform(name) for name in SUBDIRECTORIES],
        virtual_packages=[],
        gateway=rattler.Gateway(),
    )
    await rattler.install(records, target_prefix=str(prefix), cache_dir=str(cache))
    return sorted(f"{record.name.normalized} {record.version}" for record in records)


def specs_of(listing: Path) -> list[str]:
    """Return the conda specs of an environment.yml; its `pip:` part is pip's work and refused here."""
    parts = yaml.safe_load(listing.read_text(encoding="utf-8"))["dependencies"]
    if any(isinstance(part, dict) for part in parts):
        raise SystemExit("conda: a pip: section; the locks install Python packages")
    return [part if any(sign in part for sign in "<>~") else part.replace("=", " =", 1) for part in parts]


def parser() -> argparse.ArgumentParser:
    """Return the command line: the part of conda's that this repository and its instructions use."""
    top = argparse.ArgumentParser(prog="conda")
    commands = top.add_subparsers(dest="command", required=True)
    env = commands.add_parser("env").add_subparsers(dest="verb", required=True)
    for name in ("create", "update"):
        verb = env.add_parser(name)
        verb.add_argument("--prefix", type=Path, required=True)
        verb.add_argument("--file", type=Path, required=True)
        verb.add_argument(
            "--solver", choices=["libmamba", "classic"], default=os.environ.get("CONDA_SOLVER", "classic")
        )
        verb.add_argument("--prune", action="store_true")
    clean = commands.add_parser("clean")
    clean.add_argument("--all", action="store_true", required=True)
    config = commands.add_parser("config")
    config.add_argument("--set", nargs=2, metavar=("KEY", "VALUE"), required=True)
    return top


def main(arguments: list[str] | None = None) -> None:
    """Run one conda command; CONDA_STAND_IN names the folder that holds `channel`, `cache` and `condarc`."""
    home = Path(os.environ["CONDA_STAND_IN"])
    options = parser().parse_args(arguments)
    if options.command == "clean":
        shutil.rmtree(home / "cache", ignore_errors=True)
    elif options.command == "config":
        (home / "condarc").write_text(f"{options.set[0]}: {options.set[1]}\n", encoding="utf-8")
    else:
        if options.verb == "create" and (options.prefix / "conda-meta").exists():
            raise SystemExit(f"CondaValueError: prefix already exists: {options.prefix}")
        specs = specs_of(options.file)
        try:
            made = asyncio.run(solve_into(options.prefix, specs, home / "channel", home / "cache"))
        except Exception as error:  # whatever the solver says, as conda does
            raise SystemExit(f"{type(error).__name__}: {error}") from None
        print(f"solver {options.solver}:", *made, sep="\n  ")


if __name__ == "__main__":
    code: str | int | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    # The solver's own threads may still be ending: now and then they upset an ordinary end of Python.
    os._exit(1 if isinstance(code, str) else code or 0)
