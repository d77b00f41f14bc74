"""The end-to-end reader of paragraphs as a user meets it: exported, without torch, through the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.lit_models.test_memorising import fitted
from tests.models.small_models import a_page_batch, character_models, line_transformer, page_transformer
from text_recognizer.errors import UserError
from text_recognizer.inference.cli import main
from text_recognizer.inference.paragraph_reader import ParagraphReader, lines_of, page_canvas
from text_recognizer.inference.result import Page
from text_recognizer.inference.sequence_writer import Written
from training.export_image import export_image_model, proof_pictures


@pytest.fixture(scope="module")
def learnt(tmp_path_factory) -> tuple[Path, list[Path], list[str]]:
    """Return an exported model that knows two pages by heart, their pictures and their texts."""
    torch.manual_seed(0)
    batch, folder = a_page_batch(), tmp_path_factory.mktemp("learnt")
    model = fitted(page_transformer(), batch, 150).model
    export_image_model(model, folder / "run" / "model", "learnt", {}, "# learnt\n", proof_pictures(model, 2))
    paths = []
    for number, x_HW in enumerate(batch.x_BCHW[:, 0].numpy()):
        paths.append(folder / f"page{number}.png")
        Image.fromarray((255 * (1 - x_HW.clip(0, 1))).astype(np.uint8)).save(paths[-1])
    return folder / "run", paths, batch.texts


def read(capsys, *words: object) -> tuple[int, str, str]:
    code = main(["read", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.slow
def test_pages_learnt_by_heart_are_read_and_the_tree_is_that_of_the_line_reader(learnt, capsys):
    run, paths, texts = learnt
    code, out, _ = read(capsys, "--reader", "paragraph", "--model", run, "--format", "json", *paths)
    assert code == 0
    pages = [Page.from_dict(tree) for tree in json.loads(out)["pages"]]
    assert [page.text for page in pages] == texts
    for page in pages:
        assert (page.width, page.height) == (160, 64)
        for line in page.lines:
            assert line.box == (0, 0, 160, 64), "where a line stands is not known"
            assert "".join(character.text for character in line.characters) == line.text
            assert 0.5 < line.confidence <= 1
            assert line.confidence == pytest.approx(
                np.mean([character.confidence for character in line.characters]), abs=1e-3
            )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["text", "tsv", "hocr", "alto", "page"])
def test_every_format_is_written(learnt, capsys, name):
    run, paths, texts = learnt
    code, out, err = read(capsys, "--reader", "paragraph", "--model", run / "model", "--format", name, paths[0])
    assert (code, err) == (0, "")
    told = re.sub(r"<span class='ocrx_cinfo'[^>]*>(.)</span>", r"\1", out)  # hOCR marks every character
    assert all(word in told for word in texts[0].split())


@pytest.mark.slow
def test_light_text_on_dark_is_read_as_well_and_unsure_lines_can_be_withheld(learnt, capsys, tmp_path):
    run, paths, texts = learnt
    with Image.open(paths[1]) as page:
        Image.fromarray(255 - np.asarray(page)).save(tmp_path / "dark.png")
    assert read(capsys, "--reader", "paragraph", "--model", run, tmp_path / "dark.png")[1].strip() == texts[1]
    assert read(capsys, "--reader", "paragraph", "--model", run, "--abstain", "1", paths[1])[1].strip() == ""


@pytest.mark.slow
def test_an_interrupted_folder_is_gone_on_with_only_by_the_same_reader(learnt, capsys, tmp_path):
    run, paths, texts = learnt
    words = ["--reader", "paragraph", "--model", run, "--out", tmp_path / "out", *paths]
    assert read(capsys, *words)[0] == 0
    assert (tmp_path / "out" / "page0.txt").read_text().strip() == texts[0]
    assert read(capsys, *words)[0] == 0
    code, _, err = read(capsys, "--out", tmp_path / "out", *paths)
    assert code != 0 and "--reader" in err


@pytest.mark.slow
def test_reading_loads_no_torch(learnt):
    run, paths, texts = learnt
    program = (
        "import sys; from text_recognizer.inference.cli import main;"
        f"code = main(['read', '--reader', 'paragraph', '--model', {str(run)!r}, {str(paths[0])!r}]);"
        "assert not {'torch', 'pytorch_lightning', 'cv2', 'scipy'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, texts[0]), done.stderr


def test_a_mistake_is_one_sentence(capsys, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "a.png")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("")
    export_image_model(character_models()[0], tmp_path / "digits", "digits", {}, "", [])
    for words, code, sentence in [
        (["--reader", "paragraph"], 2, "name the folder of one with --model"),
        (["--reader", "paragraf", "--model", "x"], 2, "did you mean paragraph?"),
        (["--reader", "paragraph", "--model", tmp_path / "nothing"], 1, "holds no model of paragraphs"),
        (["--reader", "paragraph", "--model", tmp_path / "run"], 1, "is a run that is not exported yet"),
        (["--reader", "paragraph", "--model", tmp_path / "digits"], 1, "reads single characters, not text"),
    ]:
        found, _, err = read(capsys, *words, tmp_path / "a.png")
        assert (found, len(err.strip().splitlines())) == (code, 1) and sentence in err, err


def test_a_model_of_lines_takes_the_page_for_one_line(tmp_path):
    model = line_transformer().eval()
    export_image_model(model, tmp_path / "model", "lines", {}, "", proof_pictures(model, 2))
    page = ParagraphReader.load(tmp_path / "model").read(np.full((30, 200), 255, np.uint8), "a.png")
    assert (page.width, page.height, page.source) == (200, 30, "a.png")


def test_lines_are_split_at_newlines_and_keep_their_probabilities():
    p = np.arange(10) / 10
    lines = lines_of(Written(" ab\n\ncd e\n", p))
    assert [line.text for line in lines] == ["ab", "", "cd e", ""]
    assert [line.probabilities.tolist() for line in lines] == [[0.1, 0.2], [], p[5:9].tolist(), []]


@pytest.mark.parametrize(("size", "drawn"), [((40, 60), (40, 60)), ((200, 60), (100, 30)), ((1, 1), (1, 1))])
def test_a_page_is_made_smaller_only_where_it_does_not_fit(size, drawn):
    page_HW = np.full(size, 255, np.uint8)
    page_HW[size[0] // 2 :, size[1] // 2 :] = 0
    x_HW = page_canvas(page_HW, 100, 90)
    assert x_HW.shape == (100, 90) and x_HW.dtype == np.float32
    assert x_HW[drawn[0] :].sum() == 0 and x_HW[:, drawn[1] :].sum() == 0
    if size != (1, 1):
        assert x_HW[drawn[0] - 2, drawn[1] - 2] > 0.8 and abs(x_HW[1, 1]) < 0.1


def test_a_folder_without_an_exported_model_is_named():
    with pytest.raises(UserError, match="holds no model of paragraphs"):
        ParagraphReader.load(Path("nowhere"))
