"""make links: a mirror that has gone is told, a file that no address gives any more is an error."""

import json

import links
import pytest

from tests.data.served_files import served


@pytest.fixture
def site(tmp_path):
    (tmp_path / "www").mkdir()
    for name in ("digits.gz", "page.html", "empty"):
        (tmp_path / "www" / name).write_bytes(b"" if name == "empty" else name.encode())
    with served(tmp_path / "www") as site:
        yield site


def asked(root, capsys, *arguments):
    code = links.main(root, ["--patience=2", *arguments])
    return code, capsys.readouterr().out


def write(root, urls, origin="", document=""):
    folder = root / "data/raw/digits"
    folder.mkdir(parents=True)
    text = f"origin = {json.dumps(origin)}\n[files.'digits.gz']\nurls = {json.dumps(urls)}\n"
    (folder / "metadata.toml").write_text(text)
    (root / "README.md").write_text(
        f"# Digits\n\nSee [the page]({document}) and [this](data).\n" if document else "# Digits\n"
    )
    return root


def test_all_answer(tmp_path, site, capsys):
    root = write(tmp_path / "lab", [site.url("digits.gz")], site.url("page.html"), site.url("page.html"))
    assert asked(root, capsys) == (0, "links: 2 addresses, 0 do not answer; 0 things cannot be had\n")
    assert all(wanted == "bytes=0-0" for _, wanted in site.asked)  # no file is fetched for it


def test_one_mirror_of_two_is_enough(tmp_path, site, capsys):
    root = write(tmp_path / "lab", [site.url("gone.gz"), site.url("digits.gz")])
    code, said = asked(root, capsys)
    assert code == 0
    assert f"gone: data/raw/digits/metadata.toml: files: digits.gz: {site.url('gone.gz')} answers 404" in said


@pytest.mark.parametrize("why", ["answers 503", "answers 416", "refused", "unknown url type"])
def test_a_file_that_nobody_gives_is_an_error(tmp_path, site, capsys, why):
    site.faults["digits.gz*"] = ["503"]
    where = {"answers 503": site.url("digits.gz"), "answers 416": site.url("empty"), "refused": "http://127.0.0.1:1/x"}
    code, said = asked(write(tmp_path / "lab", [where.get(why, "htp://digits")]), capsys)
    assert code == 1 and "error: data/raw/digits/metadata.toml: files: digits.gz: " in said and why in said


def test_a_link_of_a_document_is_asked_too_and_an_origin_may_be_gone(tmp_path, site, capsys):
    root = write(tmp_path / "lab", [site.url("digits.gz")], site.url("no-origin"), site.url("no-page"))
    code, said = asked(root, capsys)
    assert code == 1 and "; 1 things cannot be had" in said
    assert f"gone: data/raw/digits/metadata.toml: origin: {site.url('no-origin')} answers 404" in said
    assert f"error: README.md: {site.url('no-page')} answers 404" in said
