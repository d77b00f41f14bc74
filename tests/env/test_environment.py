"""How .venv is made: by conda where there is one, else by venv; and how little a second run does."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import environment
import pytest
import torch_build

from tests.env.outer_make import outside_make

ROOT = Path(__file__).parents[2]
YAML = "dependencies:\n  - python=3.11\n  - cudnn=9.20  # driver\n"


@pytest.fixture
def root(tmp_path):
    """A copy of the files that decide what .venv holds."""
    for name in ("Makefile", "requirements", "tools", "pyproject.toml", "environment.yml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def finished(root: Path, layers: list[str]) -> environment.Environment:
    """Return an environment whose last sync has finished."""
    made = environment.Environment(root, {"PATH": os.environ["PATH"]})
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    (made.prefix / "pyvenv.cfg").touch()
    state = {"digest": made.digest(layers), "layers": layers, "torch": "cpu"}
    made.stamp.write_text(json.dumps(state), encoding="utf-8")
    return made


def fake_conda(folder: Path, name: str = "conda", fails: bool = False) -> dict[str, str]:
    """Put a program `name` on a PATH of its own; it appends its arguments to `said`, and its Python does nothing."""
    folder.mkdir()
    program = folder / name
    program.write_text(
        f'#!/bin/sh\nset -eu\necho "$*" >> "{folder}/said"\n'
        'while [ "$1" != --prefix ]; do shift; done\nmkdir -p "$2/conda-meta" "$2/bin"\n'
        'printf "#!/bin/sh\\n" > "$2/bin/python"\n'
        f'chmod +x "$2/bin/python"\ncat "$4" > "{folder}/file"\n'
        f'echo "$CONDA_SOLVER" > "{folder}/solver"\nexit {int(fails)}\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize("build", ["", "auto", "cpu"])
def test_a_second_make_env_with_nothing_changed_takes_under_two_seconds(root, build):
    finished(root, ["prod", "dev"])
    start = time.perf_counter()
    words, environ = ["make", "env", f"PYTHON={sys.executable}"], {**outside_make(), "TORCH": build}
    result = subprocess.run(words, cwd=root, env=environ, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(("build", "is_there"), [("", True), ("cpu", True), ("cuda", False), ("rocm", False)])
def test_another_build_of_torch_asks_for_a_sync(root, build, is_there):
    made = finished(root, ["prod", "dev"])
    made.environ["TORCH"] = build
    assert made.has_torch(["prod", "dev"]) == is_there and made.has_torch(["prod"])


@pytest.mark.parametrize(
    "name", ["requirements/dev.txt", "requirements/build.txt", "environment.yml", "pyproject.toml"]
)
def test_a_changed_source_asks_for_a_sync(root, name):
    made = finished(root, ["prod", "dev"])
    assert made.is_current(["prod", "dev"])
    with (root / name).open("a") as handle:
        handle.write("# changed\n")
    assert not made.is_current(["prod", "dev"])


def test_a_layer_that_is_there_stays_when_a_target_needs_less(root):
    made = finished(root, ["prod", "dev", "lint"])
    assert made.layers(["prod", "dev"]) == ["prod", "dev", "lint"]


def test_a_lean_environment_is_kept_lean_and_grows_when_more_is_asked_for(root):
    made = finished(root, ["prod"])
    assert made.layers(["prod"]) == ["prod"]
    assert made.is_current(["prod"]) and not made.is_current(["prod", "dev"])
    assert made.layers(["prod", "dev"]) == ["prod", "dev"]


def test_an_interrupted_sync_is_done_again(root):
    made = finished(root, ["prod", "dev"])
    made.stamp.write_text('{"digest": "', encoding="utf-8")
    assert not made.is_current(["prod", "dev"])


@pytest.mark.parametrize("version", [(3, 11, 4), (3, 10, 13), (3, 8, 18)])
def test_an_old_python_is_refused_with_its_version(version):
    with pytest.raises(
        SystemExit, match=rf"this is Python {version[0]}\.{version[1]}\.{version[2]}, .* 3\.11\.5 or newer"
    ):
        environment.check_python(version, "python3")


@pytest.mark.parametrize("version", [(3, 11, 5), (3, 12, 0), (3, 14, 1)])
def test_a_new_enough_python_is_taken(version):
    environment.check_python(version, "python3")


def test_the_tools_can_be_read_by_an_old_python():
    for name in ("environment.py", "torch_build.py"):
        text = (ROOT / "tools" / name).read_text(encoding="utf-8")
        compile(text, name, "exec", dont_inherit=True)
        assert "from __future__" not in text and " | None" not in text and ":=" not in text


@pytest.mark.parametrize(
    ("name", "verb"),
    [("conda", "env create"), ("mamba", "env create"), ("micromamba", "create")],  # micromamba has no env create
)
def test_conda_creates_the_prefix_and_then_updates_it_pruned(root, tmp_path, name, verb):
    made = environment.Environment(root, fake_conda(tmp_path / "bin", name))
    made.create()
    made.write({"listing": made.listing()})
    made.create()  # there already: nothing to do
    made.conda_update()
    said = (tmp_path / "bin" / "said").read_text().splitlines()
    tail = f"--prefix {made.prefix} --file {root / '.environment.yml'}"
    assert said == [f"{verb} {tail}", f"env update --prune {tail}"]
    assert (tmp_path / "bin" / "solver").read_text() == "libmamba\n"
    assert not (root / ".environment.yml").exists()


@pytest.mark.parametrize(("driver", "lines"), [(True, 3), (False, 2)])
def test_conda_fetches_cuda_only_where_there_is_a_driver(root, tmp_path, monkeypatch, driver, lines):
    monkeypatch.setattr(torch_build, "has_nvidia_driver", lambda: driver)
    (root / "environment.yml").write_text(YAML, encoding="utf-8")
    environment.Environment(root, fake_conda(tmp_path / "bin")).create()
    assert len((tmp_path / "bin" / "file").read_text().splitlines()) == lines


def test_a_venv_stays_a_venv_when_conda_appears_later(root, tmp_path):
    made = finished(root, ["prod"])
    made.environ = fake_conda(tmp_path / "bin")
    assert made.manager() == ("venv", "")
    with pytest.raises(SystemExit, match=r"\.venv: it was made by venv; .*make clean"):
        made.conda_update()


def test_conda_can_be_declined(root, tmp_path):
    environ = {**fake_conda(tmp_path / "bin"), "LAB_MANAGER": "venv"}
    assert environment.Environment(root, environ).manager() == ("venv", "")


def test_make_finds_the_conda_on_the_path(root, tmp_path):
    """A Makefile exports a variable that nobody has set as an empty one."""
    environ = {**outside_make(), **fake_conda(tmp_path / "bin", fails=True)}
    command = ["make", "conda-update", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True)
    assert done.stdout == "env: conda env create into .venv\n" and "read what conda says above" in done.stderr


def test_a_manager_that_is_none_is_answered_with_the_list(root):
    made = environment.Environment(root, {"PATH": "/usr/bin:/bin", "LAB_MANAGER": "cnoda"})
    with pytest.raises(SystemExit, match="LAB_MANAGER=cnoda: no such manager; give conda, mamba, micromamba or venv"):
        made.create()


def test_a_conda_that_is_named_and_not_there_is_not_called(root):
    environ = {"PATH": "/usr/bin:/bin", "CONDA_EXE": str(root / "no/conda")}
    assert environment.Environment(root, environ).manager() == ("venv", "")


def test_a_half_made_conda_prefix_is_made_anew_and_a_changed_listing_updates_it(root, tmp_path):
    made = environment.Environment(root, fake_conda(tmp_path / "bin"))
    (made.prefix / "conda-meta").mkdir(parents=True)
    made.create()
    made.write({"listing": made.listing()})
    with (root / "environment.yml").open("a") as listing:
        listing.write("  - zlib\n")
    made.create()
    verbs = [line.split(" --prefix")[0] for line in (tmp_path / "bin/said").read_text().splitlines()]
    assert verbs == ["env create", "env update --prune"]


@pytest.mark.slow
def test_a_prefix_that_was_moved_is_made_anew(root, tmp_path):
    """Its programs begin with the old folder's name."""
    environ = {"PATH": os.environ["PATH"], "LAB_MANAGER": "venv"}
    environment.Environment(root, environ).create()
    environment.Environment(root, environ).write({"layers": []})
    moved = Path(shutil.copytree(root, tmp_path / "with a space", symlinks=True))
    environment.Environment(moved, environ).create()
    pip = moved / ".venv/bin/pip"
    assert str(moved / ".venv/bin/python") in pip.read_text()


