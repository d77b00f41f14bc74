"""Building a character language model from texts."""

import numpy as np
import pytest

from tests.data.written_pages import write_page
from text_recognizer.charset import LATIN, Charset
from text_recognizer.decoding.language_model import Continuations, LanguageModel
from training import language_model
from training.command_line import mistakes_shown

SENTENCE = "a rose is a rose is a rose, il était une fois. "


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Documents of one language for training and for validation, by their names."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "french").mkdir()
    (folder / "french" / "wesnoth-tutorial.txt").write_text(40 * SENTENCE)
    (folder / "french" / "wesnoth-did.txt").write_text(3 * SENTENCE)
    return folder


def built(path, texts, **options):
    arguments = [f"--{name}={value}" for name, value in options.items()]
    assert (
        language_model.main(
            ["--texts", str(texts), "--words", "null", "--pages", "null", "--out", str(path), *arguments]
        )
        == 0
    )
    return Continuations(LanguageModel.load(path), Charset(LATIN))


def bits(language: Continuations, text: str) -> float:
    return -float(language.log_probs(np.array(Charset(LATIN).encode(text))).mean()) / np.log(2)


@pytest.fixture(scope="module")
def streams(texts):
    read = {name: text for name, text in language_model.texts(texts, None, "train").items() if name == "french"}
    return language_model.streams_of(read)


def written(path, streams, order, least):
    characters, numbers = streams
    language_model.write_model(path, characters, language_model.levels_of(numbers, order), least)
    return Continuations(LanguageModel.load(path), Charset(LATIN))


def test_what_was_learnt_is_likelier_than_what_was_not(tmp_path, streams):
    language = written(tmp_path / "m.npz", streams, order=5, least=0.1)
    assert bits(language, "une rose is a rose") < 3 < 5 < bits(language, "zyx WVU 987")


def test_longer_n_grams_tell_more_and_pruned_ones_take_less(tmp_path, streams):
    short, long = (written(tmp_path / f"{order}.npz", streams, order, 0.1) for order in (2, 6))
    assert bits(long, SENTENCE) < bits(short, SENTENCE)
    written(tmp_path / "pruned.npz", streams, 6, 20.0)
    assert (tmp_path / "pruned.npz").stat().st_size < (tmp_path / "6.npz").stat().st_size


def test_every_character_can_follow_every_text(tmp_path, streams):
    language = written(tmp_path / "m.npz", streams, order=4, least=0.1)
    assert min(language.after(language.start, label)[0] for label in range(1, len(LATIN) + 1)) > -12


def test_the_same_texts_give_the_same_file(tmp_path, streams):
    for name in ("a.npz", "b.npz"):
        written(tmp_path / name, streams, 4, 1.0)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_capitals_are_learnt_from_text_in_small_letters(tmp_path, streams):
    language = written(tmp_path / "m.npz", streams, order=4, least=0.1)
    assert bits(language, "A ROSE IS") < bits(language, "A QXJE KW")


def test_validation_documents_and_writers_are_kept_out_of_training(tmp_path, texts):
    for writer, text in (("train/1", "un mot"), ("val/2", "secret")):
        write_page(tmp_path / "pages" / writer.split("/")[0], f"{writer.split('/')[1]}_1", [text])
    train = language_model.texts(texts, tmp_path / "pages", "train")
    validation = language_model.texts(texts, tmp_path / "pages", "validation")
    assert (train["handwritten"], validation["handwritten"]) == ("un mot", "secret")
    assert len(train["french"]) > len(validation["french"])


@pytest.mark.slow
def test_the_program_builds_a_model_and_tells_its_bits(tmp_path, texts, capsys):
    language = built(tmp_path / "new" / "m.npz", texts, order=3)
    out = capsys.readouterr().out
    assert "n-grams" in out and "french" in out and "bits per character" in out
    assert bits(language, "the rose is") < 4


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--order", "9"], "--order 9: n-grams have 2 to 8 characters"),
        (["--order", "1"], "--order 1: n-grams have 2 to 8 characters"),
        (["--texts", "nowhere"], "nowhere: holds no .txt file"),
        (["--ordre", "3"], "ordre"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(arguments, complaint, capsys, tmp_path):
    with pytest.raises(SystemExit) as exit_, mistakes_shown():
        language_model.main(["--words", "null", "--pages", "null", "--out", str(tmp_path / "m.npz"), *arguments])
    assert exit_.value.code in (1, 2)
    assert complaint in capsys.readouterr().err
