"""The benchmarks run and print what they claim to measure; whether a target is met says a quiet machine, not a test."""

import pytest

from benchmarks import synth, train
from text_recognizer.synth.lines import LineSynthesiser
from training.plan import Plan


def test_lines_are_timed_as_training_asks_for_them():
    lines = synth.TimedLines(handwriting=0.0)
    lines.restart()
    kept = len(synth.default_batches(lines)[0].texts)
    assert kept <= lines.drawn <= kept + 1  # the line that did not fit is drawn too
    assert lines.core_s > 0 and lines.clock_s > 0
    assert lines.pixels == sum(LineSynthesiser(handwriting=0.0).line(i).image_HW.shape[1] for i in range(lines.drawn))


@pytest.mark.parametrize("source", synth.TARGETS)
def test_each_source_draws_only_its_own_lines(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no fonts have been fetched
    speed = synth.speed_of(source, groups=1, rounds=1)
    assert speed.of_core > 0 and speed.by_clock > 0 and 60 < speed.width < 900


def test_the_table_shows_targets_and_the_ratio_to_the_peer(capsys):
    speeds = {"fonts": synth.Speed(500, 480, 300, 450), "strokes": synth.Speed(200, 190, 300, 180)}
    synth.Console(width=100).print(synth.report(speeds, synth.Speed(20, 20, 250)))
    shown = capsys.readouterr().out
    assert "25.0" in shown and "10.0" in shown and "400" in shown and "250" in shown


@pytest.mark.slow
def test_the_training_benchmark_shows_the_ratio_and_the_peaks(capsys, monkeypatch):
    monkeypatch.setattr(train, "measured_plan", lambda lit_model, batch: Plan("bf16-mixed", 1))
    monkeypatch.setattr(train, "bf16_units", lambda: [])
    assert train.main(["--batches", "1", "--turns", "1", "--peak-size", "128"]) == 0
    shown = capsys.readouterr().out
    for word in ("planned", "plain", "bf16-mixed", "32-true", "ratio", "matmul peak", "no bf16 units: no target"):
        assert word in shown


@pytest.mark.parametrize(
    ("flags", "units"),
    [
        ("flags : fpu avx512f avx512_bf16 amx_bf16 amx_tile", ["amx_bf16", "avx512_bf16"]),
        ("flags : fpu avx512f avx512_vnni", []),  # whole words only
        ("Features : fp asimd bf16", ["bf16"]),  # Arm
    ],
)
def test_bf16_units_are_read_from_the_flags_of_the_cpu(flags, units, tmp_path):
    (tmp_path / "cpuinfo").write_text(flags)
    assert train.bf16_units(tmp_path / "cpuinfo") == units
    assert train.bf16_units(tmp_path / "missing") == []