@pytest.mark.slow
def test_a_prefix_may_be_a_link_to_another_disk(root, tmp_path):
    (tmp_path / "disk").mkdir()
    (root / ".venv").symlink_to(tmp_path / "disk")
    made = environment.Environment(root, {"PATH": os.environ["PATH"], "LAB_MANAGER": "venv"})
    made.create()
    assert made.works() and (root / ".venv").is_symlink() and (tmp_path / "disk/pyvenv.cfg").exists()


def test_a_conda_prefix_may_be_a_link_to_an_empty_folder(root, tmp_path):
    (tmp_path / "disk").mkdir()
    (root / ".venv").symlink_to(tmp_path / "disk")
    environment.Environment(root, fake_conda(tmp_path / "bin")).create()
    assert (root / ".venv").is_symlink() and (tmp_path / "disk/conda-meta").is_dir()


@pytest.mark.slow
def test_a_venv_that_lost_its_mark_is_made_anew(root):
    """Its Python would take the machine's own packages for its own, and install among them."""
    made = environment.Environment(root, {"PATH": os.environ["PATH"], "LAB_MANAGER": "venv"})
    made.create()
    made.write({"digest": made.digest(["prod"]), "layers": ["prod"]})
    assert made.is_current(["prod"])
    (made.prefix / "pyvenv.cfg").unlink()
    assert not made.is_current(["prod"])
    made.create()
    assert (made.prefix / "pyvenv.cfg").exists() and not made.stamp.exists()


