"""What a run can do beside training: stop early, add up gradients, memorise, look for a rate, tell where time goes."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from text_recognizer.callbacks.patience import Patience
from text_recognizer.data.shares import Repeated
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.errors import UserError
from training.run_experiment import main
from training.run_folder import only_here

STEPS = 12
TINY = [
    *("--model.channels", "[8,8,8,8]", "--model.width", "16", "--model.layers", "0", "--data.pixels", "300"),
    *("--data.widths", "[60,120]", "--data.validation_lines", "2", "--data.num_workers", "0", "--logger", "none"),
    *("--precision", "32-true", "--threads", "1", "--checkpoint_every", "2", "--lit_model.warmup", "5"),
]


def run(runs: Path, *options: str, steps: int = STEPS) -> Path:
    """Train and return the run's folder."""
    assert main([*TINY, "--max_steps", str(steps), "--runs", str(runs), *options]) == 0
    return max(runs.iterdir())


def numbers(folder: Path, metric: str) -> dict[int, float]:
    with (folder / "metrics.csv").open(newline="") as stream:
        return {int(row["step"]): float(row["value"]) for row in csv.DictReader(stream) if row["metric"] == metric}


def finished(folder: Path) -> dict:
    return json.loads((folder / "finished.json").read_text())


@pytest.mark.slow
def test_a_run_without_patience_left_ends_early_and_a_resumed_one_knows_it(tmp_path):
    folder = run(
        tmp_path, "--patience", "1", "--lit_model.lr", "0.0", steps=60
    )  # nothing is learnt, nothing gets better
    told = finished(folder)
    assert told["steps"] == 20, "the second validation, of every ten steps, is no better than the first"
    (folder / "finished.json").unlink()  # killed before it could say so
    assert main(["--runs", str(tmp_path), "--resume", "auto"]) == 0
    assert finished(folder) == told


def test_patience_counts_from_the_best_and_is_saved():
    patience = Patience(3)
    patience.load_state_dict({"waited": 2, "best": 0.5})
    assert patience.state_dict() == {"waited": 2, "best": 0.5}


@pytest.mark.slow
def test_gradients_of_two_batches_make_a_step_and_every_batch_comes_once(tmp_path, monkeypatch):
    seen = []
    real = SyntheticLines.train_batches

    def noting(self):
        batches = real(self)

        class Noting(torch.utils.data.Dataset):
            def __getitem__(self, number):
                seen.append(number)
                return batches[number]

        return Noting()

    monkeypatch.setattr(SyntheticLines, "train_batches", noting)
    folder = run(tmp_path, "--accumulate", "2", steps=6)
    assert seen[1:13] == list(range(12)), "after the one that the plan is made for"
    assert list(numbers(folder, "validation/cer")) == [1, 2, 3, 4, 5, 6]
    assert torch.load(folder / "last.ckpt", weights_only=False)["global_step"] == 6


@pytest.mark.slow
def test_a_few_batches_are_shown_for_ever_and_are_memorised(tmp_path):
    folder = run(tmp_path, "--overfit_batches", "1", "--model.width", "32", "--lit_model.lr", "0.01", steps=60)
    losses = numbers(folder, "train/ctc")
    assert losses[60] < 0.5 * losses[10]


def test_the_batches_of_a_memorising_run_come_again_and_validate():
    data = SyntheticLines(pixels=300, widths=(60, 120), num_workers=0)
    data.overfit = 2
    shown = data.shown_batches()
    assert isinstance(shown, Repeated)
    assert shown[3].texts == shown[1].texts != shown[0].texts
    assert [batch.texts for batch in data.val_dataloader()] == [shown[0].texts, shown[1].texts]


@pytest.mark.slow
def test_a_learning_rate_is_looked_for_drawn_and_told_and_nothing_is_trained(tmp_path, capsys):
    folder = run(tmp_path, "--find_lr", "true")
    told = capsys.readouterr().out
    assert "--lit_model.lr" in told and f"{folder}/learning_rates.png" in told
    with (folder / "learning_rates.csv").open(newline="") as stream:
        rates = [float(row["lr"]) for row in csv.DictReader(stream)]
    assert rates == sorted(rates) and rates[0] < 1e-5 < 1e-2 < rates[-1]
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "learning_rates.csv", "learning_rates.png"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profiler", "pattern"),
    [
        ("simple", "*simple*.txt"),  # seconds for each part of a step
        ("pytorch", "*.json"),  # a trace for a browser's chrome://tracing or Perfetto
    ],
)
def test_a_profile_lies_where_the_run_says(tmp_path, capsys, profiler, pattern):
    folder = run(tmp_path, "--profiler", profiler, steps=4)
    assert f"where the time went: {folder}/profile" in capsys.readouterr().out
    assert list((folder / "profile").glob(pattern))


@pytest.mark.slow
def test_a_run_that_is_older_than_an_option_is_resumed(tmp_path):
    folder = run(tmp_path)
    (folder / "finished.json").unlink()
    config = yaml.safe_load((folder / "config.yaml").read_text())
    for option in ("accumulate", "patience", "overfit_batches", "find_lr", "profiler"):
        config.pop(option, None)
    del config["model"]["init_args"]["norm"]
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(["--runs", str(tmp_path), "--resume", "auto"]) == 0
    assert finished(folder)["steps"] == STEPS


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path):
    (tmp_path / "config.yaml").write_text("name: a")
    holding = (
        "import sys, pathlib; from training.run_folder import only_here\n"
        "with only_here(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    other = subprocess.Popen([sys.executable, "-c", holding, str(tmp_path)], **pipes)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(UserError, match="another process trains in it; wait for its end"), only_here(tmp_path):
        pass
    other.kill()
    other.communicate()
    with only_here(tmp_path):
        assert (tmp_path / "config.yaml").read_text() == "name: a"


@pytest.mark.slow
def test_a_loss_that_is_not_a_number_changes_no_weight_and_no_checkpoint(tmp_path, monkeypatch):
    from text_recognizer.lit_models import ctc

    real, steps = ctc.ctc_loss, iter(range(1000))
    monkeypatch.setattr(ctc, "ctc_loss", lambda *given: real(*given) * (math.nan if next(steps) >= 6 else 1.0))
    folder = run(tmp_path)
    assert numbers(folder, "train/skipped_steps")[10] == 4
    last = torch.load(folder / "last.ckpt", weights_only=False)
    assert all(torch.isfinite(value).all() for value in last["state_dict"].values() if value.is_floating_point())
    assert last["skipped_steps"] == 6
