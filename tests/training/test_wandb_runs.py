"""Runs at W&B without an account: kept on the disk, whole, and not one connection is tried."""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from training.wandb_runs import has_key, is_offline, sync_command

ROOT = Path(__file__).parents[2]
TINY = [
    *("--model.channels", "[8,8,8,8]", "--model.width", "16", "--model.layers", "0", "--data.pixels", "300"),
    *("--data.widths", "[60,120]", "--data.validation_lines", "2", "--data.num_workers", "0", "--logger", "wandb"),
    *("--precision", "32-true", "--threads", "1", "--checkpoint_every", "2", "--max_steps", "12"),
]
GUARD = """\
import socket

real = socket.socket.connect


def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        open({path!r}, "a").write(f"python {address}\\n")
        raise OSError(f"a connection to {address} was tried")
    return real(self, address)


socket.socket.connect = connect
"""
ELSEWHERE = re.compile(r"connect\(.*sa_family=AF_INET6?,(?!.*(?:\"127\.|\"::1\"|\"::ffff:127\.)).*")
"""A line of strace in which a process, of any language, connects to another host, name servers included."""


@pytest.mark.parametrize(
    ("environment", "netrc", "expected"),
    [
        ({}, "", False),
        ({"WANDB_API_KEY": "k" * 40}, "", True),
        ({}, "machine api.wandb.ai login user password secret\n", True),
        ({}, "machine elsewhere.org login user password secret\n", False),
        ({"WANDB_BASE_URL": "https://wandb.lab.org"}, "machine wandb.lab.org login user password secret\n", True),
    ],
)
def test_a_key_is_looked_for_where_wandb_does(tmp_path, monkeypatch, environment, netrc, expected):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(netrc)
    (tmp_path / ".netrc").chmod(0o600)
    assert has_key(environment) is expected
    assert is_offline(environment) is not expected


@pytest.mark.slow
def test_without_a_key_a_run_is_logged_whole_and_nothing_is_connected_to(tmp_path):
    (tmp_path / "guard").mkdir()
    tried = tmp_path / "tried"
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD.replace("{path!r}", repr(str(tried))))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB") and name != "NETRC"}
    environment = {**kept, "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path / 'guard'}"}
    trace, strace = tmp_path / "strace", shutil.which("strace")
    before = [strace, "--seccomp-bpf", "-f", "-qq", "-e", "trace=connect", "-o", str(trace)] if strace else []
    program = [sys.executable, str(ROOT / "training" / "run_experiment.py"), *TINY, "--runs", str(tmp_path / "runs")]
    done = subprocess.run([*before, *program], capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "line_ctc-001"
    assert (
        f"no key is set, so this run is logged offline; upload it later with: {sync_command(folder, folder.name)}"
        in (done.stdout)
    )
    assert not tried.exists(), tried.read_text()
    if strace:
        assert not [line for line in trace.read_text().splitlines() if ELSEWHERE.search(line)]
    assert_whole(folder)


def assert_whole(folder: Path) -> None:
    """Check the file that `wandb sync` will upload: numbers, a table of pictures, and the weights as an artifact."""
    (kept,) = folder.glob("wandb/offline-run-*/run-line_ctc-001.wandb")
    records = list(records_of(kept))
    kinds = {record.WhichOneof("record_type") for record in records}
    assert {"run", "history", "artifact"} <= kinds | {r.request.WhichOneof("request_type") for r in records}
    numbers = {"/".join(item.nested_key) or item.key: item.value_json for r in records for item in r.history.item}
    assert {"train/loss", "validation/cer"} <= numbers.keys()
    assert numbers["validation/table/_type"] == '"table-file"'
    artifacts = [record.artifact for record in records if record.WhichOneof("record_type") == "artifact"]
    paths = {artifact.type: {entry.path for entry in artifact.manifest.contents} for artifact in artifacts}
    assert "best.ckpt" in paths["model"]
    assert any(path.endswith(".png") for path in paths["run_table"]), "the table with its pictures"


def records_of(path: Path):
    """Yield the records of an offline run's file: LevelDB's log format behind seven bytes of W&B's own."""
    from wandb.proto import wandb_internal_pb2

    data, place, begun = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if (left := 32768 - place % 32768) < 7:
            place += left  # padding at the end of a block
            continue
        length, kind = struct.unpack_from("<HB", data, place + 4)
        begun, place = begun + data[place + 7 : place + 7 + length], place + 7 + length
        if kind in (1, 4):  # a whole record, or the last piece of one
            record = wandb_internal_pb2.Record()
            record.ParseFromString(begun)
            yield record
            begun = b""