def test_a_python_that_is_asked_for_is_not_passed_over_in_silence(root):
    made = finished(root, ["prod"])
    (made.prefix / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.10.2\n")
    made.ensure(["prod"])  # nothing was asked for
    made.environ = {**made.environ, "PYTHON": "python3"}
    with pytest.raises(SystemExit, match=r"\.venv: it holds Python 3\.10 and PYTHON=python3 is 3\.1\d; run make clean"):
        made.ensure(["prod"])


def test_a_sync_that_fails_forgets_no_layer(root, monkeypatch):
    made = finished(root, ["prod", "dev", "lint"])
    monkeypatch.setattr(made, "install_tools", lambda: sys.exit("no network"))
    with (root / "environment.yml").open("a") as listing:
        listing.write("# changed\n")
    with pytest.raises(SystemExit, match="no network"):
        made.ensure(["prod"])
    assert not made.is_current(["prod", "dev", "lint"]) and made.layers(["prod"]) == ["prod", "dev", "lint"]


def test_a_file_system_without_locks_is_no_obstacle(root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSYS, "no locks")

    monkeypatch.setattr(environment.fcntl, "flock", refuse)
    with environment.alone(root / "requirements/build.txt"):
        pass


def test_conda_update_without_conda_says_what_is_missing(root):
    with pytest.raises(SystemExit, match="no conda, mamba or micromamba on PATH; install one"):
        environment.Environment(root, {"PATH": "/nowhere"}).conda_update()


def test_a_mistyped_torch_build_is_answered_with_the_list(root):
    with pytest.raises(SystemExit, match="TORCH=gpu: no such build; give auto, cpu or cuda"):
        environment.Environment(root, {"TORCH": "gpu"}).install_torch()
