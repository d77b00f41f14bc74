"""``make texts`` with a program of our own in the place of npm."""

import io
import stat
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from text_recognizer.errors import UserError
from text_recognizer.synth.fetch_texts import main, read_metadata
from text_recognizer.synth.splits import SPLITS, split_of_document

SHIPPED = Path(__file__).parents[2] / "data" / "raw" / "texts" / "metadata.toml"

FILES = {
    "fr/a.txt": "Il était une fois un roi qui aimait les pommes.",
    "fr/b.txt": "Once there was a king who liked red apples.\n\nLe roi mangea la pomme et s'endormit.",
    "en/b.txt": "Once there was a king who liked red apples.",
}


def digest(*names: str) -> str:
    return sha256("".join(FILES[name] for name in names).encode()).hexdigest()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put a program called npm on the PATH, which packs FILES."""
    archive = tmp_path / "tales-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as files:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text.encode())
            files.addfile(entry, io.BytesIO(text.encode()))
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "pack --silent tales@1.0.0" ] && cp {archive} .\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def fetch(tmp_path: Path, french: str, limit: int = 1000) -> int:
    (tmp_path / "metadata.toml").write_text(f"""
[document.tales]
package = "tales"
version = "1.0.0"
registry = "npm"
licence = "MIT"
form = "plain"
limit = {limit}
[document.tales.files]
french = "fr/*.txt"
english = "en/*.txt"
[document.tales.sha256]
french = "{french}"
english = "{digest("en/b.txt")}"
""")
    return main(["--metadata", str(tmp_path / "metadata.toml"), "--out", str(tmp_path / "texts")])


def test_each_language_is_written_without_what_was_left_in_english(tmp_path, npm, capsys):
    assert fetch(tmp_path, digest("fr/a.txt", "fr/b.txt")) == 0
    french = (tmp_path / "texts" / "french" / "tales.txt").read_text()
    assert french == f"{FILES['fr/a.txt']}\nLe roi mangea la pomme et s'endormit.\n"
    assert (tmp_path / "texts" / "english" / "tales.txt").read_text() == f"{FILES['en/b.txt']}\n"
    assert "1 of 1 documents" in capsys.readouterr().out


def test_a_limit_ends_at_a_paragraph(tmp_path, npm):
    assert fetch(tmp_path, digest("fr/a.txt", "fr/b.txt"), limit=20) == 0
    assert (tmp_path / "texts" / "french" / "tales.txt").read_text() == f"{FILES['fr/a.txt']}\n"


def test_another_file_than_the_recorded_one_is_refused_and_not_kept(tmp_path, npm, capsys):
    assert fetch(tmp_path, "0" * 64) == 1
    told = capsys.readouterr()
    assert "tales: the 2 files of tales in french have sha256" in told.err
    assert "0 of 1 documents" in told.out
    assert not (tmp_path / "texts" / "french").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such file"),
        ("[document", "not a list of documents"),
        ("[document.x]\nform = 'html'", "not a list of documents"),  # keys are missing
        (
            "[document.x]\npackage='x'\nversion='1'\nregistry='npm'\nlicence='MIT'\nform='pdf'\n"
            "[document.x.files]\n[document.x.sha256]",
            "the forms are html",
        ),
    ],
)
def test_a_metadata_file_that_is_none_is_refused(tmp_path, text, message):
    path = tmp_path / "metadata.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_metadata(path)


def test_the_shipped_metadata_has_thirteen_languages_and_test_documents_in_each():
    documents = read_metadata(SHIPPED)
    languages = {language for document in documents for language in document.files}
    assert len(languages) == 13
    assert {split_of_document(document.name) for document in documents} == set(SPLITS)
    for split in ("train", "test"):
        of_split = [document.files for document in documents if split_of_document(document.name) == split]
        assert {language for files in of_split for language in files} == languages
    assert all(len(value) == 64 for document in documents for value in document.sha256.values())
