"""The experiments in ``training/configs``: each is whole, and the default one is what the code does without it."""

from pathlib import Path

import pytest
import yaml

from training.command_line import parse
from training.kinds import lit_model_for
from training.run_experiment import BASES, options_parser
from training.run_folder import REPOSITORY

CONFIGS = sorted((REPOSITORY / "training/configs").glob("*.yaml"))


def options_of(arguments: list[str]) -> dict:
    """Return the options as --print_config shows them."""
    parser = options_parser(lit_model_for(arguments))
    options = parse(parser, arguments, BASES)
    shown = yaml.safe_load(parser.dump(options, skip_link_targets=True, skip_unset=False))
    return {name: value for name, value in shown.items() if name != "config"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_holds_the_whole_experiment(path: Path):
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == options_of(["--config", str(path)])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_begins_with_the_command_that_runs_it(path: Path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# make train CONFIG={path.stem};"), "line one: command; hardware, time, result and date"


def test_the_default_config_is_what_runs_without_one():
    path = REPOSITORY / "training/configs/line_ctc.yaml"
    assert options_of(["--config", str(path)]) == options_of([])


def test_a_class_that_is_named_brings_its_own_defaults():
    data = options_of(["--data", "AltoPages"])["data"]["init_args"]
    assert "é" in data["characters"] and data["effects"]["ruled"] > 0
    assert "é" not in options_of([])["data"]["init_args"]["characters"]
