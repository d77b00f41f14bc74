"""Every command in every document is run by a test: documented_commands.txt says by which."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
import site_files
from PIL import Image

from tests.env.outer_make import outside_make

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "app_gradio/examples/2 a printed page.png"
LINE = ROOT / "app_gradio/examples/3 one line.png"
PROGRAMS = re.compile(
    r"(\.venv/bin/\S+|make|python3?|docker|podman|text-recognizer|sbatch|curl|apptainer|ssh|conda|git|sam|uv|pip|apt-get"
    r"|clearml-\w+|bash|ocrmypdf|wandb|mamba|module|srun|podman-compose|tesseract|label-studio|sudo)\s"
)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SYNOPSIS = re.compile(r" \[[A-Z]|\bBOX\b|\|logs\|")
"""What stands for many commands: the words that a user replaces are no command."""


@dataclass(frozen=True)
class Row:
    """How the commands of a pattern are tested."""

    how: str
    pattern: re.Pattern[str]


def rows() -> list[Row]:
    found = []
    for path in sorted((ROOT / "tests").glob("*/documented_commands.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                how, _, pattern = line.partition(" | ")
                found.append(Row(how, re.compile(pattern)))
    return found


def commands(name: str) -> list[str]:
    """Return the commands that a document shows, without their comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = [block for kind, block in FENCED.findall(text) if kind in ("", "sh", "bash")]
    lines = [line for block in blocks for line in block.replace("\\\n", "").splitlines()]
    lines += re.findall(r"^    (\S.*)$", FENCED.sub("", text), re.MULTILINE)
    typed = (re.sub(r"\s+#.*", "", line.strip()) for line in lines)
    return [line for line in typed if PROGRAMS.match(line) and not SYNOPSIS.search(line)]


DOCUMENTED = sorted({command for name in site_files.documents(ROOT) for command in commands(name)})
ROWS = rows()


def row_of(command: str) -> Row | None:
    return next((row for row in ROWS if row.pattern.match(command)), None)


def typed_by(how: str) -> list[str]:
    return [command for command in DOCUMENTED if (row := row_of(command)) and row.how == how]


def test_every_command_has_a_row():
    assert len(DOCUMENTED) > 100
    assert not [command for command in DOCUMENTED if not row_of(command)]


def test_every_row_has_a_command_and_every_test_is_there():
    used = {row for command in DOCUMENTED if (row := row_of(command))}
    assert not [row.pattern.pattern for row in ROWS if row not in used]
    for row in ROWS:
        told = row.how in ("run", "recipe", "options") or row.how.startswith("not here: ")
        assert told or (ROOT / row.how).is_file(), f"{row.how}: is not there"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder like a checkout, with what the documents' commands name; its runs do not touch the repository."""
    folder = tmp_path_factory.mktemp("desk")
    for entry in ROOT.iterdir():
        if entry.name not in ("data", "runs", "outputs", "examples", "build"):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "examples", folder / "examples")
    page = Image.open(PAGE).convert("L")
    page.save(folder / "page.png")
    page.save(folder / "page.jpg")
    shutil.copy(LINE, folder / "line.png")
    page.save(folder / "book.pdf", save_all=True, append_images=[Image.open(LINE).convert("L")] * 8)
    for kept in ("scans", "books"):
        (folder / kept).mkdir()
    for number in range(2):
        shutil.copy(LINE, folder / f"scans/{number}.png")
    shutil.copy(folder / "book.pdf", folder / "books")
    for name in ("scans.zip", "more.zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.write(LINE, "line.png")
    subprocess.run(["tar", "-czf", folder / "letters.tar.gz", "-C", folder, "scans"], check=True)
    (folder / "bin").mkdir()
    for name in ("python", "text-recognizer"):
        (folder / "bin" / name).symlink_to(Path(sys.executable).with_name(name))
    return folder


def typed(command: str, desk: Path) -> subprocess.CompletedProcess[str]:
    shutil.rmtree(desk / "results", ignore_errors=True)
    programs = Path(sys.executable).parent
    environ = {**outside_make(), "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    line = command.replace(".venv/bin/", f"{programs}/")
    return subprocess.run(["sh", "-c", line], cwd=desk, env=environ, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", typed_by("run"))
def test_a_command_does_what_it_is_shown_for(command, desk):
    done = typed(command, desk)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("command", typed_by("recipe"))
def test_what_make_would_run_is_understood(command, desk):
    done = typed(command.replace("make ", "make --no-print-directory --dry-run ", 1), desk)
    assert done.returncode == 0, done.stderr[-2000:]
    check(done.stdout.strip().splitlines()[-1], desk)


@pytest.mark.slow
@pytest.mark.parametrize("command", typed_by("options"))
def test_a_program_knows_the_options_that_it_is_shown_with(command, desk):
    check(command, desk)


def check(command: str, desk: Path) -> None:
    """Assert that a program takes the options of a command; an experiment's are all read, nothing is trained."""
    if "training/run_experiment.py" in command:
        done = typed(f"{command} --print_config", desk)
        assert done.returncode == 0 and "max_steps" in done.stdout, done.stderr[-2000:]
        return
    words = shlex.split(command)
    program = words[: 3 if words[1] == "-m" else 2]
    helped = help_of(shlex.join(program), desk)
    own = words[len(program) :]
    own = own[: own.index("--")] if "--" in own else own
    assert not [word for word in own if word.startswith("--") and word.partition("=")[0] not in helped]


@lru_cache
def help_of(program: str, desk: Path) -> str:
    done = typed(f"{program} --help", desk)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
