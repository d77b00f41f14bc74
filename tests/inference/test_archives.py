"""Pictures in archives are read like pictures in folders, whatever the archive tries."""

import gc
import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, Limits
from text_recognizer.inference import archives
from text_recognizer.inference.sources import ResultNames, Source, find_sources, safe_stem

TEXTS = {"page 1.png": "abcde", "deep/page 2.png": "edcba", "deep/page 3.png": "cab"}
KINDS = {".zip": "", ".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.xz": "w:xz", ".tar.bz2": "w:bz2"}


def png(text: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(draw_flag_page([text])).save(stream, format="PNG")
    return stream.getvalue()


def packed(path: Path, content: dict[str, bytes]) -> Path:
    """Write an archive of the kind that its name says, and return its path."""
    kind = next(suffix for suffix in sorted(KINDS, key=len, reverse=True) if path.name.endswith(suffix))
    if kind == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, KINDS[kind]) as archive:
            for name, data in content.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def scans(path: Path, **more: bytes) -> Path:
    return packed(path, {**{name: png(text) for name, text in TEXTS.items()}, **more})


@pytest.mark.parametrize("kind", KINDS)
def test_members_are_read_in_the_order_of_the_archive_and_named_after_it(kind, tmp_path, read):
    archive = scans(tmp_path / f"scans{kind}", **{"notes.txt": b"no picture", ".hidden.png": b"no picture"})
    code, out, err = read(archive)
    assert (code, err) == (0, "")
    assert out.splitlines()[::3] == [f"==> {archive}/{name} <==" for name in TEXTS]
    assert out.splitlines()[1::3] == list(TEXTS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_archives_in_a_folder_are_read_and_their_results_lie_in_folders_of_their_names(kind, tmp_path, read):
    (tmp_path / "all").mkdir()
    scans(tmp_path / "all" / f"scans{kind}", **{"inner.zip": packed(tmp_path / "i.zip", {"x.png": b""}).read_bytes()})
    (tmp_path / "all" / "alone.png").write_bytes(png("dad"))
    assert read(tmp_path / "all", "--out", tmp_path / "texts") == (0, "", "")
    texts = {path.relative_to(tmp_path / "texts").as_posix(): path.read_text() for path in tmp_path.rglob("*.txt")}
    members = {f"scans/{name[:-4]}.txt": f"{text}\n" for name, text in TEXTS.items()}
    assert texts == {"alone.txt": "dad\n", **members}


def test_a_long_pdf_in_a_packed_archive_is_read_page_by_page(tmp_path, read):
    pages, stream = [Image.fromarray(draw_flag_page([text])) for text in ("abc", "bcd", "cde")], io.BytesIO()
    pages[0].save(stream, format="PDF", save_all=True, append_images=pages[1:], resolution=100)
    archive = packed(tmp_path / "books.tar.gz", {"book.pdf": stream.getvalue()})
    assert read(archive, "--dpi", 100)[:2] == (0, "abc\nbcd\ncde\n")


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"])
@pytest.mark.parametrize("kind", [".zip", ".tar", ".tar.gz"])
def test_no_name_in_an_archive_leads_out_of_the_folder_of_results(name, kind, tmp_path, read):
    archive = packed(tmp_path / f"scans{kind}", {name: png("abc")})
    out = tmp_path / "deep" / "er" / "texts"
    assert read(archive, "--out", out)[0] == 0
    written = list(tmp_path.rglob("evil.txt"))
    assert len(written) == 1 and out in written[0].parents
    assert not os.path.exists("/evil.txt")


def test_what_cannot_be_a_file_name_is_cut_and_shown_without_control_characters(tmp_path, read):
    archive = packed(tmp_path / "scans.tar", {f"{'long' * 60}.png": png("abc"), "a\x1b[31m\n.png": png("cab")})
    code, _, err = read(archive, "--out", tmp_path / "texts")
    assert (code, err) == (0, "")
    assert sorted(path.read_text() for path in (tmp_path / "texts").rglob("*.txt")) == ["abc\n", "cab\n"]
    assert {str(source) for source in find_sources([str(archive)], SUFFIXES)} >= {f"{archive}/a?[31m?.png"}
    assert str(safe_stem("/")) == "picture"


def test_a_member_with_a_password_and_a_damaged_one_are_named_and_the_others_read(tmp_path, read):
    archive = scans(tmp_path / "scans.zip")
    content = bytearray(archive.read_bytes())
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):  # the first member's two headers
        content[content.index(signature) + flags] |= 1
    second = content.index(b"deep/page 2.png") + 40
    content[second : second + 30] = bytes(30)
    archive.write_bytes(content)
    code, out, err = read(archive)
    assert (code, out) == (1, f"==> {archive}/deep/page 3.png <==\ncab\n")
    locked, damaged, summary = err.splitlines()
    assert locked == f"{archive}/page 1.png: it is protected by a password; pack the archive again without one"
    assert damaged.startswith(f"{archive}/deep/page 2.png: this member of the archive is damaged (")
    assert summary == "text-recognizer: 2 of 3 pictures could not be read"


