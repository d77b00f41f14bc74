"""A character n-gram language model in one compact file, and its answers to the beam search.

The model is a trie of the n-grams that were kept, level by level: a node is a character after its parent's characters.
Stored are its character, the number of its children and its probability; the weights of backing off follow from these.
"""

from __future__ import annotations

import zipfile
import zlib
from array import array
from bisect import bisect_right
from math import exp, log
from pathlib import Path

import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.errors import UserError

ROOT = 0
UNKNOWN = -14.0
"""Log probability of a character that the model has never seen."""

LEAST = 0.01
"""Share of a context's probability that at least goes to characters never seen in it."""


_DAMAGES = (ValueError, KeyError, IndexError, TypeError, OverflowError, EOFError)


class LanguageModel:
    """Probabilities of the next character of a text.

    Args:
        characters: by the numbers that `chars_N` uses.
        chars_N: uint8, each node's character, nodes in the order of their levels, then parents, then characters.
        scores_N: uint8, each node's log probability in steps of `-step`.
        counts_M: uint8, the number of children of each of the first M nodes; the others are leaves.
        step: of the scores, in nats.
    """

    def __init__(
        self, characters: str, chars_N: np.ndarray, scores_N: np.ndarray, counts_M: np.ndarray, step: float
    ) -> None:
        roots = int(len(chars_N) - counts_M.sum(dtype=np.int64))
        self.characters = characters
        root = np.zeros(1, np.uint8)  # node 0 from here on
        self.chars_N, self.scores_N = np.concatenate([root, chars_N]), np.concatenate([root, scores_N])
        self.step = step
        first_M = np.empty(len(counts_M) + 2, np.int32)
        first_M[:2] = 1, 1 + roots
        np.cumsum(counts_M, dtype=np.int32, out=first_M[2:])
        first_M[2:] += 1 + roots
        self.first_M = first_M
        """Node i has the children first_M[i] to first_M[i + 1]; nodes from len(first_M) - 1 on have none."""

    @classmethod
    def load(cls, path: Path) -> LanguageModel:
        """Read a file that `save_language_model` wrote.

        Raises:
            UserError: the file is missing or not a language model.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                characters = "".join(map(chr, arrays["characters"]))
                counts_M, chars_N = arrays["counts"], unpacked(arrays["chars"], arrays["counts"])
                scores_N, step = arrays["scores"], float(arrays["step"])
        except OSError as error:
            raise UserError(f"{path}: it cannot be read ({error.strerror}); fetch it anew") from error
        except (*_DAMAGES, zipfile.BadZipFile, zlib.error) as error:
            raise UserError(
                f"{path}: not a language model ({error}); write it with training/language_model.py"
            ) from error
        if len(scores_N) != len(chars_N) or len(counts_M) > len(chars_N) or chars_N.max() >= len(characters):
            raise UserError(
                f"{path}: not a language model ({len(chars_N)} nodes with {len(scores_N)} scores); write it with"
                " training/language_model.py"
            )
        return cls(characters, chars_N, scores_N, counts_M, step)


def save_language_model(
    path: Path, characters: str, chars_N: np.ndarray, scores_N: np.ndarray, counts_M: np.ndarray, step: float
) -> None:
    """Write a language model; the arguments are those of `LanguageModel`."""
    with path.open("wb") as stream:
        np.savez_compressed(
            stream,
            characters=np.array(list(map(ord, characters)), dtype=np.uint32),
            chars=packed(chars_N, counts_M),
            scores=scores_N.astype(np.uint8),
            counts=counts_M.astype(np.uint8),
            step=np.float64(step),
        )


def packed(chars_N: np.ndarray, counts_M: np.ndarray) -> np.ndarray:
    """Return the characters of siblings as differences, which compress better: the first stays as it is."""
    chars = chars_N.astype(np.int16)
    differences = np.diff(chars, prepend=0)
    first = _first_children(len(chars), counts_M)
    differences[first] = chars[first]
    return differences.astype(np.uint8)


def unpacked(differences_N: np.ndarray, counts_M: np.ndarray) -> np.ndarray:
    """Return the characters that `packed` was given, uint8; so is all that leads there, modulo 256."""
    total = np.cumsum(differences_N, dtype=np.uint8)
    first = _first_children(len(differences_N), counts_M)
    before = total[first] - differences_N[first]
    total -= np.repeat(before, np.diff(first, append=np.int32(len(differences_N))))
    return total


def _first_children(nodes: int, counts_M: np.ndarray) -> np.ndarray:
    roots = nodes - int(counts_M.sum(dtype=np.int64))
    if roots < 1:
        raise ValueError(f"{nodes} nodes cannot have {nodes - roots} children")
    families = counts_M[counts_M > 0]
    first = np.zeros(len(families) + 1, np.int32)
    np.cumsum(families[:-1], dtype=np.int32, out=first[2:])
    first[1:] += roots
    return first


class Continuations:
    """The model's answers for a charset: how likely a label is after a context, and the context that follows.

    A context is a node of the trie with children. Answers are kept, since those to neighbouring texts repeat.

    Args:
        model: the language model.
        charset: whose labels are asked for.
        capacity: answers that are kept.
    """

    def __init__(self, model: LanguageModel, charset: Charset, capacity: int = 60_000) -> None:
        numbers = {character: number for number, character in enumerate(model.characters)}
        self.classes, self.capacity = charset.classes, capacity
        self._number_of_C = [-1, *(numbers.get(character, -1) for character in charset.characters)]
        self._chars, self._scores = model.chars_N.tobytes(), model.scores_N.tobytes()
        self._first = array("i", model.first_M.tobytes())
        self._inner = len(self._first) - 1
        self._log_probs = (-model.step * np.arange(256)).tolist()
        self._answers: dict[tuple[int, int], tuple[float, int]] = {}
        self._shorter: dict[int, int] = {}
        self._weights: dict[int, float] = {}
        self.start = self._after(ROOT, numbers.get(" ", -1))[1]
        """The context at the beginning of a line: after a space."""

    def after(self, context: int, label: int) -> tuple[float, int]:
        """Return the log probability of a label after a context, and the context after both."""
        found = self._answers.get((context, label))
        if found is None:
            if len(self._answers) >= self.capacity:
                self._answers, self._shorter, self._weights = {}, {}, {}
            found = self._answers[context, label] = self._after(context, self._number_of_C[label])
        return found

    def log_probs(self, labels_L: np.ndarray) -> np.ndarray:
        """Return the log probability of each label of a text after those before it, float64 [L]."""
        context, log_probs = self.start, []
        for label in labels_L.tolist():
            log_prob, context = self.after(context, label)
            log_probs.append(log_prob)
        return np.array(log_probs)

    def _after(self, context: int, number: int) -> tuple[float, int]:
        """Answer for a character of the model by its number, or for one that it does not know, -1.

        Source: Katz 1987 (backing off); the weights make the probabilities after a context sum to one.
        """
        node = self._child(context, number)
        if context == ROOT:
            if node < 0:
                return UNKNOWN, ROOT
            return self._log_probs[self._scores[node]], node if self._has_children(node) else ROOT
        if node >= 0 and self._has_children(node):
            return self._log_probs[self._scores[node]], node
        log_prob, after = self._after(self._without_first(context), number)
        if node >= 0:
            return self._log_probs[self._scores[node]], after
        return log_prob + self._weight(context), after

    def _child(self, context: int, number: int) -> int:
        """Return the node of a character below a context, -1 if there is none."""
        return -1 if number < 0 else self._chars.find(number, self._first[context], self._first[context + 1])

    def _has_children(self, node: int) -> bool:
        return node < self._inner and self._first[node] < self._first[node + 1]

    def _weight(self, context: int) -> float:
        """Return the logarithm of what the shorter context's probabilities are multiplied with."""
        found = self._weights.get(context)
        if found is None:
            shorter = self._without_first(context)
            nodes = range(self._first[context], self._first[context + 1])
            here = sum(exp(self._log_probs[self._scores[node]]) for node in nodes)
            below = sum(exp(self._after(shorter, self._chars[node])[0]) for node in nodes)
            found = self._weights[context] = log(max(1 - here, LEAST) / max(1 - below, LEAST))
        return found

    def _without_first(self, context: int) -> int:
        """Return the context without its first character, which is in the trie as well: what may follow the longer
        context may follow the shorter."""
        found = self._shorter.get(context)
        if found is None:
            parent = bisect_right(self._first, context) - 1
            above = ROOT if parent == ROOT else self._child(self._without_first(parent), self._chars[context])
            found = self._shorter[context] = above
        return found
