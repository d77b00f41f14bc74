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
    return laboratory(tmp_path / "lab", python)


def laboratory(folder, python):
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
    operators(tmp_path / "operators")
    box = repository_box(lab, name, python)
    trains(box, "baremetal", {"PYTHONPATH": f"{tmp_path / 'operators'}:{ROOT}"})


def repository_box(lab, name, python):
    """Make a box of a library's trainer and of pictures, as instructions/third_party.md tells."""
    source = upstream(lab.parent / f"{name}-upstream", python, PACKAGES[name])
    well(mlbox("init", lab, "--repository", name, "--from-git", source))
    box = lab / name
    (box / "data").mkdir()
    shutil.copytree(lab / "squares", box / "data/squares")
    for config in ("small_run.py", f"{name}_small.py"):
        shutil.copy(lab / "example" / config, box / "configs")
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text.replace("    type: python\n", f"    type: python\n    python: {python}\n", 1))
    return box


def trains(box, implementation, variables):
    """Train four steps without ClearML, and look for the weights."""
    assert os.environ.get("CLEARML_API_HOST") is None
    words = (f"config=configs/{box.name}_small.py", "dataset_path=data/squares")
    ended = well(mlbox("run", f"{box}/{implementation}:train", *words, variables={**variables, "OMP_NUM_THREADS": "1"}))
    told = ended.out + ended.err
    assert "Iter(train) [4/4]" in told and "loss:" in told, told[-3000:]
    assert (box / f"work/{box.name}/iter_4.pth").stat().st_size > 100_000
