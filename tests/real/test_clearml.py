"""mlbox and clearml_train.py with ClearML's real programs and an agent, against an API in memory: PART=clearml.

The API stands in for the server, which wants databases; clearml-task, clearml-data and the agent are the real ones.
"""

import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.mlbox.boxes import ROOT, hello_world
from tests.mlbox.boxes import small_box as box_of
from tests.real.clearml_lab import QUEUE, Lab, clearml_lab, repository
from tests.real.mlbox_lab import EXITS, FAREWELL, Ended, mlbox, record, run_named, timed
from tests.real.working_tree import tracked

pytestmark = pytest.mark.real
IMAGE = "registry.example.org/lab/mmsegmentation:latest"
SEED = next(ROOT.glob("tests/real/seed_commands.toml"))
TRAINER = '''\
"""Stands in for upstream's tools/train.py: the same arguments, a small net, processes that share gradients."""
import argparse, os, pathlib, runpy
import numpy, torch
from PIL import Image
from torch import distributed, nn

parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("--launcher", default="none")
parser.add_argument("--work-dir", default="work")
options = parser.parse_args()
config = runpy.run_path(options.config)
net = nn.Conv2d(3, config["num_classes"], 1)
rank = 0
if options.launcher == "pytorch":
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    net = nn.parallel.DistributedDataParallel(net)
images = sorted(pathlib.Path(config["data_root"], "img").glob("*.png"))
optimizer = torch.optim.SGD(net.parameters(), 0.1)
for path in images:
    x = torch.from_numpy(numpy.asarray(Image.open(path)).copy()).permute(2, 0, 1)[None] / 255
    y = torch.from_numpy(numpy.asarray(Image.open(path.parent.parent / "ann" / path.name)).copy())[None].long()
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
world = distributed.get_world_size() if options.launcher == "pytorch" else 1
print(f"rank {rank} of {world}: {len(images)} images, loss {loss.item():.3f}", flush=True)
'''
CONFIG = "num_classes = 2\ndata_root = 'data/coco_stuff10k'\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """ClearML, and an agent that waits for tasks."""
    with clearml_lab(tmp_path_factory.mktemp("clearml")) as running:
        yield running


def on_queue(lab: Lab, *words: str | Path, platform: str = "queue") -> Ended:
    """Run mlbox with ClearML's library, on a platform of the laboratory's, which stands before the last word."""
    named = [f"{lab.platforms}:{platform}"] if words[0] in ("run", "configure") else []
    begun = time.monotonic()
    done = lab.call("python", "-m", "mlbox", *words[:-1], *named, words[-1], cwd=ROOT, seconds=400)
    return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


def test_hello_and_goodbye(tmp_path, lab):
    box = hello_world(tmp_path / "box")
    assert on_queue(lab, "configure", box).code == 0
    hello = on_queue(lab, "run", f"{box}:hello/xinyuan")
    assert (hello.code, hello.out) == (0, "Hello, Xinyuan!\n"), hello.err
    goodbye = on_queue(lab, "run", f"{box}:goodbye/xinyuan")
    assert goodbye.code == 0 and "hello/xinyuan: nothing has changed" in goodbye.err
    assert (box / "workspace/farewell_xinyuan.txt").read_text() == FAREWELL
    again = on_queue(lab, "run", f"{box}:goodbye/xinyuan")
    assert again.err.count("not run again") == 2, again.err
    assert not list(Path(lab.variables["HOME"], ".mlbox/clearml").iterdir()), "the agent's host keeps nothing"
    script = next((box / ".mlbox/runs").glob("*hello*/script.sh"))
    assert "clearml" in script.read_text()
    record("clearml", "bare metal", hello.seconds, timed(["python3", "-c", "print(1)"]))


def test_the_exit_code_comes_back_to_who_fetches_it(tmp_path, lab):
    box = box_of(tmp_path / "box", "  exits:\n    params: {code: 37}\n", EXITS)
    name = run_named(on_queue(lab, "run", "--detach", f"{box}:exits"))
    deadline = time.monotonic() + 120
    while "done" not in (told := on_queue(lab, "status", box / ".mlbox/runs" / name)).out:
        assert time.monotonic() < deadline, told.out
        time.sleep(2)
    fetched = on_queue(lab, "fetch", box / ".mlbox/runs" / name)
    assert fetched.code == 37, fetched.err
    assert on_queue(lab, "logs", box / ".mlbox/runs" / name).out == "last words\n"


def test_a_run_that_nobody_has_taken_can_be_cancelled(tmp_path, lab):
    box = box_of(tmp_path / "box", "  exits:\n    params: {code: 0}\n", EXITS)
    name = run_named(on_queue(lab, "run", "--detach", f"{box}:exits", platform="idle"))
    run = box / ".mlbox/runs" / name
    assert "queued" in on_queue(lab, "status", run).out
    assert on_queue(lab, "cancel", run).code == 0
    assert "done 130" in on_queue(lab, "status", run).out
    assert not lab.state.queues["idle"]["entries"]


def test_what_is_missing_is_said_in_a_sentence(tmp_path, lab):
    box = hello_world(tmp_path / "box")
    refused = on_queue(lab, "run", f"{box}:hello/xinyuan", platform="absent")
    assert refused.code == 122 and "no-such-queue" in refused.err and "Traceback" not in refused.err
    without = mlbox("run", f"{lab.platforms}:queue", f"{box}:hello/xinyuan", variables=lab.variables)
    assert without.code == 122 and "ClearML is not installed for" in without.err


def dataset(folder: Path, lab: Lab) -> str:
    """Upload eight small pictures with their classes, as people do, and return the data set's id."""
    for part in ("img", "ann"):
        (folder / part).mkdir(parents=True)
    for number in range(8):
        Image.new("RGB", (16, 16), (number * 30, 255 - number * 30, 0)).save(folder / f"img/{number}.png")
        Image.new("L", (16, 16), number % 2).save(folder / f"ann/{number}.png")
    words = ("sync", "--project", "[ClearML] public-dataset", "--name", "coco2017-min", "--folder", folder)
    done = lab.call("clearml-data", *words, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"created id=(\w+)", done.stdout)
    assert found, done.stdout
    return found[1]


