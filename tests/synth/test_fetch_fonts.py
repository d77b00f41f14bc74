"""``make fonts`` with programs of our own in the place of npm and apt-get."""

import hashlib
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from text_recognizer.errors import UserError
from text_recognizer.synth.fetch_fonts import main, read_metadata
from text_recognizer.synth.fonts import folder_faces

from .built_fonts import build_font

SHIPPED = Path(__file__).parents[2] / "data" / "raw" / "fonts" / "metadata.toml"


@pytest.fixture
def packed(tmp_path) -> tuple[Path, str]:
    """Return an npm archive with a woff2 font, and the font's sha256."""
    font = TTFont(build_font(tmp_path / "packed" / "boxes.ttf", "Boxes"))
    font.flavor = "woff2"
    stream = io.BytesIO()
    font.save(stream)
    archive = tmp_path / "packed" / "boxes-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as files:
        entry = tarfile.TarInfo("package/files/boxes.woff2")
        entry.size = len(stream.getvalue())
        files.addfile(entry, io.BytesIO(stream.getvalue()))
    return archive, hashlib.sha256(stream.getvalue()).hexdigest()


def metadata(tmp_path: Path, sha256: str) -> Path:
    path = tmp_path / "metadata.toml"
    path.write_text(f"""
[family.boxes]
kind = "handwriting"
package = "boxes"
version = "1.0.0"
registry = "npm"
licence = "OFL-1.1"
[family.boxes.files]
"files/boxes.woff2" = "{sha256}"
""")
    return path


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Make a program called npm the only one on the PATH beside the system's."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod((folder / "npm").stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def fetch(tmp_path: Path, sha256: str) -> int:
    return main(["--metadata", str(metadata(tmp_path, sha256)), "--out", str(tmp_path / "fonts")])


def test_a_family_is_unpacked_checked_and_converted(tmp_path, packed, monkeypatch):
    archive, sha256 = packed
    install(tmp_path, monkeypatch, f'[ "$*" = "pack --silent boxes@1.0.0" ] && cp {archive} .')
    assert fetch(tmp_path, sha256) == 0
    (face,) = folder_faces(tmp_path / "fonts")
    assert face.path == tmp_path / "fonts" / "handwriting" / "boxes" / "boxes.ttf"
    assert (face.family, face.kind) == ("Boxes", "handwriting")


def test_what_is_there_is_not_fetched_again(tmp_path, packed, monkeypatch):
    archive, sha256 = packed
    install(tmp_path, monkeypatch, f"cp {archive} .")
    assert fetch(tmp_path, sha256) == 0
    install(tmp_path, monkeypatch, "exit 1")
    assert fetch(tmp_path, sha256) == 0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("cp ARCHIVE .", "recorded is 000000"),  # another file than the recorded one
        ("echo 'npm error network timeout' >&2; exit 7", "failed (npm error network timeout)"),
        ("exit 0", "no such file"),  # says it did, and wrote nothing
        ("echo broken > boxes.tgz", "cannot be unpacked"),
    ],
)
def test_what_cannot_be_believed_is_refused_and_leaves_nothing(tmp_path, packed, monkeypatch, capsys, script, message):
    install(tmp_path, monkeypatch, script.replace("ARCHIVE", str(packed[0])))
    assert fetch(tmp_path, "0" * 64) == 1
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("error: ") == 1
    assert "0 of 1 families" in told.out
    assert not [path for path in (tmp_path / "fonts").rglob("*") if path.is_file()]


def test_a_missing_npm_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert fetch(tmp_path, "0" * 64) == 1
    assert "needs the command npm, which is not installed" in capsys.readouterr().err


def test_an_archive_cannot_write_outside_its_folder(tmp_path, monkeypatch, capsys):
    archive = tmp_path / "evil.tgz"
    with tarfile.open(archive, "w:gz") as files:
        files.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO())
    install(tmp_path, monkeypatch, f"cp {archive} .")
    assert fetch(tmp_path, "0" * 64) == 1
    assert "cannot be unpacked" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(tmp_path, packed, monkeypatch, capsys):
    install(tmp_path, monkeypatch, f"cp {packed[0]} .")
    (tmp_path / "fonts").write_text("a file")
    assert fetch(tmp_path, packed[1]) == 1
    assert "fonts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such file"),
        ("[family", "not a list of families"),
        ("[family.x]\nkind = 'print'", "not a list of families"),  # a key is missing
        ("[family.x]\ncolour = 'red'", "not a list of families"),  # a key too many
        ("", "not a list of families"),
    ],
)
def test_a_metadata_file_that_is_none_is_refused(tmp_path, text, message):
    path = tmp_path / "metadata.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_metadata(path)


def test_the_shipped_metadata_names_version_licence_and_digest_of_every_file():
    families = read_metadata(SHIPPED)
    assert len(families) > 60
    assert {family.registry for family in families} == {"npm", "debian"}
    for family in families:
        assert family.version and family.licence in {"OFL-1.1", "Apache-2.0", "Ubuntu-font-1.0"} or family.licence
        assert family.files
        assert all(len(sha256) == 64 for sha256 in family.files.values()), json.dumps(family.files)
