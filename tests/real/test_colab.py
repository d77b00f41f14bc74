"""Run all of the Colab notebook on newer Pythons, among other versions of packages, ends green without input.

The repository is cloned from a file:// address, as on Colab from its own. A Python that is not there fails the test.
"""

import copy
import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.12", "3.13")
BROUGHT = ("torch", "numpy<2.3", "pillow<12", "pandas", "ipykernel")
"""What Colab brings, in versions that are not ours: a newer torch, an older numpy and pillow."""

pytestmark = pytest.mark.real


def python(version: str) -> str:
    """Return the program of a Python version; an AssertionError if this machine has none."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    found = str(managed[-1]) if managed else shutil.which(f"python{version}")
    assert found, f"python{version}: not on this machine; install it, the simulated Colab needs it"
    return found


def brought(version: str) -> Path:
    """Return an environment as Colab brings one; kept in a cache folder, since torch is large."""
    folder = Path.home() / ".cache" / "text-recognizer-lab" / f"colab-{version}"
    if not (folder / "ready").exists():
        subprocess.run([python(version), "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-compile"]
        subprocess.run([*pip, *BROUGHT], check=True)
        (folder / "ready").touch()
    return folder


def origin(folder: Path) -> str:
    """Return the address of a repository that holds the working tree, tagged as a release."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "all"], ["tag", f"v{version}"]):
        subprocess.run(["git", *who, *words], cwd=folder, check=True)
    return folder.as_uri()


def versions(environment: Path) -> dict[str, str]:
    command = [str(environment / "bin/python"), "-m", "pip", "list", "--format", "json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {entry["name"].lower(): entry["version"] for entry in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_run_all_ends_green_and_torch_and_numpy_stay(version, tmp_path, monkeypatch):
    environment = brought(version)
    before = versions(environment)
    kernel = tmp_path / "share" / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    start = [str(environment / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": start, "display_name": "colab", "language": "python"}))
    (tmp_path / "origin").mkdir()
    (tmp_path / "content").mkdir()
    settings = {"JUPYTER_PATH": str(tmp_path / "share" / "jupyter"), "LAB_FAST": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    settings |= {"LAB_REPOSITORY": origin(tmp_path / "origin"), "PATH": f"{environment}/bin:{os.environ['PATH']}"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook = copy.deepcopy(nbformat.read(ROOT / "notebooks" / "colab_testing.ipynb", as_version=4))
    place = {"metadata": {"path": str(tmp_path / "content")}}
    client = NotebookClient(notebook, timeout=3000, kernel_name="colab", resources=place, allow_errors=True)
    client.execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    failed = [out for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "error"]
    assert not failed, said[-6000:] + str(failed)[-2000:]
    assert " passed" in said and "compared, " in said
    after = versions(environment)
    assert {name: after[name] for name in ("torch", "numpy")} == {name: before[name] for name in ("torch", "numpy")}
