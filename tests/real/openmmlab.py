"""OpenMMLab for tests: its libraries in an environment of their own, over the packages of this one.

mmcv's operators take long to compile. They are compiled once, for PART=openmmlab_compiled, and the wheel is kept.
PART=openmmlab does without: mmcv-lite is installed and a stand-in takes the operators' place. The models of example/
call none of them in training, and one that is called all the same says so.
"""

from __future__ import annotations

import os
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from tests.real.clearml_lab import repository
from tests.real.overlay import CACHE, overlay

VERSIONS = {
    "mmengine": "0.10.7",
    "mmcv-lite": "2.1.0",
    "mmsegmentation": "1.2.2",
    "mmdet": "3.3.0",
    "ftfy": "6.3.1",
    "regex": "2025.11.3",
}
MMCV = "2.1.0"
BUILD = {"setuptools": "65.5.0", "wheel": "0.48.0", "ninja": "1.13.2", "psutil": "7.2.2"}
"""What mmcv is compiled with; its setup.py wants pkg_resources."""

OPERATORS = '''\
"""Stands in for mmcv's compiled operators."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def absent(*values, **more):
        raise NotImplementedError(f"mmcv._ext.{name}: the operators were not compiled")

    return absent
'''


def environment() -> Path:
    """Return the environment's Python; the packages are installed once."""
    return overlay("openmmlab", VERSIONS) / "python"


def compiled() -> tuple[Path, Path]:
    """Return a Python whose mmcv has its operators, and the wheel of it, which is compiled once and kept."""
    folder = CACHE / f"mmcv-{MMCV}-torch-{version('torch').partition('+')[0]}"
    if not list(folder.glob("*.whl")):
        pip = [str(overlay("openmmlab-build", BUILD) / "python"), "-m", "pip", "wheel", "--no-build-isolation"]
        environ = {**os.environ, "MMCV_WITH_OPS": "1", "PATH": f"{Path(pip[0]).parent}:{os.environ['PATH']}"}
        words = [*pip, "--no-deps", f"mmcv=={MMCV}", "--wheel-dir", str(folder)]
        begun = time.monotonic()
        done = subprocess.run(words, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-6000:]
        print(f"mmcv {MMCV}: compiled in {(time.monotonic() - begun) / 60:.0f} minutes")
    [wheel] = folder.glob("*.whl")
    whole = {name: number for name, number in VERSIONS.items() if name != "mmcv-lite"} | {"mmcv": MMCV}
    return overlay("openmmlab-compiled", whole, "--find-links", str(folder)) / "python", wheel


def operators(folder: Path) -> None:
    """Write the stand-in for mmcv's operators where PYTHONPATH finds it."""
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(
        "import importlib.machinery, importlib.util, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'mmcv._ext':\n"
        f"            return importlib.util.spec_from_file_location(name, {str(folder / 'operators.py')!r})\n"
        "sys.meta_path.append(Finder())\n"
    )
    (folder / "operators.py").write_text(OPERATORS)


def upstream(folder: Path, python: Path, package: str) -> Path:
    """Return a git repository with what a library's wheel holds of its own: the trainer and the configurations."""
    installed = next(python.parents[1].glob(f"lib/python3*/site-packages/{package}/.mim"))
    paths = [installed / "tools/train.py", *sorted((installed / "configs/_base_").rglob("*.py"))]
    return repository(folder, {path.relative_to(installed).as_posix(): path.read_bytes() for path in paths})
