"""``make pages`` with a repository of our own on this machine."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from text_recognizer.data.fetch_pages import main, read_collections
from text_recognizer.data.page_xml import read_pages

from .written_pages import write_page

SHIPPED = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture
def repository(tmp_path):
    """Return a git repository with two pages, images and XML in folders of their own."""
    root = tmp_path / "repository"
    for name in ("text_0001", "text_0002"):
        xml = write_page(root / "alto", name, ["one", "two"])
        (root / "images").mkdir(exist_ok=True)
        xml.with_suffix(".png").rename(root / "images" / f"{name}.png")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def described(tmp_path, repository, digest=None):
    raw = tmp_path / "raw" / "pages"
    raw.mkdir(parents=True)
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (repository / "alto").glob("*.xml")}
    rows = "\n".join(f'"{name}" = "{digest or found}"' for name, found in sums.items())
    (raw / "metadata.toml").write_text(
        f'title = "t"\nlicence = "l"\ncitation = "c"\nrepository = "{repository}"\n'
        f'[splits]\ntrain = ["0001"]\nval = ["0002"]\n[sha256]\n{rows}\n'
    )
    return raw.parent


def test_pages_are_sorted_into_their_splits(tmp_path, repository):
    arguments = ["--raw", str(described(tmp_path, repository)), "--out", str(tmp_path / "data")]
    assert main(arguments) == 0
    assert [page.image.stem for page in read_pages(tmp_path / "data" / "pages" / "val")] == ["text_0002"]
    subprocess.run(["rm", "-rf", str(repository)], check=True)
    assert main(arguments) == 0, "what is there is not fetched again"


def test_a_changed_page_is_refused(tmp_path, repository, capsys):
    raw = described(tmp_path, repository, digest="0" * 64)
    assert main(["--raw", str(raw), "--out", str(tmp_path / "data")]) == 1
    assert "recorded is 000000000000" in capsys.readouterr().err


def test_a_missing_repository_is_named(tmp_path, repository, capsys):
    raw = described(tmp_path, repository)
    repository.rename(tmp_path / "elsewhere")
    assert main(["--raw", str(raw), "--out", str(tmp_path / "data")]) == 1
    assert "git clone" in capsys.readouterr().err


def test_the_shipped_descriptions_are_whole():
    collections = {collection.name: collection for collection in read_collections(SHIPPED)}
    copiste = collections["copiste"]
    assert len(copiste.sha256) == 258 and copiste.licence == "CC-BY-4.0"
    writers = [writer for split in copiste.splits.values() for writer in split]
    assert len(writers) == len(set(writers)) == 218
