"""What loggers are told of a run: size, learning rate, graph, samples and speed."""

import csv
import io
import os

import pytest
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger, WandbLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from text_recognizer.callbacks.graph import Graph
from text_recognizer.callbacks.learning_rate import LearningRate
from text_recognizer.callbacks.model_size import ModelSize
from text_recognizer.callbacks.observers import observers
from text_recognizer.callbacks.sample_table import SampleTable, caption_of, table_of
from text_recognizer.callbacks.throughput import Throughput, measured_peak, operations_of

from .fitted import fit


@pytest.fixture(scope="module")
def tensorboard(tmp_path_factory) -> EventAccumulator:
    folder = tmp_path_factory.mktemp("tensorboard")
    watched = [ModelSize(), LearningRate(every=1), Graph(), SampleTable(folder), Throughput(every=2)]
    fit(watched, logger=TensorBoardLogger(folder, name="", version="log"))
    events = EventAccumulator(str(folder / "log"), size_guidance={"scalars": 0})
    return events.Reload()


@pytest.mark.slow
def test_tensorboard_is_told_size_rate_speed_samples_and_graph(tensorboard):
    scalars = {name: [event.value for event in tensorboard.Scalars(name)] for name in tensorboard.Tags()["scalars"]}
    assert scalars["model/parameters"][0] > 1000 and scalars["model/megabytes"][0] > 0.004
    rates = scalars["train/lr"]
    assert rates == sorted(rates) and rates[0] < rates[-1], "the rate rises while it warms up"
    assert scalars["throughput/lines_per_second"][0] > 0
    assert all(0 < share < 1.5 for share in scalars["throughput/share_of_peak"])
    assert tensorboard.Tags()["graph"]
    assert "validation/sample 0" in tensorboard.Tags()["images"]
    table = tensorboard.Tensors("validation/table/text_summary")[0].tensor_proto.string_val[0].decode()
    assert table.startswith("| truth | read | CER % |")


@pytest.mark.slow
def test_observing_changes_no_weight(tmp_path):
    alone = fit([]).state_dict()
    watched = fit(observers(tmp_path), logger=TensorBoardLogger(tmp_path, name="", version="log")).state_dict()
    assert all((alone[name] == watched[name]).all() for name in alone)


@pytest.mark.slow
def test_other_loggers_get_the_numbers_and_a_table_lies_in_the_folder_without_any(tmp_path):
    fit(observers(tmp_path), logger=CSVLogger(tmp_path, name="", version="log"))
    (row, *_) = csv.DictReader(io.StringIO((tmp_path / "log" / "metrics.csv").read_text()))
    assert "model/parameters" in row
    fit([SampleTable(tmp_path / "none")])
    table = (tmp_path / "none" / "pictures" / "step-000003.tsv").read_text().splitlines()
    assert table[0].split("\t") == ["truth", "read", "CER %"] and len(table) > 1


@pytest.mark.slow
def test_wandb_gets_a_table_of_pictures_and_captions_without_a_connection(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    logger = WandbLogger(name="tiny", save_dir=tmp_path, offline=True)
    fit([ModelSize(), Graph(), SampleTable(tmp_path)], logger=logger)
    logger.experiment.finish()
    media = [path for path in tmp_path.rglob("media/**/*") if path.is_file()]
    assert any(path.suffix == ".png" for path in media) and any(path.name.endswith(".table.json") for path in media)
    assert os.path.isdir(tmp_path / "wandb")


def test_a_table_keeps_a_row_per_sample_whatever_a_text_holds():
    rows = [(None, "two\nlines", "two\tlines"), (None, "", "")]
    assert [len(cells) for cells in table_of(rows)] == [3, 3, 3]
    assert table_of(rows)[1][:2] == ["two\\nlines", "two\\tlines"]
    assert caption_of((None, "cat", "cat")) == "cat" and caption_of((None, "cat", "")) == "(nothing)  <-  cat"


def test_operations_are_those_that_a_convolution_costs():
    import torch

    from tests.models.small_models import a_character_batch, character_models
    from text_recognizer.lit_models.classification import Classification

    lit_model, batch = Classification(character_models()[0]), a_character_batch(20)
    first, others = 2 * 20 * 16 * 12 * 32, 2 * 20 * (32 * 32 + 32 * 10)
    assert operations_of(lit_model, batch) == 2 * first + 3 * others, "nothing is behind the first layer"
    assert measured_peak(torch.device("cpu")) > 1e9
