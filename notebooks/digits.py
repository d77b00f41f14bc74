"""Real handwritten digits without a network: those that scikit-learn bundles, in MNIST's format."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_digits

from training.run_folder import write_whole

SIDE, INNER = 28, 20
"""Pixels of a picture and of the square in it that holds the digit, as in MNIST."""


def write_digits(folder: Path, test_share: float = 0.2) -> Path:
    """Write the 1,797 digits of 13 writers as MNIST's four files, with their description, and return `folder`.

    ``MNIST(folder=folder)`` takes them for the MNIST that it would fetch. Nothing is done where they are already.

    Args:
        folder: for the files; made if it is not there.
        test_share: share of the digits that test.

    Source: scikit-learn, ``load_digits``, from the UCI set "Optical recognition of handwritten digits".
    """
    description, files = folder / "raw/mnist/metadata.toml", folder / "downloads/mnist"
    if description.exists():
        return folder
    for path in (description.parent, files):
        path.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    ink_NHW, labels_N = np.stack([scaled(image_HW) for image_HW in digits.images]), digits.target
    order = np.random.default_rng(0).permutation(len(labels_N))
    test = round(test_share * len(order))
    told = ['title = "Optical recognition of handwritten digits"\nlicence = "CC-BY 4.0"\norigin = "scikit-learn"']
    told += ['citation = "E. Alpaydin and C. Kaynak, UCI machine learning repository, 1998"']
    for part, chosen in (("train", order[test:]), ("t10k", order[:test])):
        for name, array in (("images-idx3", ink_NHW[chosen]), ("labels-idx1", labels_N[chosen])):
            path = files / f"{part}-{name}-ubyte.gz"
            path.write_bytes(idx(array))
            told.append(f'[files."{path.name}"]\nurls = []\nsha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"')
    write_whole(description, "\n".join(told) + "\n")
    return folder


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes as a gzipped idx file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def scaled(image_HW: np.ndarray) -> np.ndarray:
    """Return a digit of 8 x 8 pixels and 17 levels as one of MNIST's size, 255 in full ink."""
    inner = cv2.resize(image_HW.astype(np.float32) * (255 / 16), (INNER, INNER), interpolation=cv2.INTER_CUBIC)
    return np.pad(inner.clip(0, 255).astype(np.uint8), (SIDE - INNER) // 2)
