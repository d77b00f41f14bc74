"""Every set, prepared from served files in the real format, and killed while it is prepared."""

import json
import random
import shutil

import numpy as np
import pytest

from text_recognizer.data.prepared import MANIFEST, check_digests

from .preparing import Preparer
from .served_data import SETS, served_data

KILLS = 20
IDS = [small.name for small in SETS]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served_data(tmp_path_factory.mktemp("sets")) as (data, site):
        yield data, site


@pytest.fixture(scope="module")
def preparer():
    with Preparer() as process:
        yield process


def files_of(folder) -> dict:
    return json.loads((folder / MANIFEST).read_text())["files"]


@pytest.mark.parametrize("small", SETS, ids=IDS)
def test_killed_at_random_moments_it_is_absent_or_whole(small, site, preparer, tmp_path):
    data, served = site
    options = {**small.options, "folder": str(tmp_path)}
    shutil.copytree(data / "raw", tmp_path / "raw")
    folder = tmp_path / small.name
    seconds = preparer.prepare(small.kind, **options)
    expected, downloads = files_of(folder), tmp_path / "downloads"
    dice = random.Random(small.name)
    stopped = 0
    for number in range(KILLS):
        shutil.rmtree(folder, ignore_errors=True)
        if number % 2:
            shutil.rmtree(downloads, ignore_errors=True)
        killed = preparer.kill_after(dice.uniform(0, seconds), small.kind, **options) != 0
        stopped += killed
        seconds *= 1 if killed else 0.85  # the first time may have been slow for reasons of the machine
        if folder.exists():
            assert check_digests(folder) and files_of(folder) == expected
    assert stopped >= KILLS // 4, f"only {stopped} of {KILLS} were killed before they were done"
    preparer.prepare(small.kind, **options)
    assert files_of(folder) == expected and check_digests(folder)
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"raw", "downloads", small.name}, (
        "no leftover"
    )


@pytest.mark.parametrize("small", SETS, ids=IDS)
def test_a_corrupted_mirror_is_refused_and_the_next_one_tried(small, site, preparer, tmp_path):
    data, served = site
    shutil.copytree(data / "raw", tmp_path / "raw")
    for file in small.files:
        good = served.folder / "good" / small.name / file
        bad = served.folder / "bad" / small.name / file
        bad.parent.mkdir(parents=True, exist_ok=True)
        content = bytearray(good.read_bytes())
        content[len(content) // 2] ^= 1
        bad.write_bytes(content)
    preparer.prepare(small.kind, **small.options, folder=str(tmp_path))
    assert check_digests(tmp_path / small.name)
    asked = [path for path, _ in served.asked[-200:]]
    assert f"bad/{small.name}/{small.files[0]}" in asked and f"good/{small.name}/{small.files[0]}" in asked


def test_two_preparations_at_once_share_one_result(site, tmp_path):
    data, _ = site
    shutil.copytree(data / "raw", tmp_path / "raw")
    with Preparer() as first, Preparer() as second:
        for process in (first, second):
            process.start("IAMLines", folder=str(tmp_path))
        assert (first.ended(), second.ended()) == (0, 0)
    assert check_digests(tmp_path / "iam")


def test_the_idx_files_are_read_back_exactly(site, preparer, tmp_path):
    from .served_sets import _blocks

    data, _ = site
    shutil.copytree(data / "raw", tmp_path / "raw")
    preparer.prepare("MNIST", validation=40, folder=str(tmp_path))
    ink_NHW, labels_N = _blocks(40, 10, 1)
    assert np.array_equal(np.load(tmp_path / "mnist" / "test_ink.npy"), ink_NHW)
    assert np.array_equal(np.load(tmp_path / "mnist" / "test_labels.npy"), labels_N)
