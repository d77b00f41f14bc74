"""OpenMMLab with mmcv's operators compiled, on bare metal and in docker/OpenMMLab's image: PART=openmmlab_compiled.

The image stands on a base that stands in for NVIDIA's: Debian, this machine's Python and its build of PyTorch.
"""

import os
import shutil
import subprocess
from importlib.metadata import version

import pytest

from tests.mlbox.boxes import ROOT
from tests.real.openmmlab import compiled
from tests.real.podman_base import BASE, build_options, engine_variables, podman, podman_environment, stand_in_base
from tests.real.test_openmmlab import PACKAGES, laboratory, repository_box, trains

pytestmark = pytest.mark.real
NVIDIAS = "localhost/lab/pytorch:stand-in"
OPERATOR = """\
import torch
from mmcv.ops import nms
boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
print(nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5)[1].tolist())
"""


@pytest.fixture(scope="module")
def built():
    """A Python whose mmcv has its operators, and its wheel."""
    return compiled()


@pytest.fixture(scope="module")
def engine(tmp_path_factory, built):
    """Podman's environment, with the image under the names of both boxes."""
    environ = podman_environment(tmp_path_factory.mktemp("podman"))
    stand_in_base(environ)
    folder = tmp_path_factory.mktemp("base")
    pinned = " ".join(f"{name}=={version(name).partition('+')[0]}" for name in ("torch", "numpy"))
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nRUN pip3 install --no-cache-dir {pinned}\n")
    podman(environ, "build", *build_options(), "--tag", NVIDIAS, str(folder))
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "docker/OpenMMLab", tree / "docker/OpenMMLab")
    (tree / "docker/OpenMMLab/wheels").mkdir(exist_ok=True)
    shutil.copy(built[1], tree / "docker/OpenMMLab/wheels")
    words = [*build_options(), f"--build-arg=BASE={NVIDIAS}", "--build-arg=MMCV_WHEEL=*.whl"]
    build = [tree / "docker/OpenMMLab/build.sh", *words]
    done = subprocess.run(build, env={**environ, "ENGINE": "podman"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for name in PACKAGES:
        podman(environ, "tag", "open-mmlab:1.0", f"{name}:latest")
    return engine_variables(environ)


def test_an_operator_answers(built):
    done = subprocess.run([built[0], "-c", OPERATOR], capture_output=True, text=True)
    assert done.stdout == "[0, 2]\n", done.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_its_box_trains_on_bare_metal(tmp_path, built, name):
    lab = laboratory(tmp_path / "lab", built[0])
    trains(repository_box(lab, name, built[0]), "baremetal", {"PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("name", PACKAGES)
def test_its_box_trains_in_the_container(tmp_path, built, engine, name):
    lab = laboratory(tmp_path / "lab", built[0])
    trains(repository_box(lab, name, built[0]), "docker", {**os.environ, **engine})
