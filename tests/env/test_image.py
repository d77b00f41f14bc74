"""What make image and make sif say and run. The engines here are small programs that record their calls."""

from pathlib import Path

import image
import pytest

ROOT = Path(__file__).parents[2]
RECORD = """#!/bin/sh
echo "$(basename "$0") $*" >> "$SAID"
case "$1 $2" in
    "image inspect") echo 123000000 ;;
    save*) while [ "$1" != -o ]; do shift; done; echo archive > "$2" ;;
    build*) while [ $# -gt 1 ]; do case "$1" in *.sif) echo sif > "$1" ;; esac; shift; done ;;
esac
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return a function that puts recording programs on an otherwise empty PATH; what they were told is in `said`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.delenv("ENGINE", raising=False)
    for name in ("sh", "basename"):
        (folder / name).symlink_to(next(p for p in (Path("/bin") / name, Path("/usr/bin") / name) if p.exists()))

    def put(*names: str) -> None:
        for name in names:
            (folder / name).write_text(RECORD)
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return put


def said(tmp_path: Path) -> list[str]:
    return (tmp_path / "said").read_text().splitlines()


def test_an_image_is_built_from_its_dockerfile_under_the_repositorys_version(programs, tmp_path, capsys):
    programs("docker")
    assert image.main(ROOT, ["build", "TextRecognizer", "--build-arg", "TORCH=cuda"]) == 0
    tag = image.reference(ROOT, "TextRecognizer")
    file = ROOT / "docker/TextRecognizer/Dockerfile"
    assert said(tmp_path)[0] == f"docker build --build-arg TORCH=cuda --tag {tag} --file {file} {ROOT}"
    assert f"{tag}: 123 MB, built in" in capsys.readouterr().out


def test_a_sif_is_made_straight_from_the_local_image_without_a_registry(programs, tmp_path):
    programs("podman", "apptainer")
    target = tmp_path / "lab.sif"
    assert image.main(ROOT, ["sif", "--no-build", "--out", str(target)]) == 0
    save, build = said(tmp_path)
    assert save.startswith("podman save --format docker-archive -o ")
    assert build.startswith("apptainer build ") and "docker-archive:" in build and "docker://" not in build
    assert target.read_text() == "sif\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "lab.sif", "said"]


@pytest.mark.parametrize(
    ("there", "arguments", "message"),
    [
        ((), ["build"], "podman and docker: not installed; install podman or docker"),
        (("podman",), ["build", "Nothing"], "NAME=Nothing: there is no such image; give one of TextRecognizer"),
        (("podman",), ["sif", "--no-build"], "apptainer and singularity: not installed; install apptainer"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(programs, there, arguments, message, capsys):
    programs(*there)
    assert image.main(ROOT, arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].split(", TextRecognizer")[0].startswith(message.split("give one of")[0])


def test_an_engine_can_be_chosen(programs, tmp_path, monkeypatch):
    programs("podman", "docker")
    monkeypatch.setenv("ENGINE", "docker")
    assert image.main(ROOT, ["build"]) == 0
    assert said(tmp_path)[0].startswith("docker build ")


def test_a_change_of_code_alters_no_layer_of_what_is_installed():
    """Everything copied before the installation is what decides .venv; the rest comes after it."""
    lines = (ROOT / "docker/TextRecognizer/Dockerfile").read_text(encoding="utf-8").splitlines()
    install = next(number for number, line in enumerate(lines) if "tools/environment.py env" in line)
    copied = " ".join(line for line in lines[:install] if line.startswith("COPY") and "--from" not in line)
    assert "text_recognizer" not in copied and " . " not in copied
    assert any(line.startswith("COPY") and line.endswith(". .") for line in lines[install:])


def test_the_ignore_file_keeps_environments_and_runs_out_of_the_image():
    ignored = (ROOT / "docker/TextRecognizer/Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", "runs"} <= set(ignored)
