"""The Makefile is a list of entries: each is explained, each sets itself up, each is one line."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import environment
import pytest

from tests.env.outer_make import outside_make

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = {
    "help",
    "env",
    "conda-update",
    "pip-tools",
    "pip-tools-lint",
    "pip-tools-upgrade",
    "lint",
    "test",
    "test-fast",
}
TARGETS |= {
    "test-real",
    "pip-tools-layer",
    "bench-env",
    "pip-tools-bench",
    "demo",
    "train",
    "evaluate",
    "export",
    "read",
    "fonts",
    "clean",
}


def make(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=folder, env=outside_make(), capture_output=True, text=True)


def test_make_alone_prints_every_target_with_its_meaning():
    lines = make().stdout.splitlines()
    meaning = {line.split()[1]: line.split(maxsplit=2)[2] for line in lines}
    assert set(meaning) >= TARGETS
    assert all(len(text) > 10 for text in meaning.values())


def test_every_phony_target_is_explained():
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE).group(1).split()
    assert set(phony) == set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def test_recipes_are_single_lines_without_shell_logic():
    recipes = [line for line in MAKEFILE.splitlines() if line.startswith("\t")]
    assert not [line for line in recipes if line.endswith("\\") or re.search(r"\b(if|for|cd)\b ", line.split("$(")[0])]


@pytest.mark.parametrize("target", ["test", "test-fast", "demo", "train", "evaluate", "export", "fonts", "lint"])
def test_a_target_sets_itself_up_before_it_runs(target):
    commands = make("--dry-run", target).stdout.splitlines()
    assert "tools/environment.py env" in commands[0]
    assert len(commands) == 2 and commands[1].startswith(".venv/bin/")


def test_a_config_is_named_by_its_stem():
    command = make("--dry-run", "train", "CONFIG=line_ctc", "ARGS=--seed=1").stdout.splitlines()[-1]
    assert command == ".venv/bin/python training/run_experiment.py --config training/configs/line_ctc.yaml --seed=1"


def test_reading_asks_for_no_more_than_the_prod_layer():
    setup, command = make("--dry-run", "read", "IMAGE=page.png").stdout.splitlines()
    assert setup.endswith("tools/environment.py env --lean")
    assert command.split() == [".venv/bin/text-recognizer", "read", "page.png"]


def test_a_layer_is_named_and_known_to_both_programs():
    assert re.search(r"^SMALL := (.*)$", MAKEFILE, re.MULTILINE)[1].split() == list(environment.SMALL)
    result = make("--dry-run", "pip-tools-layer")
    assert result.returncode == 2
    assert "LAYER: no layer was named; give one of app" in result.stderr


def test_read_without_an_image_says_what_to_give():
    result = make("--dry-run", "read")
    assert result.returncode == 2
    assert "IMAGE: no image was named; give one" in result.stderr


def test_a_stale_lock_is_compiled_again_and_a_fresh_one_is_not(tmp_path):
    for name in ("Makefile", "requirements", "tools"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "pip-compile").touch()
    order = ["read.in", "server.in", "train.in", "prod.in", "dev.in", "dev-lint.in", "torch.txt"]
    order += ["prod.txt", "dev.txt", "dev-lint.txt", "torch-cuda.txt"]
    for age, name in enumerate(order):
        touch(tmp_path / "requirements" / name, 1_000_000_000 + age)
    assert "pip-compile" not in make("--dry-run", "pip-tools", folder=tmp_path).stdout
    touch(tmp_path / "requirements" / "read.in", 1_000_000_100)
    commands = make("--dry-run", "pip-tools", folder=tmp_path).stdout
    compiled = re.findall(r"--output-file=requirements/(\S+)", commands)
    assert compiled == ["prod.txt", "dev.txt", "torch-cuda.txt"]  # everything that is constrained by it, in this order


def touch(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))
