"""A run's folder as training leaves it, with a small model of random weights, which reads nonsense."""

import json
from pathlib import Path

import torch

from text_recognizer.charset import ASCII
from text_recognizer.models.line_ctc import LineCTC

CONFIG = """\
data: {class_path: text_recognizer.data.synthetic_lines.SyntheticLines, init_args: {height: 40}}
model:
  class_path: text_recognizer.models.line_ctc.LineCTC
  init_args: {channels: [4, 4, 8, 8], width: 16, layers: 1}
"""


def tiny_model(seed: int = 0) -> LineCTC:
    torch.manual_seed(seed)
    return LineCTC(ASCII, channels=(4, 4, 8, 8), width=16, layers=1).eval()


def save_tiny_run(folder: Path, seed: int = 0) -> Path:
    """Write the run's folder and return it."""
    folder.mkdir(parents=True)
    weights = {f"model.{name}": value for name, value in tiny_model(seed).state_dict().items()}
    torch.save({"characters": ASCII, "state_dict": weights}, folder / "best.ckpt")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "origin.json").write_text(json.dumps({"git_commit": "abc", "locks_sha256": "def", "python": "3.11.5"}))
    (folder / "finished.json").write_text(json.dumps({"steps": 30}))
    return folder
