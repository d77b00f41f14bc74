"""Fetching files from servers that fail in every way they do."""

import hashlib
import threading

import pytest

from text_recognizer.data import download
from text_recognizer.data.download import RemoteFile, fetched
from text_recognizer.errors import UserError

from .served_files import served

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.delenv("LAB_MIRROR", raising=False)
    monkeypatch.setattr(download, "_CHUNK", 1 << 14)
    for mirror in ("first", "second"):
        (tmp_path / "www" / mirror).mkdir(parents=True)
        (tmp_path / "www" / mirror / "file.bin").write_bytes(CONTENT)
    with served(tmp_path / "www") as site:
        yield site


def wanted(site, *mirrors: str, digest: str | None = DIGEST) -> RemoteFile:
    return RemoteFile("file.bin", tuple(site.url(f"{mirror}/file.bin") for mirror in mirrors), digest)


def test_a_file_is_fetched_once(site, tmp_path):
    path = fetched(wanted(site, "first"), tmp_path / "set")
    assert path.read_bytes() == CONTENT
    fetched(wanted(site, "first"), tmp_path / "set")
    assert site.asked == [("first/file.bin", "")]


def test_a_broken_connection_is_taken_up_where_it_ended(site, tmp_path):
    site.faults["first/file.bin"] = ["cut", "cut"]
    assert fetched(wanted(site, "first"), tmp_path / "set").read_bytes() == CONTENT
    half, quarter = len(CONTENT) // 2, len(CONTENT) // 4
    assert [asked for _, asked in site.asked] == ["", f"bytes={half}-", f"bytes={half + quarter}-"]


def test_a_later_call_takes_up_what_an_earlier_one_left(site, tmp_path, capsys):
    site.faults["first/file.bin"] = ["cut", "404"]
    with pytest.raises(UserError):
        fetched(wanted(site, "first"), tmp_path / "set")
    assert fetched(wanted(site, "first"), tmp_path / "set").read_bytes() == CONTENT
    assert site.asked[-1][1] == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.parametrize(
    "faults",
    [
        ["cut", "no range"],  # the server cannot send parts: the whole is taken from the beginning
        ["503", "503"],  # it was busy
        ["cut", "503", "cut"],
        ["cut without length"],  # nothing tells that it was cut, but the digest
    ],
)
def test_what_a_server_does_wrong_now_and_then_is_overcome(site, tmp_path, faults):
    site.faults["first/file.bin"] = faults
    assert fetched(wanted(site, "first", "second"), tmp_path / "set").read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["404", "503", "wrong", "cut*"])
def test_a_bad_mirror_is_refused_and_the_next_one_tried(site, tmp_path, capsys, fault):
    if fault == "cut*":
        (tmp_path / "www" / "first" / "file.bin").write_bytes(CONTENT[:100])
    else:
        site.faults["first/file.bin*"] = [fault]
    assert fetched(wanted(site, "first", "second"), tmp_path / "set").read_bytes() == CONTENT
    assert "first/file.bin: " in capsys.readouterr().err
    assert not list((tmp_path / "set").glob("*.tag")) and site.asked[-1][0] == "second/file.bin"


def test_a_part_of_another_version_is_not_continued(site, tmp_path):
    site.faults["first/file.bin"] = ["cut", "404"]
    with pytest.raises(UserError):
        fetched(wanted(site, "first"), tmp_path / "set")
    newer = CONTENT[::-1]
    (tmp_path / "www" / "first" / "file.bin").write_bytes(newer)
    digest = hashlib.sha256(newer).hexdigest()
    assert fetched(wanted(site, "first", digest=digest), tmp_path / "set").read_bytes() == newer


def test_a_part_of_another_version_is_noticed_without_tags_too(site, tmp_path):
    site.tags = False
    test_a_part_of_another_version_is_not_continued(site, tmp_path)


def test_when_all_fail_each_address_its_reason_and_the_place_for_the_file_are_told(site, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    site.faults["first/file.bin*"] = ["wrong"]
    file = wanted(site, "first", "third")
    file = RemoteFile(file.name, (*file.urls, "http://127.0.0.1:9/file.bin", "file:///etc/passwd"), DIGEST)
    with pytest.raises(UserError) as failed:
        fetched(file, tmp_path / "set")
    said = str(failed.value)
    assert f"recorded is {DIGEST}" in said and "third/file.bin: 404" in said and "Connection refused" in said
    assert "no http address" in said and f"put it by hand at {tmp_path / 'set' / 'file.bin'}" in said
    assert not (tmp_path / "set" / "file.bin").exists()


def test_a_file_put_by_hand_is_taken_and_checked(site, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.bin").write_bytes(CONTENT)
    assert fetched(wanted(site, "third"), tmp_path / "set").exists()
    (tmp_path / "set" / "file.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(UserError, match="remove it"):
        fetched(wanted(site, "third"), tmp_path / "set")


def test_without_a_published_digest_the_first_download_is_kept_and_later_ones_must_be_the_same(site, tmp_path, capsys):
    file = wanted(site, "first", digest=None)
    path = fetched(file, tmp_path / "set")
    assert (tmp_path / "set" / "file.bin.sha256").read_text() == f"{DIGEST}  file.bin\n"
    assert f"sha256 {DIGEST} of this first copy is kept" in capsys.readouterr().err
    path.unlink()
    site.faults["first/file.bin*"] = ["wrong"]
    with pytest.raises(UserError, match=f"recorded is {DIGEST}"):
        fetched(file, tmp_path / "set")


def test_a_file_that_could_be_cut_off_unnoticed_is_refused(site, tmp_path):
    site.faults["first/file.bin"] = ["cut without length"]
    path = fetched(wanted(site, "first", "second", digest=None), tmp_path / "set")
    assert path.read_bytes() == CONTENT and site.asked[-1][0] == "second/file.bin"


def test_a_mirror_of_ones_own_is_asked_first(site, tmp_path, monkeypatch):
    (tmp_path / "www" / "own" / "set").mkdir(parents=True)
    (tmp_path / "www" / "own" / "set" / "file.bin").write_bytes(CONTENT)
    monkeypatch.setenv("LAB_MIRROR", site.url("own/"))
    fetched(wanted(site, "first"), tmp_path / "set")
    assert site.asked == [("own/set/file.bin", "")]


def test_several_at_once_fetch_once(site, tmp_path):
    threads = [threading.Thread(target=fetched, args=(wanted(site, "first"), tmp_path / "set")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.asked) == 1


def test_a_folder_that_cannot_be_written_is_named(site, tmp_path):
    (tmp_path / "set").write_text("a file")
    with pytest.raises(UserError, match="it cannot be written"):
        fetched(wanted(site, "first"), tmp_path / "set")
