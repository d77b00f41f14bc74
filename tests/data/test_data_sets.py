"""What the fetched sets hand to training, from small files in their own formats."""

import numpy as np
import pytest
import torch

from text_recognizer.data.base import LabData
from text_recognizer.data.emnist import EMNIST
from text_recognizer.data.emnist_lines import EMNISTLines
from text_recognizer.data.fake_images import FakeImages
from text_recognizer.data.fsdl_handwriting import FSDLHandwriting
from text_recognizer.data.iam import read_iam
from text_recognizer.data.iam_lines import IAMLines
from text_recognizer.data.iam_paragraphs import IAMParagraphs
from text_recognizer.data.mnist import MNIST
from text_recognizer.data.raw_sets import read_raw_set
from text_recognizer.data.synthetic_paragraphs import SyntheticParagraphs
from text_recognizer.errors import UserError

from .served_data import AACHEN, served_data
from .served_files import describe, served
from .served_sets import TASK, WRITERS, known_texts, small_iam, small_mnist


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a data folder with all sets fetched and prepared."""
    with served_data(tmp_path_factory.mktemp("sets")) as (folder, _):
        for module in (MNIST(folder=folder, validation=40), EMNIST(folder=folder), FSDLHandwriting(folder=folder)):
            module.prepare_data()
        read_iam(folder)
    return folder


MODULES = {
    "MNIST": lambda folder: MNIST(folder=folder, validation=40, augment=1.0, batch_size=16),
    "EMNIST": lambda folder: EMNIST(folder=folder, augment=1.0, batch_size=16),
    "EMNISTLines": lambda folder: EMNISTLines(folder=folder, augment=1.0, batch_size=4, validation_lines=8),
    "FakeImages": lambda folder: FakeImages(batch_size=16, num_samples=64),
    "IAMLines": lambda folder: IAMLines(folder=folder, pixels=2000),
    "IAMParagraphs": lambda folder: IAMParagraphs(folder=folder, batch_size=2),
    "FSDLHandwriting": lambda folder: FSDLHandwriting(folder=folder, pixels=2000, real=1.0),
    "SyntheticParagraphs": lambda folder: SyntheticParagraphs(batch_size=1, validation_pages=2, lines=(1, 2)),
}


def same(one, other) -> bool:
    return torch.equal(one.x_BCHW, other.x_BCHW) and one.sources == other.sources


@pytest.mark.parametrize("name", MODULES)
def test_a_batch_is_a_pure_function_of_seed_and_number(name, data):
    first, second = (MODULES[name](data) for _ in range(2))
    second.train_batches()[0]
    batch = first.train_batches()[3]
    assert same(batch, second.train_batches()[3])
    assert not same(batch, first.train_batches()[4])
    second.seed = 1
    assert not same(batch, second.train_batches()[3])


@pytest.mark.parametrize("name", MODULES)
def test_validation_is_never_augmented_nor_drawn_anew(name, data):
    first, second = (MODULES[name](data) for _ in range(2))
    second.seed = 7
    for attribute in ("augment", "strength"):
        if hasattr(second, attribute) and name != "SyntheticParagraphs":
            setattr(second, attribute, 0.0)
    held, again = list(first.validation_batches()), list(second.validation_batches())
    assert held and all(same(one, other) for one, other in zip(held, again, strict=True))


@pytest.mark.parametrize("name", MODULES)
def test_a_batch_has_the_shape_that_its_kind_promises(name, data):
    module = MODULES[name](data)
    batch = module.train_batches()[0]
    assert batch.x_BCHW.dtype == torch.float32 and batch.x_BCHW.shape[1:3] == (1, module.height)
    assert len(batch.sources) == len(batch.x_BCHW) and 0.5 < batch.x_BCHW.max() <= 1.5
    assert abs(batch.x_BCHW.median()) < 0.2 or name == "FakeImages", "paper is 0"
    if hasattr(batch, "y_B"):
        assert batch.y_B.max() < len(module.characters)
    else:
        labels = [row[:n].tolist() for row, n in zip(batch.y_BL, batch.lengths_B, strict=True)]
        assert [module.charset.decode(row) for row in labels] == batch.texts
    assert isinstance(module, LabData) and next(iter(module.val_dataloader())) is not None


def test_characters_go_through_training_once_an_epoch(data):
    batches = MNIST(folder=data, validation=40, batch_size=16).train_batches()
    epochs = [[s for k in range(10) for s in batches[10 * e + k].sources] for e in range(2)]
    assert len(set(epochs[0])) == 160 and set(epochs[0]) == set(epochs[1]) and epochs[0] != epochs[1]


def test_mnist_validates_on_pictures_that_do_not_train(data):
    module = MNIST(folder=data, validation=40)
    assert module.counts() == {"train": 160, "val": 40, "test": 40}
    trained = {row.tobytes() for row in module.pictures("train")[0]}
    assert not trained & {row.tobytes() for row in module.pictures("val")[0]}
    with pytest.raises(UserError, match="give fewer"):
        MNIST(folder=data, validation=200).counts()


def test_a_choice_of_characters_leaves_the_others_out(data):
    module = MNIST(characters="71", folder=data, validation=40, width=20)
    batch = module.train_batches()[0]
    assert batch.x_BCHW.shape[2:] == (28, 20) and set(batch.y_B.tolist()) == {0, 1}
    assert module.counts()["test"] == 8
    with pytest.raises(UserError, match="'x'.* not in the set"):
        MNIST(characters="1x", folder=data)


def test_emnist_is_balanced_upright_and_split_by_writer(data):
    module = EMNIST(folder=data)
    ink_NHW, labels_N = module.loaded("train")
    assert ink_NHW[labels_N == 61][0][22:25, 16:19].min() == 255, "the last class has its block at row 7, column 5"
    everything = np.concatenate([labels_N, module.loaded("val")[1]])
    counts = np.bincount(everything, minlength=62)
    assert counts.min() == 20 and counts.max() == counts[0] == 23, "no class has more than the average"
    assert 0.1 < len(module.loaded("val")[1]) / len(everything) < 0.3
    assert module.characters[0] == "0" and module.characters[61] == "z"


def test_emnist_lines_show_letters_of_their_own_split(data):
    module = EMNISTLines(folder=data, batch_size=4, validation_lines=8, max_length=20)
    batch = module.train_batches()[0]
    assert max(map(len, batch.texts)) <= 20 and set("".join(batch.texts)) <= set(module.characters)
    assert (batch.centres_BL >= 0).sum() == batch.lengths_B.sum()
    assert {source for held in module.validation_batches() for source in held.sources} == {"emnist val"}
    with pytest.raises(UserError, match="not a range"):
        EMNISTLines(folder=data, min_overlap=0.5)


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("course", {"train": 10, "val": 4, "test": 4}),  # the forms of no list train too
        ("lwitlrt", {"train": 6, "val": 4, "test": 4}),
        ("aachen", {"train": 6, "val": 4, "test": 4}),
    ],
)
def test_iam_has_its_three_published_splits(split, counts, data):
    module = IAMLines(folder=data, split=split)
    assert module.counts() == counts
    assert "9 forms of 8 writers" in module.notes()[0]
    pages = {part: {line.of_page for line in lines} for part, lines in module.parts.items()}
    assert pages["test"] == {"c01-010", "c01-011"}


def test_iam_texts_and_pixels_are_those_of_the_forms(data):
    page = read_iam(data).pages[0]
    texts = [text for _, text in known_texts()]
    assert (page.identity, page.writer, page.text) == ("a01-000u", "000", "\n".join(texts[:2]))
    line = page.lines[1].image_HW()
    assert line.shape[1] == pytest.approx(known_texts()[1][0].shape[1], rel=0.1), "the line is as wide as it was drawn"
    assert line.min() < 120 < line.max()
    assert page.paragraph_HW().shape[0] > 2 * line.shape[0]


def test_a_writer_in_two_splits_is_refused_with_its_ids_or_left_out(tmp_path):
    writers = {**WRITERS, "a01-007": "020"}  # the writer of c01-010, which tests
    small_iam(tmp_path / "www", writers)
    with served(tmp_path / "www") as site:
        describe(tmp_path, "iam", {"iamdb.zip": [site.url("iamdb.zip")]}, tmp_path / "www", more=AACHEN)
        with pytest.raises(UserError, match=r"writer 020 is in train \(a01-007-00\) and in test \(c01-010-0"):
            IAMLines(folder=tmp_path).counts()
        module = IAMLines(folder=tmp_path, overlap="drop")
    assert module.counts()["train"] == 8
    assert any("2 lines of train are left out" in note for note in module.notes())


def test_a_form_in_two_lists_is_refused(tmp_path):
    small_iam(tmp_path / "www", task={**TASK, "validationset1.txt": ["b01-000", "a01-003"]})
    with served(tmp_path / "www") as site:
        describe(tmp_path, "iam", {"iamdb.zip": [site.url("iamdb.zip")]}, tmp_path / "www", more=AACHEN)
        with pytest.raises(UserError, match="a01-003"):
            IAMLines(folder=tmp_path, split="lwitlrt").counts()


@pytest.mark.parametrize(("fraction", "kinds"), [(0.0, {"real"}), (1.0, {"stitched"}), (0.5, {"real", "stitched"})])
def test_paragraphs_are_real_or_stitched_of_real_lines(fraction, kinds, data):
    module = IAMParagraphs(folder=data, batch_size=4, synthetic_fraction=fraction, lines=(2, 5))
    batches = [module.train_batches()[k] for k in range(3)]
    assert {source.split(":")[0] for batch in batches for source in batch.sources} == kinds
    known = {line.text for line in module.parts["train"][1]}
    assert {row for batch in batches for text in batch.texts for row in text.split("\n")} <= known
    tested = {line.text for line in module.parts["test"][1]}
    assert not known & tested


def test_paragraphs_that_are_too_long_are_left_out_and_told(data):
    longest = sorted(len(page.text) for page in IAMParagraphs(folder=data).parts["train"][0])[-1]
    module = IAMParagraphs(folder=data, longest=longest - 1)
    assert module.counts()["train"] == 4 and "1 pages of train are too long" in module.notes()[0]


def test_fsdl_pages_are_split_by_page_and_lines_without_text_left_out(data):
    module = FSDLHandwriting(folder=data)
    assert sum(module.counts().values()) == 10 and module.counts()["val"] == module.counts()["test"] == 2
    pages = [{line.of_page for line in lines} for lines in module.parts.values()]
    assert not (pages[0] & pages[1] or pages[1] & pages[2] or pages[0] & pages[2])


def test_a_page_on_a_host_that_is_not_listed_is_not_fetched(tmp_path):
    from .served_sets import small_fsdl

    with served(tmp_path / "www") as site:
        small_fsdl(tmp_path / "www", site.address)
        urls = {"fsdl_handwriting.json": [site.url("fsdl_handwriting.json")]}
        describe(tmp_path, "fsdl_handwriting", urls, tmp_path / "www", more="page_hosts = ['elsewhere.test']\n")
        with pytest.raises(UserError, match="none of the hosts in"):
            FSDLHandwriting(folder=tmp_path).prepare_data()
    assert not any("pages" in path for path, _ in site.asked)


def test_a_damaged_archive_is_one_sentence(tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "iamdb.zip").write_bytes(b"PK\x03\x04 this is no archive")
    small_mnist(tmp_path / "www")
    (tmp_path / "www" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8bno")
    with served(tmp_path / "www") as site:
        describe(tmp_path, "iam", {"iamdb.zip": [site.url("iamdb.zip")]}, tmp_path / "www")
        with pytest.raises(UserError, match=r"iamdb.zip: it cannot be unpacked .*; remove it and fetch it again"):
            read_iam(tmp_path)
        from .served_sets import MNIST_FILES

        describe(tmp_path, "mnist", {file: [site.url(file)] for file in MNIST_FILES}, tmp_path / "www")
        with pytest.raises(UserError, match="t10k-labels.*cannot be unpacked"):
            MNIST(folder=tmp_path).prepare_data()
    assert not (tmp_path / "iam").exists() and not (tmp_path / "mnist").exists()


@pytest.mark.parametrize("name", ["mnist", "emnist", "iam", "fsdl_handwriting"])
def test_the_shipped_descriptions_are_whole(name, tmp_path):
    raw = read_raw_set(name, tmp_path)
    assert raw.title and raw.licence and raw.citation and raw.origin.startswith("http")
    assert all(len(digest) == 64 for digest in raw.digests().values())
    assert all(file.urls and all(url.startswith("http") for url in file.urls) for file in raw.files.values())
    assert (raw.path.parent / "readme.md").exists()


def test_the_published_lists_of_aachen_do_not_overlap(tmp_path):
    lists = read_raw_set("iam", tmp_path).splits["aachen"]
    assert (len(lists["val"]), len(lists["test"])) == (115, 336)
    assert len(set(lists["val"]) | set(lists["test"])) == 451
