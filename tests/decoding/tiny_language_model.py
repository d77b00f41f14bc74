"""A language model of three letters that has read little, for tests."""

from pathlib import Path

import numpy as np

from text_recognizer.decoding.language_model import save_language_model


def tiny_language_model(path: Path) -> Path:
    """Write a model of "ab ab ab": after a space comes a, after a comes b, after b a space.

    Its trie: the root's a (0.3), b (0.3), space (0.4); below a: b; below b: space; below space: a (0.9 each).
    """
    scores = np.round(-np.log([0.3, 0.3, 0.4, 0.9, 0.9, 0.9]) / 0.05)
    save_language_model(path, "ab ", np.array([0, 1, 2, 1, 2, 0]), scores, np.array([1, 1, 1]), step=0.05)
    return path
