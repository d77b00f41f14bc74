"""A character n-gram language model in one compact file, and its rows of probabilities for the beam search.

The model is a trie of the n-grams that were kept, level by level: a node is a character after its parent's characters.
Stored are its character, the number of its children and its probability; the weights of backing off follow from these.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.errors import UserError

ROOT = 0
MOST_CHARACTERS = 8
"""Of an n-gram."""

UNKNOWN = -14.0
"""Log probability of a character that the model has never seen."""

LEAST = 0.01
"""Share of a context's probability that at least goes to characters never seen in it."""


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
        self.chars_N = np.concatenate([[0], chars_N]).astype(np.uint8)  # the root is node 0 from here on
        self.scores_N = np.concatenate([[0], scores_N]).astype(np.uint8)
        self.step = step
        first_M = 1 + np.concatenate([[0, roots], roots + np.cumsum(counts_M, dtype=np.int64)])
        self.first_M = first_M.astype(np.int32)
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
                return cls(characters, chars_N, arrays["scores"], counts_M, float(arrays["step"]))
        except OSError as error:
            raise UserError(
                f"{path}: it cannot be read ({error.strerror}); name a folder with a whole model"
            ) from error
        except (ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path}: not a language model ({error}); write it with training/language_model.py"
            ) from error


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
    """Return the characters that `packed` was given."""
    total = np.cumsum(differences_N, dtype=np.int64)
    first = _first_children(len(differences_N), counts_M)
    before = total[first] - differences_N[first]
    sizes = np.diff(first, append=len(differences_N))
    return (total - np.repeat(before, sizes)).astype(np.uint8)


def _first_children(nodes: int, counts_M: np.ndarray) -> np.ndarray:
    roots = nodes - int(counts_M.sum(dtype=np.int64))
    if roots < 1:
        raise ValueError(f"{nodes} nodes cannot have {nodes - roots} children")
    families = counts_M[counts_M > 0].astype(np.int64)
    return np.concatenate([[0], roots + np.cumsum(families) - families])


class Rows:
    """The model's answers for a charset, one row per context that was asked for, kept until there are too many.

    A context is a node of the trie; its row holds the log probability of each label and the context that follows it.

    Args:
        model: the language model.
        charset: whose labels the columns stand for; the blank's column, 0, is not used.
        capacity: rows that are kept.

    Attributes:
        log_probs_SC: float32, by row and label.
        next_SC: int32, the context after each label, by row and label.
    """

    def __init__(self, model: LanguageModel, charset: Charset, capacity: int = 8_000) -> None:
        self.model, self.classes, self.capacity = model, charset.classes, capacity
        known = {character: label for label, character in enumerate(charset.characters, start=1)}
        column = np.array([known.get(character, charset.classes) for character in model.characters], dtype=np.int16)
        self._log_probs_256 = -model.step * np.arange(256, dtype=np.float32)
        self._probs_256 = np.exp(self._log_probs_256)
        self._columns_N = column[model.chars_N]  # characters that the charset lacks share a column beyond the labels
        self.log_probs_SC = np.empty((capacity, charset.classes + 1), dtype=np.float32)
        self.next_SC = np.empty((capacity, charset.classes + 1), dtype=np.int32)
        self._has_children_N = np.zeros(len(model.chars_N), bool)
        self._has_children_N[: len(model.first_M) - 1] = np.diff(model.first_M) > 0
        self._row_M = np.full(len(model.first_M) - 1, -1, np.int32)
        self._shorter_M = np.full(len(self._row_M), -1, np.int32)
        self._shorter_M[ROOT] = ROOT
        self._clear()
        self.start = int(self.next_SC[0, known[" "]]) if " " in known else ROOT
        """The context at the beginning of a line: after a space."""

    def rows(self, contexts_B: np.ndarray) -> np.ndarray:
        """Return the row of each context; rows stay where they are until the next call."""
        rows_B = self._row_M[contexts_B]
        if rows_B.min() >= 0:
            return rows_B
        if self._used + MOST_CHARACTERS * len(rows_B) > self.capacity:
            self._clear()
        missing = set(contexts_B[self._row_M[contexts_B] < 0].tolist())
        groups = []
        while missing:
            groups.append(missing)
            shorter = map(self._without_first, missing)
            missing = {context for context in shorter if self._row_M[context] < 0}
        for group in reversed(groups):  # the shorter ones first: the longer start from their rows
            self._fill(np.array([context for context in group if self._row_M[context] < 0]))
        return self._row_M[contexts_B]

    def _without_first(self, context: int) -> int:
        """Return the context without its first character, which is in the trie as well: what may follow the longer
        context may follow the shorter."""
        shorter = int(self._shorter_M[context])
        if shorter < 0:
            first_M, chars_N = self.model.first_M, self.model.chars_N
            parent = int(first_M.searchsorted(np.int32(context), "right")) - 1  # int32, else numpy casts all
            shorter = ROOT
            if parent != ROOT:
                above = self._without_first(parent)
                start, end = first_M[above : above + 2].tolist()
                shorter = start + int(chars_N[start:end].searchsorted(chars_N[context]))
            self._shorter_M[context] = shorter
        return shorter

    def _clear(self) -> None:
        self._row_M.fill(-1)
        self._used = 0
        self._fill(np.array([ROOT]))

    def _fill(self, contexts_R: np.ndarray) -> None:
        """Write the rows of contexts: those of the shorter contexts, weighted, but for the characters seen after these.

        Source: Katz 1987 (backing off); the weights make a row's probabilities sum to one.
        """
        if not len(contexts_R):
            return
        row_R = np.arange(self._used, self._used + len(contexts_R))
        if self._used:
            base_R = self._row_M[self._shorter_M[contexts_R]]
            scores_RC, next_RC = self.log_probs_SC[base_R], self.next_SC[base_R]
        else:
            scores_RC = np.full((1, self.classes + 1), UNKNOWN, np.float32)
            next_RC = np.full((1, self.classes + 1), ROOT, np.int32)
        start_R = self.model.first_M[contexts_R]
        sizes_R = self.model.first_M[contexts_R + 1] - start_R
        offset_R = np.cumsum(sizes_R) - sizes_R
        nodes = np.arange(sizes_R.sum()) + np.repeat(start_R - offset_R, sizes_R)
        at = np.repeat(np.arange(len(contexts_R)), sizes_R), self._columns_N[nodes]
        levels = self.model.scores_N[nodes]
        if self._used:
            here_R = np.add.reduceat(self._probs_256[levels], offset_R)
            below_R = np.add.reduceat(np.exp(scores_RC[at]), offset_R)
            scores_RC += np.log(np.maximum(1 - here_R, LEAST) / np.maximum(1 - below_R, LEAST))[:, None]
        scores_RC[at] = self._log_probs_256[levels]
        inner = self._has_children_N[nodes]
        next_RC[at[0][inner], at[1][inner]] = nodes[inner]
        self.log_probs_SC[row_R], self.next_SC[row_R] = scores_RC, next_RC
        self._row_M[contexts_R] = row_R
        self._used += len(contexts_R)
