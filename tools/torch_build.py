"""Installs the torch build that suits the machine, and names the lock that keeps its packages.

Standard library only: the system's python3 runs this before .venv exists.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
CUDA_PACKAGE = re.compile(r"^(nvidia|cuda)-")

# Run inside .venv. Prints torch's version, what it requires, and what is installed of all that hangs on it.
INSPECT = """
import importlib.metadata as metadata, json, re
found, queue = {}, ["torch"]
while queue:
    try:
        dist = metadata.distribution(queue.pop())
    except metadata.PackageNotFoundError:
        continue
    name = re.sub("[-_.]+", "-", dist.metadata["Name"]).lower()
    if name not in found:
        found[name] = {"version": dist.version, "requires": dist.requires or []}
        needed = [text for text in found[name]["requires"] if "extra ==" not in text]
        queue += [re.match("[A-Za-z0-9._-]+", text).group() for text in needed]
print(json.dumps(found))
"""


class TorchBuild(NamedTuple):
    """A build of torch: public version, local tag ("cpu", "cu130"; "" for a public wheel), {name: version} it needs."""

    version: str
    tag: str
    cuda: bool
    packages: Dict[str, str]


def label(build: TorchBuild) -> str:
    """Return the build's whole version, as pip shows it."""
    return f"{build.version}+{build.tag}" if build.tag else build.version


def describe(version: str, requires: List[str], packages: Dict[str, str], platform: str = sys.platform) -> TorchBuild:
    """Return the build that a wheel's metadata describes; public wheels say CUDA only by what they require."""
    public, _, tag = version.partition("+")
    wants_cuda = platform == "linux" and any(CUDA_PACKAGE.match(text) for text in requires)
    return TorchBuild(public, tag, tag.startswith("cu") or (tag == "" and wants_cuda), packages)


def installed(python: Path) -> Optional[TorchBuild]:
    """Return the torch build in `python`'s environment, or None when there is none."""
    result = subprocess.run([str(python), "-c", INSPECT], stdout=subprocess.PIPE, check=True)
    found = json.loads(result.stdout.decode())
    if "torch" not in found:
        return None
    packages = {name: entry["version"] for name, entry in found.items()}
    return describe(found["torch"]["version"], found["torch"]["requires"], packages)


def offered(python: Path, requirement: Path) -> TorchBuild:
    """Return the build that pip would take for `requirement`, by a dry run that reads metadata only."""
    command = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    metadata = taken([*command, "--requirement", str(requirement)], None)
    if metadata is None:
        raise SystemExit("torch: pip finds no wheel of it, see the lines above; is a package index within reach?")
    return describe(metadata["version"], metadata.get("requires_dist", []), {})


def taken(command: List[str], stderr: Optional[int] = subprocess.DEVNULL) -> Optional[Dict[str, Any]]:
    """Return the metadata of the first package that a dry run of pip takes, None when it fails.

    The report goes to a file: on its output pip colours it where FORCE_COLOR is set, as in notebooks.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        asked = [*command, "--report", str(report)]
        if subprocess.run(asked, stdout=subprocess.DEVNULL, stderr=stderr).returncode:
            return None
        return json.loads(report.read_text(encoding="utf-8"))["install"][0]["metadata"]


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is loaded; `nvidia-smi` answers for WSL, where /proc does not."""
    if any(Path(path).exists() for path in ("/proc/driver/nvidia/version", "/sys/module/nvidia/version")):
        return True
    smi = shutil.which("nvidia-smi")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return smi is not None and subprocess.run([smi, "-L"], **quiet).returncode == 0


def refusal(build: TorchBuild, asked: str, driver: bool) -> Optional[str]:
    """Return why `build` must not be installed when `asked` is "auto", "cpu" or "cuda"; None when it may be."""
    if build.cuda and (asked == "cpu" or (asked == "auto" and not driver)):
        reason = "TORCH=cpu was asked for" if asked == "cpu" else "this machine has no NVIDIA driver"
        return (
            f"torch {label(build)}: {reason}, and pip finds only the CUDA build, a download of 4.6 GB; "
            "let uv reach the CPU wheels, or put one into a folder and set PIP_FIND_LINKS to it, "
            "or take the CUDA build with `make env TORCH=cuda`"
        )
    if asked == "cuda" and not build.cuda:
        return f"torch {label(build)}: TORCH=cuda was asked for, and pip finds only this CPU build; drop TORCH=cuda"
    return None


def pins(lock: Path) -> Dict[str, str]:
    """Return {name: version} of the `name==version` lines of a lock."""
    found = (REQUIREMENT.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return {match.group(1).lower(): match.group(2) for match in found if match}


def cuda_tag(cuda_lock: Path) -> str:
    """Return the local tag of the CUDA that torch-cuda.txt was compiled for, as "cu130"."""
    major, minor = pins(cuda_lock)["nvidia-cuda-runtime"].split(".")[:2]
    return f"cu{major}{minor}"


def lock_for(build: TorchBuild, requirements: Path, scratch: Path) -> Path:
    """Return the lock that keeps exactly the packages of the installed `build`.

    torch.txt for a CPU build; torch-cuda.txt for the CUDA it was compiled for, driver or not; any other build (an older
    CUDA, ROCm) is kept as it is: what hangs on it and stands in no other lock is written to `scratch`.
    """
    cuda_lock = requirements / "torch-cuda.txt"
    if build.cuda and build.tag in ("", cuda_tag(cuda_lock)):
        return cuda_lock
    if build.tag in ("", "cpu"):
        return requirements / "torch.txt"
    known = {**pins(requirements / "prod.txt"), **pins(requirements / "dev.txt"), **pins(requirements / "build.txt")}
    own = {name: version for name, version in build.packages.items() if name not in known}
    scratch.write_text("".join(f"{name}=={version}\n" for name, version in sorted(own.items())), encoding="utf-8")
    return scratch


def by_uv(python: Path, requirements: Path, backend: str, environ: Dict[str, str]) -> bool:
    """Let uv install torch for `backend` ("auto", "cpu", "cu130"); False, and one line said, when it cannot."""
    constraints = [text for name in ("prod.txt", "dev.txt") for text in ("--constraint", str(requirements / name))]
    command = [str(python), "-m", "uv", "pip", "install", "--python", str(python), f"--torch-backend={backend}"]
    result = subprocess.run(
        [*command, *constraints, "--reinstall-package", "torch", "--requirement", str(requirements / "torch.txt")],
        env={"UV_HTTP_RETRIES": "1", **environ},
        stderr=subprocess.PIPE,
    )
    lines = result.stderr.decode(errors="replace").splitlines()
    if result.returncode == 0:
        print("\n".join(lines))
        return True
    reason = next((line for line in lines if line.startswith("error")), lines[-1] if lines else "no reason given")
    print(f"torch: uv could not install it ({reason}); asking pip instead", flush=True)
    return False


def by_pip(python: Path, requirements: Path, asked: str) -> None:
    """Let pip install torch alone, unless what it finds does not suit the machine (SystemExit with the way out)."""
    build = offered(python, requirements / "torch.txt")
    reason = refusal(build, asked, has_nvidia_driver())
    if reason:
        raise SystemExit(reason)
    print(f"torch: pip installs {label(build)}", flush=True)
    command = [str(python), "-m", "pip", "install", "--force-reinstall", "--no-deps"]
    if subprocess.run([*command, "--requirement", str(requirements / "torch.txt")]).returncode:
        raise SystemExit(f"torch {label(build)}: pip could not install it; read its lines above")
