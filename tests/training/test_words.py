"""``make words`` with pip and a wheel of our own, and word lists in the language model."""

import gzip
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import msgpack
import numpy as np
import pytest

from text_recognizer.charset import LATIN, Charset
from text_recognizer.decoding.language_model import Continuations, LanguageModel
from text_recognizer.errors import UserError
from training import language_model
from training.words import main, read_metadata, read_words

SHIPPED = Path(__file__).parents[2] / "data" / "raw" / "words" / "metadata.toml"

LEVELS = [{"format": "cB", "version": 1}, [], ["le", "42"], *[[]] * 98, ["l'été", "œuf", "c++"]]


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> bytes:
    """Offer pip a package with one list; return the list's file."""
    content = gzip.compress(msgpack.packb(LEVELS), mtime=0)
    (tmp_path / "wheels").mkdir()
    with zipfile.ZipFile(tmp_path / "wheels" / "lists-1.0-py3-none-any.whl", "w") as files:
        files.writestr("lists/fr.msgpack.gz", content)
        files.writestr("lists-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: lists\nVersion: 1.0\n")
        files.writestr("lists-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        files.writestr("lists-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return content


def fetch(tmp_path: Path, digest: str, version: str = "1.0") -> int:
    (tmp_path / "metadata.toml").write_text(f"""
package = "lists"
version = "{version}"
registry = "pypi"
licence = "CC-BY-SA-4.0"
citation = "A. Author"
[files]
french = "lists/fr.msgpack.gz"
[sha256]
french = "{digest}"
""")
    return main(["--metadata", str(tmp_path / "metadata.toml"), "--out", str(tmp_path / "words")])


def test_words_come_with_their_frequency_and_without_what_is_no_word(tmp_path, wheel):
    assert fetch(tmp_path, sha256(wheel).hexdigest()) == 0
    assert (tmp_path / "words" / "french.tsv").read_text() == "le\t9.772e+05\nl'été\t1e+05\nœuf\t1e+05\n"
    assert read_words(tmp_path / "words" / "french.tsv") == [(977_200.0, ["le"]), (100_000.0, ["l'été", "œuf"])]
    assert read_words(tmp_path / "words" / "french.tsv", 1) == [(977_200.0, ["le"])]


def test_what_is_there_is_not_fetched_again(tmp_path, monkeypatch):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "french.tsv").write_text("le\t5\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert fetch(tmp_path, "0") == 0


@pytest.mark.parametrize(
    ("digest", "version", "said"),
    [("0" * 64, "1.0", "recorded is 000000000000"), ("0" * 64, "2.0", "pip download .* failed")],
)
def test_a_list_that_is_not_the_recorded_one_is_refused(tmp_path, wheel, capsys, digest, version, said):
    assert fetch(tmp_path, digest, version) == 1
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "words" / "french.tsv").exists()


def test_the_recorded_lists_are_those_of_the_languages_that_have_documents():
    texts = Path(__file__).parents[2] / "data" / "raw" / "texts" / "metadata.toml"
    lists = read_metadata(SHIPPED)
    assert len(lists.files) == 13 and all(f"\n{language} = " in texts.read_text() for language in lists.files)


def test_a_damaged_row_is_named(tmp_path):
    (tmp_path / "french.tsv").write_text("le\t5\nla la la\n")
    with pytest.raises(UserError, match=r"french\.tsv: a row is no word and number.*make words"):
        read_words(tmp_path / "french.tsv")


def test_listed_words_are_likelier_than_others_of_the_same_letters(tmp_path):
    (tmp_path / "french.tsv").write_text("maison\t500\njardin\t400\n")
    characters, streams = language_model.streams_of(
        {"french": "un mot et un mot. " * 20}, language_model.listed_words(tmp_path)
    )
    language_model.write_model(tmp_path / "m.npz", characters, language_model.levels_of(streams, 6), 0.1)
    language = Continuations(LanguageModel.load(tmp_path / "m.npz"), Charset(LATIN))

    def likely(text: str) -> float:
        return float(language.log_probs(np.array(Charset(LATIN).encode(text))).sum())

    assert likely(" maison ") > likely(" nosiam ") + 5
    assert likely(" Maison ") > likely(" mAison ") + 1
    assert likely(" n j") < likely(" ma")  # the end of one word and the beginning of the next were never neighbours


def test_a_folder_without_lists_is_named(tmp_path):
    with pytest.raises(UserError, match="holds no list of words.*make words.*--words null"):
        list(language_model.listed_words(tmp_path))
