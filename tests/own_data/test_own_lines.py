"""Training on own lines: mixed batches that repeat exactly, validation on real lines, unknown characters refused."""

import numpy as np
import pytest
import torch

from tests.own_data.line_folders import frozen, known_lines, put
from tests.own_data.page_folders import escriptorium
from text_recognizer.charset import ASCII, LATIN, Charset
from text_recognizer.data.alto_pages import page_samples
from text_recognizer.data.own_data import read_own_data, unknown_characters
from text_recognizer.data.own_lines import OwnLines
from text_recognizer.data.own_pages import OwnPages
from text_recognizer.data.page_xml import read_pages
from text_recognizer.errors import UserError
from training.command_line import mistakes_shown
from training.run_experiment import main

TINY = [
    *("--model.channels", "[8,8,16,16]", "--model.width", "32", "--model.layers", "1", "--lit_model.warmup", "5"),
    *("--data.pixels", "700", "--data.widths", "[60,300]", "--data.num_workers", "0", "--logger", "none"),
    *("--max_steps", "5", "--precision", "32-true", "--threads", "1", "--checkpoint_every", "5"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    frozen(folder, known_lines(12))
    return folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    escriptorium(folder, known_lines(12))
    return folder


def data_of(folder, kind=OwnLines, **options):
    return kind(folder=folder, num_workers=0, pixels=1200, **options)


@pytest.mark.parametrize(("kind", "where"), [(OwnLines, "folder"), (OwnLines, "pages"), (OwnPages, "pages")])
def test_batches_mix_real_and_synthetic_lines_and_repeat_exactly(kind, where, request):
    place = request.getfixturevalue(where)
    batches = data_of(place, kind).train_batches()
    taken = [batches[number] for number in range(6)]
    sources = {source.split(":")[0] for batch in taken for source in batch.sources}
    assert "real" in sources and sources & {"handwriting", "print"}
    again = data_of(place, kind).train_batches()[3]
    assert again.texts == taken[3].texts
    assert torch.equal(again.x_BCHW, taken[3].x_BCHW)
    other = data_of(place, kind, seed=1).train_batches()[3]
    assert other.texts != taken[3].texts or not torch.equal(other.x_BCHW, taken[3].x_BCHW)


def test_training_and_validation_read_their_own_splits_and_never_the_test(folder):
    data = data_of(folder, real=1.0)
    batches = data.train_batches()
    trained = {text for number in range(12) for text in batches[number].texts}
    validated = [text for batch in data.validation_batches() for text in batch.texts]
    texts = {split: {line.text for line in part} for split, part in data.parts.items()}
    assert not trained & (texts["val"] | texts["test"])
    assert sorted(validated) == sorted(line.text for line in data.parts["val"])
    assert all(s.startswith("real: ") for batch in data.validation_batches() for s in batch.sources)


def test_validation_is_always_the_same_and_may_have_synthetic_lines_too(pages):
    first, again = (list(data_of(pages, seed=seed).validation_batches()) for seed in (0, 1))
    assert all(torch.equal(one.x_BCHW, other.x_BCHW) for one, other in zip(first, again, strict=True))
    more = data_of(pages, validation_lines=4).validation_batches()
    assert sum(len(batch.texts) for batch in more) == sum(len(batch.texts) for batch in first) + 4


def test_lines_of_pages_are_cut_as_the_reader_of_pages_cuts_them(pages):
    ours = {line.text: line.image_HW() for line in read_own_data(pages).lines}
    for sample in page_samples(read_pages(pages)):
        difference = ours[sample.text].astype(int) - sample.image_HW
        assert np.abs(difference).mean() < 1


def test_characters_outside_the_charset_are_named_with_their_number_and_first_line(tmp_path):
    lines = known_lines(4)
    frozen(tmp_path, lines)
    table = (tmp_path / "truth.tsv").read_text().splitlines()
    put(tmp_path / "truth.tsv", "\n".join([*table[:2], "001.png\tЖЖ\tfont 1", "002.png\tЖ é\tfont 2", table[4]]))
    data = read_own_data(tmp_path)
    found = [(c.character, c.count, c.first) for c in unknown_characters(data, Charset(ASCII))]
    assert found == [("Ж", 3, "truth.tsv row 3 (001.png)"), ("é", 1, "truth.tsv row 4 (002.png)")]
    assert [c.character for c in unknown_characters(data, Charset(LATIN))] == ["Ж"]
    with pytest.raises(UserError, match=r"\(00.\.png\): 'Ж' \(U\+0416, . times\) not among the .* characters"):
        for split_seed in range(3):
            data_of(tmp_path, split_seed=split_seed).train_batches()


def test_pages_are_wanted_where_pages_are_asked_for(folder):
    with pytest.raises(UserError, match="its layout table has no pages; use --data OwnLines"):
        data_of(folder, OwnPages).train_batches()


def test_what_cannot_be_used_is_told_once(folder, capsys):
    put(folder / "broken.tsv", "file\ttext\n000.png\t\n")
    try:
        data_of(folder).train_batches()
    finally:
        (folder / "broken.tsv").unlink()
    said = capsys.readouterr().err
    assert said.startswith("1 item cannot be used: broken.tsv row 2 (000.png): it has no text")
    assert said.count("\n") == 1


@pytest.mark.parametrize(("kind", "where"), [("OwnLines", "folder"), ("OwnPages", "pages")])
def test_a_model_trains_on_own_lines(kind, where, request, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in a notebook's programs: lines, not a bar, where no terminal is
    options = ["--runs", str(tmp_path), "--data", kind, "--data.folder", str(request.getfixturevalue(where))]
    with pytest.raises(SystemExit) as end, mistakes_shown():
        raise SystemExit(main([*options, *TINY]))
    assert end.value.code == 0
    assert "step 5 of 5" in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob("*/finished.json")]


def test_a_wrong_folder_is_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as end, mistakes_shown():
        main(["--runs", str(tmp_path / "runs"), "--data", "OwnLines", "--data.folder", str(tmp_path / "gone"), *TINY])
    assert end.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {tmp_path / 'gone'}: there is no such folder")
