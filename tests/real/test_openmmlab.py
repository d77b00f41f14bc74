"""OpenMMLab's own trainers as boxes, through clearml_train.py, on small drawn pictures: PART=openmmlab."""

import os
import shutil
import subprocess

import pytest

from tests.mlbox.boxes import ROOT
from tests.real.mlbox_lab import mlbox, well
from tests.real.openmmlab import environment, operators, upstream

pytestmark = pytest.mark.real
PACKAGES = {"mmsegmentation": "mmseg", "mmdetection": "mmdet"}


@pytest.fixture(scope="module")
def python():
    """The Python that has OpenMMLab."""
    return environment()


@pytest.fixture
def lab(tmp_path, python):
    """A laboratory with pictures to learn."""
    folder = tmp_path / "lab"
    shutil.copytree(ROOT / "example", folder / "example", ignore=shutil.ignore_patterns("*.sh"))
    draw = [python, folder / "example/pictures.py", folder / "squares"]
    subprocess.run(draw, check=True)
    return folder


@pytest.mark.parametrize("name", PACKAGES)
def test_without_compiled_operators_it_says_so(python, name):
    """What instructions/third_party.md shows."""
    done = subprocess.run([python, "-c", f"import {PACKAGES[name]}.models"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'mmcv._ext'"


@pytest.mark.parametrize("name", PACKAGES)
def test_its_box_trains(lab, python, tmp_path, name):
    well(mlbox("init", lab, "--repository", name, "--from-git", upstream(tmp_path / "up", python, PACKAGES[name])))
    operators(tmp_path / "operators")
    (lab / name / "data").mkdir()
    shutil.copytree(lab / "squares", lab / name / "data/squares")
    for config in ("small_run.py", f"{name}_small.py"):
        shutil.copy(lab / "example" / config, lab / name / "configs")
    box = lab / name / "mlbox.yaml"
    text = box.read_text()
    box.write_text(text.replace("    type: python\n", f"    type: python\n    python: {python}\n", 1))
    variables = {"PYTHONPATH": f"{tmp_path / 'operators'}:{ROOT}", "OMP_NUM_THREADS": "1"}
    words = (f"config=configs/{name}_small.py", "dataset_path=data/squares")
    ended = well(mlbox("run", f"{lab / name}:train", *words, variables=variables))
    told = ended.out + ended.err
    assert "Iter(train) [4/4]" in told and "loss:" in told, told[-3000:]
    assert (lab / name / f"work/{name}/iter_4.pth").stat().st_size > 100_000
    assert os.environ.get("CLEARML_API_HOST") is None
