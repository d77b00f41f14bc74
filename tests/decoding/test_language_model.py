"""The language model's file and its answers."""

import numpy as np
import pytest

from text_recognizer.charset import LATIN, Charset
from text_recognizer.decoding.language_model import UNKNOWN, Continuations, LanguageModel, save_language_model
from text_recognizer.errors import UserError
from text_recognizer.inference.shipped import weights_folder

from .tiny_language_model import tiny_language_model


@pytest.fixture
def file(tmp_path):
    return tiny_language_model(tmp_path / "tiny.npz")


def probabilities(language: Continuations, context: int) -> np.ndarray:
    return np.exp([language.after(context, label)[0] for label in range(1, language.classes)])


def test_a_saved_model_answers_as_it_was_written(file):
    language = Continuations(LanguageModel.load(file), Charset("ab "))
    after_a = language.after(language.start, 1)[1]
    assert np.exp(language.after(after_a, 2)[0]) == pytest.approx(0.9, rel=0.03)
    assert np.exp(language.log_probs(np.array([1, 2, 3, 1]))) == pytest.approx([0.9] * 4, rel=0.03)


def test_the_labels_are_those_of_the_charset_not_of_the_model(file):
    language = Continuations(LanguageModel.load(file), Charset("b a"))
    assert np.exp(language.log_probs(np.array([3, 1, 2]))) == pytest.approx([0.9] * 3, rel=0.03)


def test_a_character_that_the_model_never_saw_is_unlikely_but_possible(file):
    language = Continuations(LanguageModel.load(file), Charset("ab xyz"))
    assert UNKNOWN * 2 < language.after(language.start, 4)[0] < -10
    assert language.after(language.after(language.start, 4)[1], 1)[0] > -2, "it goes on as at the beginning of a text"


def test_what_may_follow_sums_to_one_after_any_context():
    language = Continuations(LanguageModel.load(weights_folder() / "language_model.npz"), Charset(LATIN))
    context = language.start
    for label in Charset(LATIN).encode("Cher père, the Łódź 3½ XQJ"):
        assert probabilities(language, context).sum() == pytest.approx(
            1, abs=0.165
        )  # exp(0.15): scores are in steps of 0.3
        context = language.after(context, label)[1]


def test_few_kept_answers_change_nothing():
    model = LanguageModel.load(weights_folder() / "language_model.npz")
    labels = np.array(Charset(LATIN).encode("une lettre à ma famille, at the end of a day"))
    few, many = (Continuations(model, Charset(LATIN), capacity) for capacity in (3, 60_000))
    assert few.log_probs(labels).tolist() == many.log_probs(labels).tolist()


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"PK\x03\x04 half of a zip file", b"\x93NUMPY"],
    ids=["empty", "text", "torn", "array"],
)
def test_a_file_that_is_no_language_model_is_refused(content, tmp_path):
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.npz: not a language model .*training/language_model\.py"):
        LanguageModel.load(tmp_path / "model.npz")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_half_fetched_model_is_refused(share, file):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="not a language model"):
        LanguageModel.load(file)


@pytest.mark.parametrize(
    ("chars", "scores", "counts"),
    [
        ([0, 1, 7], [1, 1, 1], [0]),  # a character that is not in its list
        ([0, 1], [1, 1, 1], [0]),  # more scores than nodes
        ([0, 1], [1, 1], [5]),  # more children than nodes
    ],
)
def test_a_model_that_contradicts_itself_is_refused(chars, scores, counts, tmp_path):
    arrays = {"characters": [97, 98], "chars": chars, "scores": scores, "counts": counts}
    np.savez(tmp_path / "m.npz", step=0.3, **{key: np.array(value, np.uint8) for key, value in arrays.items()})
    with pytest.raises(UserError, match="not a language model"):
        LanguageModel.load(tmp_path / "m.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="missing.npz: it cannot be read"):
        LanguageModel.load(tmp_path / "missing.npz")


def test_the_shipped_model_is_small_and_knows_the_words_of_a_letter():
    file = weights_folder() / "language_model.npz"
    assert file.stat().st_size <= 4_000_000
    language = Continuations(LanguageModel.load(file), Charset(LATIN))
    bits = {
        text: -language.log_probs(np.array(Charset(LATIN).encode(text))).mean() / np.log(2)
        for text in ("Je vous remercie de votre lettre", "I thank you for your letter", "xq7 zvKw 0Pq# jjh")
    }
    assert max(list(bits.values())[:2]) < 3 < 5 < bits["xq7 zvKw 0Pq# jjh"]


def test_saving_and_loading_keeps_characters_beyond_ascii(tmp_path):
    save_language_model(tmp_path / "m.npz", "é€", np.array([0, 1]), np.array([2, 3]), np.array([0]), step=0.3)
    assert LanguageModel.load(tmp_path / "m.npz").characters == "é€"
