"""Which Python does a task: decided by the script, where it runs."""

import os
import stat
import subprocess
import sys
import zipfile

import pytest

from mlbox.cli import main
from tests.mlbox.boxes import small_box

SAYS = "import sys; print(sys.prefix); import lab_small_wheel"


def wheel(folder, version):
    """Write a wheel of one module."""
    folder.mkdir(exist_ok=True)
    info = f"lab_small_wheel-{version}.dist-info"
    with zipfile.ZipFile(folder / f"lab_small_wheel-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("lab_small_wheel.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lab-small-wheel\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A box that needs a wheel; neither uv nor conda is on PATH."""
    wheel(tmp_path / "wheels", "1.0")
    for name, value in {
        "PIP_FIND_LINKS": tmp_path / "wheels",
        "PIP_NO_INDEX": 1,
        "MLBOX_CACHE": tmp_path / "cache",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    box = small_box(tmp_path / "box", "  t: {}\n", SAYS, "    requirements: [requirements.txt]\n")
    (box / "requirements.txt").write_text("lab-small-wheel==1.0  # the only one\n")
    return box


def test_an_environment_is_made_once_in_the_cache(box, tmp_path, capfd):
    assert main(["configure", str(box)]) == 0
    assert "by venv (neither uv nor conda is needed)" in capfd.readouterr().err
    assert main(["run", f"{box}:t"]) == 0
    told = capfd.readouterr()
    assert "(made before)" in told.err and told.out.startswith(str(tmp_path / "cache/envs"))
    assert not list(box.rglob("pyvenv.cfg"))
    wheel(tmp_path / "wheels", "2.0")
    (box / "requirements.txt").write_text("lab-small-wheel==2.0\n")
    assert main(["run", f"{box}:t"]) == 0
    assert "environment python changed" in capfd.readouterr().err


def test_the_active_environment_is_taken_if_it_has_all(box, tmp_path, capfd, monkeypatch):
    active = tmp_path / "active"
    subprocess.run([sys.executable, "-m", "venv", str(active)], check=True)
    subprocess.run([active / "bin/python", "-m", "pip", "install", "-q", "lab-small-wheel"], check=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    assert main(["run", f"{box}:t"]) == 0
    told = capfd.readouterr()
    assert told.out == f"{active}\n" and "the active environment has all that is needed" in told.err


def fake(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod((folder / name).stat().st_mode | stat.S_IXUSR)


def test_conda_makes_it_where_there_is_an_environment_yml(box, tmp_path, capfd, monkeypatch):
    (box / "environment.yml").write_text("name: lab\n")
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text + "    environment: environment.yml\n")
    makes = f'while [ "$1" != --prefix ]; do shift; done; {sys.executable} -m venv "$2"; echo conda "$@" >&2'
    fake(tmp_path / "bin", "micromamba", makes)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert main(["run", f"{box}:t"]) == 0
    told = capfd.readouterr().err
    assert "by conda (there is an environment.yml)" in told and f"--file {box.resolve()}/environment.yml" in told


def test_uv_makes_it_where_it_is_there(box, tmp_path, capfd, monkeypatch):
    makes = f'if [ "$1" = venv ]; then shift 4; exec {sys.executable} -m venv "$@"; fi\nshift 4\nexec "$python" "$@"'
    fake(tmp_path / "bin", "uv", makes.replace('exec "$python" "$@"', "exit 0"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert main(["run", f"{box}:t"]) == 1  # this uv installs nothing, and the task finds it out
    assert "by uv (uv is there)" in capfd.readouterr().err


def test_a_python_of_2020_that_nobody_has(box, capfd):
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text + "    version: '3.6'\n")
    assert main(["run", f"{box}:t"]) == 122
    assert "Python 3.6 is not on" in capfd.readouterr().err


def test_what_cannot_be_installed_is_told(box, capfd):
    (box / "requirements.txt").write_text("lab-small-wheel==9.0\n")
    assert main(["run", f"{box}:t"]) == 122
    told = capfd.readouterr().err
    assert "the packages cannot be installed on" in told and "package index within reach" in told
    assert not [path for path in os.scandir(os.environ["MLBOX_CACHE"] + "/envs") if path.is_dir()]


def test_system_means_the_python_that_is_there(box, capfd):
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text.replace("    requirements: [requirements.txt]\n", "    python: system\n"))
    (box / "implementation/src/task.py").write_text("import sys; print(sys.prefix)")
    assert main(["run", f"{box}:t"]) == 0
    assert capfd.readouterr().out == f"{sys.prefix}\n"


def test_an_environment_of_its_own_may_hold_nothing_but_python(box, tmp_path, capfd, monkeypatch):
    text = (box / "mlbox.yaml").read_text().replace("    requirements: [requirements.txt]\n", "    python: venv\n")
    (box / "mlbox.yaml").write_text(text)
    (box / "implementation/src/task.py").write_text("import sys; print(sys.prefix)")
    assert main(["run", f"{box}:t"]) == 0
    told = capfd.readouterr()
    assert told.out.startswith(str(tmp_path / "cache/envs")) and "made by venv: python: venv" in told.err
    makes = f'while [ "$1" != --prefix ]; do shift; done; exec {sys.executable} -m venv "$2"'
    fake(tmp_path / "bin", "micromamba", makes)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("MLBOX_CACHE", str(tmp_path / "other"))
    (box / "mlbox.yaml").write_text(text.replace("python: venv", "python: conda"))
    assert main(["run", f"{box}:t"]) == 0
    assert "made by conda: python: conda" in capfd.readouterr().err
