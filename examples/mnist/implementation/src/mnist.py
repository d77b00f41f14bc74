"""The two tasks of the box: downloads MNIST, and trains a small network on it. Needs numpy and torch only."""

import argparse
import gzip
import hashlib
import json
import os
import time
import urllib.request
from pathlib import Path

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = {"images": ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"),
         "labels": ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz")}  # fmt: skip


def download(data_dir: Path, log_dir: Path) -> None:
    """Fetch the four files whole; MNIST_URL names another place that has them."""
    base = os.environ.get("MNIST_URL") or URL
    lines = []
    for name in (name for pair in FILES.values() for name in pair):
        with urllib.request.urlopen(base.rstrip("/") + "/" + name, timeout=60) as answer:
            content = answer.read()
        gzip.decompress(content)  # a damaged file fails here
        beside = data_dir / (name + ".part")
        beside.write_bytes(content)
        beside.rename(data_dir / name)
        lines.append(f"{name} {len(content)} bytes sha256 {hashlib.sha256(content).hexdigest()}")
        print(lines[-1], flush=True)
    (log_dir / "download.log").write_text("\n".join(lines) + "\n")


def read_idx(path: Path):
    """Return an idx file as an array."""
    import numpy as np

    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">i4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_parameters(path: Path) -> dict:
    """Return the `name: value` lines of a file."""
    pairs = (line.split("#")[0].split(":", 1) for line in path.read_text().splitlines() if ":" in line.split("#")[0])
    return {name.strip(): value.strip() for name, value in pairs}


def train(data_dir: Path, parameters_file: Path, log_dir: Path, model_dir: Path) -> None:
    """Train a convolutional network and write its weights and its accuracy on the test digits."""
    import torch
    from torch import nn

    chosen = read_parameters(parameters_file)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    (x, y), (test_x, test_y) = (tensors(data_dir, index, device) for index in (0, 1))
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 10),
    ).to(device)  # fmt: skip
    optimisers = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    optimiser = optimisers[chosen.get("optimizer", "adam")](model.parameters(), lr=float(chosen.get("lr", "0.001")))
    size = int(chosen.get("batch_size", "32"))
    with (log_dir / "train.log").open("w") as log:
        for epoch in range(1, int(chosen.get("train_epochs", "5")) + 1):
            begun = time.monotonic()
            for batch in torch.randperm(len(x)).split(size):
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
                optimiser.step()
            with torch.no_grad():
                accuracy = (model(test_x).argmax(1) == test_y).double().mean().item()
            line = f"epoch {epoch}: accuracy {accuracy:.4f}, {time.monotonic() - begun:.1f} s"
            print(line, flush=True)
            log.write(line + "\n")
    torch.save(model.state_dict(), model_dir / "weights.pt")
    (model_dir / "result.json").write_text(json.dumps({"accuracy": accuracy, "digits": len(test_y)}) + "\n")


def tensors(data_dir: Path, index: int, device: str):
    """Return the pictures, as B1HW from 0 to 1, and the labels of the training (0) or test (1) half."""
    import torch

    pictures, labels = (read_idx(data_dir / FILES[kind][index]) for kind in ("images", "labels"))
    x = torch.tensor(pictures, dtype=torch.float32).unsqueeze(1) / 255
    return x.to(device), torch.tensor(labels, dtype=torch.long).to(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlbox_task", choices=["downloaddata", "train"], required=True)
    for name in ("data_dir", "log_dir", "model_dir", "parameters_file"):
        parser.add_argument(f"--{name}", type=Path)
    options = parser.parse_args()
    if options.mlbox_task == "downloaddata":
        download(options.data_dir, options.log_dir)
    else:
        train(options.data_dir, options.parameters_file, options.log_dir, options.model_dir)


if __name__ == "__main__":
    main()