def seeds_line() -> list[str]:
    """Return the words of seed 001's clearml-task, as the table of the seeds' commands has them."""
    return shlex.split(re.search(r'"(clearml-task .*)"', SEED.read_text())[1])


def submitted(lab: Lab, words: list[str], folder: Path) -> str:
    """Run clearml-task in a clone and return the task's id."""
    done = lab.call(*words, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"New task created id=(\w+)", done.stdout)
    assert found, done.stdout
    return found[1]


def test_the_seeds_line_trains_in_two_processes(tmp_path, lab):
    """Nothing but the image, the queue and the data set's id is not the seed's."""
    start = (ROOT / "training/clearml_train.py").read_text()
    start = re.sub("(?m)^TRAINER = .*$", 'TRAINER = "{here}/train.py {config} --launcher={launcher}"', start)
    words = seeds_line()
    config = next(word for word in words if word.startswith("config=")).removeprefix("config=")
    files = {"mmsegmentation/tools/train.py": TRAINER, "mmsegmentation/tools/clearml_train.py": start, config: CONFIG}
    clone = repository(tmp_path / "lab", {**files, "requirements.txt": "torch\nclearml\n"})
    changed = {"registry.dev.ai-ms.com/yumba/mmsegmentation:latest": IMAGE, "gpu01": QUEUE}
    identifier = dataset(tmp_path / "pictures", lab)
    changed["dataset_id=862c283004cc45a08bd2b7ee97e7a954"] = f"dataset_id={identifier}"
    assert set(changed) <= set(words)
    task = submitted(lab, [changed.get(word, word) for word in words], clone)
    status, log, kept = lab.ended(task), lab.state.log_of(task), lab.state.tasks[task]
    assert status == "completed", log
    assert re.search(r"rank 0 of 2: 8 images", log) and re.search(r"rank 1 of 2: 8 images", log), log
    assert kept["container"]["image"] == IMAGE and kept["script"]["entry_point"].endswith("clearml_train.py")
    assert {name: item["value"] for name, item in kept["hyperparams"]["Args"].items()} == dict(
        changed.get(word, word).split("=", 1) for word in words if "=" in word
    )
    assert kept["configuration"]["config"]["value"] == CONFIG


def test_our_own_trainer_learns_an_uploaded_data_set_in_two_processes(tmp_path, lab):
    tree = {
        name: (ROOT / name).read_bytes() for name in tracked("text_recognizer", "training", "example", "pyproject.toml")
    }
    clone = repository(tmp_path / "lab", tree)
    drawn = subprocess.run(
        [str(lab.programs / "python"), "-m", "example.own_lines", str(tmp_path / "lines")],
        cwd=clone,
        capture_output=True,
    )
    assert drawn.returncode == 0, drawn.stderr
    words = ("sync", "--project", "[ClearML] public-dataset", "--name", "own-lines-min", "--folder", tmp_path / "lines")
    identifier = re.search(r"created id=(\w+)", lab.call("clearml-data", *words, cwd=tmp_path).stdout)[1]
    variables = {**lab.variables, "QUEUE": QUEUE, "DATASET_ID": identifier, "IMAGE": "lab/text_recognizer:latest"}
    done = subprocess.run(
        ["bash", "example/TextRecognizer.sh", "max_steps=4"],
        cwd=clone, env={**variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    task = re.search(r"New task created id=(\w+)", done.stdout)[1]
    status, log = lab.ended(task), lab.state.log_of(task)
    assert status == "completed", log
    assert f"data/own_example is data set {identifier}" in log and "--nproc_per_node=2" in log
    assert "step 4 of 4" in log, log
