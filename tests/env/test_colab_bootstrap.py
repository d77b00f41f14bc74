"""What the notebooks install on a machine with an environment of its own, and what they leave alone. pip is real."""

import json
import os
import re
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import compare_environment
import install_missing
import pytest
import torch_build

from tests.env.wheels import write_wheel

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROGRAM = ROOT / "tools" / "install_missing.py"


def bootstrap(path: Path) -> str:
    """Return what the first code cell of a notebook does before its own settings."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = "".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code"))
    return source[: source.index("os.chdir(root)")]


def test_every_notebook_starts_in_the_same_way():
    assert len({bootstrap(path) for path in NOTEBOOKS}) == 1


def test_run_all_of_the_testing_notebook_runs_what_ci_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    everything, fast = re.findall(r'pytest -m "([^"]+)"', makefile)[:2]
    notebook = (ROOT / "notebooks" / "colab_testing.ipynb").read_text(encoding="utf-8")
    assert f'MARKS = \\"{everything}\\"' in notebook
    assert f'MARKS += \\"{fast.removeprefix(everything)}\\"' in notebook
    assert "input(" not in notebook and "getpass" not in notebook


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A bare Python that brought numpy 1.0 and helper 1.0, a folder as index, and a repository that wants more."""
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    shelf = tmp_path / "shelf"
    settings = {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(shelf), "DISABLE_PIP_VERSION_CHECK": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in ("numpy", "helper"):
        for version in ("1.0", "2.0"):
            write_wheel(shelf, name, version)
    write_wheel(shelf, "wanted", "1.0")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy==1.0", "helper==1.0"], check=True)
    folder = tmp_path / "lab" / "requirements"
    folder.mkdir(parents=True)
    for name, text in (("prod.in", "-r read.in\n"), ("read.in", "numpy\nwanted\n"), ("dev.in", ""), ("torch.txt", "")):
        (folder / name).write_text(text)
    tools = tmp_path / "lab" / "tools"
    tools.mkdir()
    for name in ("install_missing.py", "lock_checks.py", "torch_build.py"):
        (tools / name).symlink_to(ROOT / "tools" / name)
    return tmp_path


def install(machine: Path, *files: str) -> subprocess.CompletedProcess[str]:
    command = [
        machine / "env/bin/python",
        "-c",
        f"import sys; sys.path.insert(0, {str(machine / 'lab/tools')!r})\n{RUN}",
    ]
    return subprocess.run([*map(str, command), str(machine / "lab"), *files], capture_output=True, text=True)


RUN = (
    "import install_missing; from pathlib import Path; sys.exit(install_missing.main(Path(sys.argv[1]), sys.argv[2:]))"
)


def there(machine: Path) -> dict[str, str]:
    command = [machine / "env/bin/python", "-m", "pip", "list", "--format", "json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {entry["name"]: entry["version"] for entry in found if entry["name"] not in ("pip", "setuptools")}


def test_only_what_is_missing_is_installed(machine):
    done = install(machine)
    assert (done.returncode, done.stdout) == (0, "installing wanted\n"), done.stderr
    assert there(machine) == {"numpy": "1.0", "helper": "1.0", "wanted": "1.0"}
    assert install(machine).stdout == ""


def test_more_files_may_be_asked_for_and_pip_stays_as_it_is(machine):
    (machine / "lab/requirements/build.txt").write_text("pip==1.0\nhelper==2.0\n")
    assert install(machine, "build.txt").stdout == "installing wanted helper==2.0\n"
    assert install(machine, "built.txt").stderr.endswith("error: built.txt: requirements/ has no such file\n")


def test_a_helper_may_move_where_it_must_and_numpy_stays(machine):
    write_wheel(machine / "shelf", "wanted", "1.1", requires=("numpy", "helper>=2"))
    (machine / "lab/requirements/read.in").write_text("numpy\nwanted>=1.1\n")
    done = install(machine)
    assert done.returncode == 0 and "again, keeping only numpy, torch" in done.stdout, done.stderr
    assert there(machine) == {"numpy": "1.0", "helper": "2.0", "wanted": "1.1"}


def test_what_would_replace_numpy_is_not_installed_at_all(machine):
    write_wheel(machine / "shelf", "wanted", "1.1", requires=("numpy>=2",))
    (machine / "lab/requirements/read.in").write_text("numpy\nwanted>=1.1\n")
    done = install(machine)
    assert done.returncode != 0 and "conflicting dependencies" in done.stderr
    assert "again, keeping only numpy, torch" in done.stdout
    assert there(machine) == {"numpy": "1.0", "helper": "1.0"}


def test_a_version_that_the_sources_refuse_counts_as_missing(machine):
    (machine / "lab/requirements/read.in").write_text("numpy\nhelper>=2\n")
    assert install(machine).stdout == "installing helper>=2\n"
    assert there(machine)["helper"] == "2.0"


def test_what_the_sources_ask_for_is_found_through_their_includes():
    names = {re.split(r"[\[<>=]", line)[0] for line in install_missing.wanted(ROOT / "requirements", "prod.in")}
    assert {"numpy", "onnxruntime", "fastapi"} <= names


def test_the_table_says_what_differs_from_ours(capsys):
    assert compare_environment.main(ROOT, ["--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["package", "ours", "here"]
    assert lines[1].split()[0] == "python" and sys.version.split()[0] in lines[1]
    locked, here = torch_build.pins(ROOT / "requirements/prod.txt")["numpy"], metadata.version("numpy")
    numpy = next(line for line in lines if line.split()[0] == "numpy")
    assert numpy.split()[1:3] == [locked, here] and numpy.endswith("same") == (locked == here)
    assert lines[-1].endswith("none is missing")
