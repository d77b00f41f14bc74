"""The ablation trains each lever once, goes on where it was stopped, and compares on the same lines."""

import argparse
import json
from pathlib import Path

import pytest
import yaml

from benchmarks import ablation
from training.run_experiment import options_parser

from ..synth.built_fonts import build_font


@pytest.fixture
def options(tmp_path) -> argparse.Namespace:
    return ablation.options_of(
        ["--runs", str(tmp_path / "runs"), "--table", str(tmp_path / "table.md"), "--steps", "7"]
    )


def errors(*of_lines: int) -> dict[str, list]:
    return {"errors": list(of_lines), "units": [10] * len(of_lines), "sources": list("aabb")[: len(of_lines)]}


@pytest.mark.parametrize("name", list(ablation.LEVERS))
def test_every_lever_is_an_experiment_that_differs_from_the_base(name, tmp_path, options):
    config = ablation.config_of(name, ablation.LEVERS[name], Path("fonts"), options)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    parsed = options_parser().parse_args(["--config", str(tmp_path / "config.yaml")])
    assert parsed.max_steps == 7
    others = [lever for other, lever in ablation.LEVERS.items() if other != name]
    assert ablation.LEVERS[name] not in others


def test_differences_are_resampled_by_source():
    low, high = ablation.difference(errors(1, 1, 1, 1), errors(3, 3, 1, 1))
    assert (low, high) == (0.0, 0.2)
    assert ablation.difference(errors(1, 2, 3, 4), errors(1, 2, 3, 4)) == (0.0, 0.0)


def test_the_table_has_a_row_for_each_finished_run(options):
    for name, scores in ((ablation.BASE, errors(1, 1, 1, 1)), ("no-effects", errors(2, 2, 2, 2))):
        folder = options.runs / f"{name}-001"
        folder.mkdir(parents=True)
        (folder / ablation.SCORES).write_text(json.dumps(dict.fromkeys(ablation.SETS, scores)))
    assert ablation.written_table(options)
    rows = [line for line in options.table.read_text().splitlines() if line.startswith("| ")]
    assert len(rows) == 3
    assert "10.0" in rows[1] and "20.0 (+10.0 to +10.0)" in rows[2]


def test_families_are_left_out_of_training_alone(tmp_path):
    for family in ("Ada", "Bea", "Cleo", "Dora"):
        build_font(tmp_path / "fonts" / "handwriting" / family.lower() / "a.ttf", family)
    build_font(tmp_path / "fonts" / "handwriting" / "zeyada" / "a.ttf", "Zeyada")
    build_font(tmp_path / "fonts" / "print" / "boxes" / "a.ttf", "Boxes")
    half, none = (ablation.fonts_with(share, tmp_path / "fonts", tmp_path / "runs") for share in (0.5, 0.0))
    names = [sorted(path.parent.name for path in folder.rglob("*.ttf")) for folder in (half, none)]
    assert names == [["ada", "boxes", "cleo", "zeyada"], ["boxes", "zeyada"]]
    assert ablation.fonts_with(1.0, tmp_path / "fonts", tmp_path / "runs") == tmp_path / "fonts"


def test_the_levers_can_be_listed(capsys):
    assert ablation.main(["--list"]) == 0
    assert "no-font_hands" in capsys.readouterr().out