@pytest.mark.parametrize("kind", [".tar", ".tar.gz", ".tar.xz"])
def test_an_archive_that_ends_too_early_is_named_and_what_comes_before_is_read(kind, tmp_path, read):
    dice = np.random.default_rng(1)
    noise = {"z.bin": dice.bytes(60_000)}
    archive = packed(
        tmp_path / f"scans{kind}", {"1.png": png("abc"), "2.png": png("cab"), **noise, "3.png": png("bad")}
    )
    archive.write_bytes(archive.read_bytes()[:-40_000])
    code, out, err = read(archive)
    assert code == 1 and out.count("\n") >= (1 if kind == ".tar.xz" else 4)
    assert f"{archive}: the archive is damaged (" in err and "pack or download it again" in err


def test_a_damaged_header_is_not_taken_for_the_end_of_the_archive(tmp_path, read):
    archive = packed(tmp_path / "scans.tar", {"1.png": png("abc"), "2.png": png("cab")})
    content = bytearray(archive.read_bytes())
    start = content.index(b"2.png")
    content[start : start + 200] = b"?" * 200
    archive.write_bytes(content)
    code, out, err = read(archive)
    assert (code, "abc" in out) == (1, True)
    assert "the 1 pictures before the damage are read" in err


@pytest.mark.parametrize("name", ["none.zip", "none.tar.gz", "text.zip", "text.tar", "text.tgz", "empty.zip"])
def test_what_is_no_archive_is_named_and_stops_nothing(name, tmp_path, read):
    if name.startswith("text"):
        (tmp_path / name).write_text("this is no archive\n" * 100)
    if name.startswith("empty"):
        packed(tmp_path / name, {"notes.txt": b"hello"})
    (tmp_path / "alone.png").write_bytes(png("dad"))
    code, out, err = read(tmp_path / name, tmp_path / "alone.png")
    assert code == 1 and out.endswith("dad\n")
    said = {"none": "there is no such file", "text": "the archive is damaged", "empty": "none of the 1 things in this"}
    assert err.startswith(f"{tmp_path / name}: {said[name.split('.')[0]]}")


def test_sizes_and_numbers_of_members_have_limits(tmp_path, monkeypatch):
    archive = packed(tmp_path / "scans.zip", {f"{number}.png": bytes(3_000) for number in range(5)})
    (first, *_) = find_sources([str(archive)], SUFFIXES)
    with pytest.raises(Exception, match=r"scans.zip/0.png: the file is larger than 2,000 bytes"):
        first.content(Limits(max_bytes=2_000))
    packed_tar = packed(tmp_path / "scans.tgz", {"1.png": bytes(3_000)})
    (kept,) = (source.kept(tmp_path, Limits(max_bytes=2_000)) for source in find_sources([str(packed_tar)], SUFFIXES))
    assert "larger than 2,000 bytes" in kept.problem
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    *some, last = find_sources([str(archive)], SUFFIXES)
    assert len(some) == 3 and "it has more than 3 members; split it" in last.problem


def test_a_member_that_lies_about_its_size_is_refused(tmp_path, read):
    archive = packed(tmp_path / "scans.zip", {"1.png": png("abc")})
    content = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = content.index(signature) + place
        content[start : start + 4] = (50).to_bytes(4, "little")
    archive.write_bytes(content)
    code, out, err = read(archive)
    assert (code, out) == (1, "") and err.startswith(f"{archive}/1.png: ")


def test_result_names_stay_apart(tmp_path):
    archive = packed(tmp_path / "scans.zip", {"a.png": b"", "a.jpg": b"", "../a.tif": b""})
    names = ResultNames(".txt")
    found = [str(names.of(source)) for source in find_sources([str(archive)], SUFFIXES)]
    assert found == ["scans/a.txt", "scans/a-2.txt", "scans/a-3.txt"]


def test_of_a_tar_archive_of_many_members_none_is_held_in_memory(tmp_path):
    path = packed(tmp_path / "many.tar", {f"{number:05}.png": b"x" for number in range(3_000)})
    found = find_sources([str(path)], SUFFIXES)
    assert sum(1 for _ in zip(range(2_900), found, strict=False)) == 2_900
    gc.collect()
    assert sum(isinstance(thing, tarfile.TarInfo | Source) for thing in gc.get_objects()) < 20


@pytest.mark.parametrize("kind", [".tar.gz", ".tar.xz", ".tar.bz2"])
def test_an_archive_that_ends_within_a_picture_is_named_and_the_run_goes_on(kind, tmp_path, read):
    noise = np.random.default_rng(2).bytes(60_000)
    archive = packed(tmp_path / f"scans{kind}", {"1.png": png("abc"), "2.png": noise})
    archive.write_bytes(archive.read_bytes()[:-30_000])
    (tmp_path / "alone.png").write_bytes(png("dad"))
    for out in ([], ["--out", tmp_path / "out"]):
        code, said, err = read(archive, tmp_path / "alone.png", *out)
        assert code == 1 and "report it" not in err and "Traceback" not in err
        assert "it cannot be read (" in err or "the archive is damaged (" in err
        assert said.endswith("dad\n") or (tmp_path / "out/alone.txt").read_text() == "dad\n"
    assert not list((tmp_path / "out/.reading/copies").iterdir())


def test_pictures_of_a_compressed_archive_can_be_had_one_by_one_without_copies(tmp_path):
    archive = scans(tmp_path / "scans.tgz")
    assert [source.content(Limits()) for source in find_sources([str(archive)], SUFFIXES)] == list(
        map(png, TEXTS.values())
    )
    found = find_sources([str(archive)], SUFFIXES)
    source = next(found)
    with pytest.raises(UserError, match=r"scans.tgz/page 1.png: the file is larger than 20 bytes"):
        source.content(Limits(max_bytes=20))
