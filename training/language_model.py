"""Count, prune and write the character language model that the beam search uses; print its bits per character.

    .venv/bin/python -m training.language_model --out text_recognizer/weights/language_model.npz

learns from the training documents in data/texts (`make texts`), the package's own and the word lists in data/words
(`make words`), and measures on what is kept for validation. Transcriptions are learnt from only with --pages: those of
data/copiste are copies of texts that the writers kept for validation copied too, so that a model which knows them would
seem better there than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jsonargparse import ArgumentParser

from text_recognizer.charset import LATIN, Charset
from text_recognizer.data.alto_pages import split_pages
from text_recognizer.data.transcription import without_marks
from text_recognizer.decoding.language_model import Continuations, LanguageModel, save_language_model
from text_recognizer.errors import UserError
from text_recognizer.synth.documents import bundled_text, folder_languages
from text_recognizer.synth.splits import TEXTS, Split
from training.command_line import mistakes_shown, parse
from training.words import MOST, read_words

BITS = 8
"""Of a character in the key of an n-gram; order times bits is at most 64."""

STEP = 0.3
"""Of the stored log probabilities, in nats."""

WEIGHTS = {"french": 3.0, "english": 2.0, "handwritten": 8.0}
"""How often a text is counted; other languages once."""

LISTED, LISTED_ELSE = {"french": (6.0, MOST), "english": (6.0, MOST)}, (0.5, 30_000)
"""Millions of words that a language's list stands for, and words of it that count; of the other languages."""

CAPITALISED = 0.1
"""How often a listed word counts with a capital as well."""

GAP = 0
"""The number that n-grams do not reach across."""


@dataclass(frozen=True)
class Level:
    """All n-grams of one length.

    Attributes:
        keys_N: uint64, the characters' numbers, the last in the lowest bits; ascending.
        counts_N: float64, weighted.
        shorter_N: int64, place of the n-gram without its first character, one level below.
        before_N: int64, place of the n-gram without its last character, one level below.
    """

    keys_N: np.ndarray
    counts_N: np.ndarray
    shorter_N: np.ndarray
    before_N: np.ndarray


def texts(folder: Path, pages: Path | None, split: Split) -> dict[str, str]:
    """Return the running text of each language, of the package and of the handwritten pages."""
    found = {language.name: language.prose for language in folder_languages(folder, split)}
    found["english"] = " ".join(filter(None, [found.get("english", ""), bundled_text(*TEXTS[split])]))
    if pages is not None:
        writers = "val" if split == "validation" else split
        lines = (without_marks(line.text) for page in split_pages(pages, writers) for line in page.lines)
        found["handwritten"] = " ".join(filter(None, lines))
    return found


def listed_words(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield equally frequent words of the lists in a folder as one text, between spaces and apart, with its weight.

    Raises:
        UserError: the folder holds no list.
    """
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise UserError(f"{folder}: holds no list of words (LANGUAGE.tsv); run make words, or give --words null")
    for path in paths:
        millions, most = LISTED.get(path.stem, LISTED_ELSE)
        for frequency, words in read_words(path, most):
            yield "\0".join(f" {word} " for word in words), millions * frequency
            yield "\0".join(f" {word.capitalize()} " for word in words), CAPITALISED * millions * frequency


def streams_of(
    read: dict[str, str], listed: Iterable[tuple[str, float]] = ()
) -> tuple[str, list[tuple[np.ndarray, float]]]:
    """Return the characters by frequency, and each text as their numbers from 1, with its weight.

    An eighth of each text is counted in capitals as well, and each character once.

    Args:
        read: texts by their names.
        listed: words with the weight that they have.
    """
    parts = [(text, WEIGHTS.get(name, 1.0)) for name, text in read.items()]
    parts += [(text[: len(text) // 8].upper(), 1.0) for text, _ in parts] + [(LATIN, 1.0)]
    streams = [(numbers_of(text, LATIN), weight) for text, weight in parts]
    counts = sum(weight * np.bincount(text_L, minlength=len(LATIN) + 1) for text_L, weight in streams)
    order = np.argsort(-np.asarray(counts)[1:], kind="stable")  # differences of siblings are small then
    place = np.concatenate([[0], 1 + np.argsort(order)]).astype(np.uint8)
    found = [(place[text_L], weight) for text_L, weight in streams]
    characters = "".join(LATIN[k] for k in order)
    return characters, found + [(numbers_of(text, characters, {"\0": GAP}), weight) for text, weight in listed]


def levels_of(streams: Sequence[tuple[np.ndarray, float]], order: int) -> list[Level]:
    """Count the n-grams of up to `order` characters.

    Args:
        streams: the numbers of a text's characters, uint8 and from 1, with the weight of the text.
    """
    levels: list[Level] = []
    for n in range(1, order + 1):
        keys, counts = _merged(
            [(*_counted(_keys(text_L, n)), weight) for text_L, weight in streams if len(text_L) >= n]
        )
        if n == 1:
            levels.append(Level(keys, counts, np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)))
            continue
        below = levels[-1].keys_N
        shorter, before = keys & np.uint64((1 << BITS * (n - 1)) - 1), keys >> np.uint64(BITS)
        levels.append(Level(keys, counts, np.searchsorted(below, shorter), np.searchsorted(below, before)))
    return levels


def _keys(text_L: np.ndarray, n: int) -> np.ndarray:
    keys = np.zeros(len(text_L) - n + 1, np.uint64)
    apart = np.zeros(len(keys), bool)
    for k in range(n):
        numbers = text_L[k : len(text_L) - n + 1 + k]
        keys = keys << np.uint64(BITS) | numbers.astype(np.uint64)
        apart |= numbers == GAP
    return keys[~apart]


def _counted(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keys.sort()
    starts = _starts(keys)
    return keys[starts], np.diff(starts, append=len(keys))


def _merged(parts: list[tuple[np.ndarray, np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    keys = np.concatenate([keys for keys, _, _ in parts])
    counts = np.concatenate([counts * weight for _, counts, weight in parts])
    order = np.argsort(keys, kind="stable")
    starts = _starts(keys[order])
    return keys[order][starts], np.add.reduceat(counts[order], starts)


def _starts(ascending: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]])[: len(ascending)])


def kneser_ney(levels: list[Level], classes: int, space: int) -> list[np.ndarray]:
    """Return the n-grams' probabilities, level by level: interpolated, modified Kneser-Ney.

    Below the longest, an n-gram counts once for each character that it was seen after. One that begins with a space
    keeps its count: at the beginning of a line that is all there is.

    Source: Chen and Goodman 1999, section 3.
    """
    found: list[np.ndarray] = []
    for n, level in enumerate(levels, start=1):
        counts_N = level.counts_N
        if n < len(levels):
            after_N = np.maximum(np.bincount(levels[n].shorter_N, minlength=len(counts_N)), 1)
            first_N = level.keys_N >> np.uint64(BITS * (n - 1))
            counts_N = np.where((first_N == space) & (n > 1), counts_N, after_N)
        starts = _starts(level.before_N)
        siblings = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(counts_N)))
        taken_N = np.minimum(_discounts(counts_N)[np.clip(np.round(counts_N), 1, 3).astype(int)], 0.98 * counts_N)
        total = np.add.reduceat(counts_N, starts)
        rest = np.add.reduceat(taken_N, starts) / total
        below_N = found[-1][level.shorter_N] if found else np.full(len(counts_N), 1 / classes)
        found.append((counts_N - taken_N) / total[siblings] + rest[siblings] * below_N)
    return found


def _discounts(counts_N: np.ndarray) -> np.ndarray:
    """Return what is taken from counts of one, two, and three or more, by that number."""
    once, twice, thrice, four = (max(int((np.round(counts_N) == k).sum()), 1) for k in (1, 2, 3, 4))
    y = once / (once + 2 * twice)
    taken = [0, 1 - 2 * y * twice / once, 2 - 3 * y * thrice / twice, 3 - 4 * y * four / thrice]
    return np.clip(taken, [0, 0.05, 0.05, 0.05], [1, 1, 2, 3])


def kept(levels: list[Level], probabilities: list[np.ndarray], least: float) -> list[np.ndarray]:
    """Return which n-grams stay: those that tell more than the shorter one would, and what these hang on.

    Args:
        least: gain in log probability, times the count to the power of 0.8, that an n-gram must bring.

    Source: Seymore and Rosenfeld 1996, "Scalable backoff language models" (weighted difference).
    """
    needed = [np.zeros(len(level.keys_N), bool) for level in levels]
    needed[0][:] = True
    for n in range(len(levels) - 1, 0, -1):
        level = levels[n]
        gain_N = np.log(probabilities[n]) - np.log(probabilities[n - 1][level.shorter_N])
        needed[n] |= np.abs(gain_N) * level.counts_N**0.8 > least
        needed[n - 1][level.shorter_N[needed[n]]] = True
        needed[n - 1][level.before_N[needed[n]]] = True
    return needed


def write_model(path: Path, characters: str, levels: list[Level], least: float) -> int:
    """Prune and write the model; return the number of n-grams that it holds."""
    probabilities = kneser_ney(levels, len(characters), characters.index(" ") + 1)
    stay = kept(levels, probabilities, least)
    chars, scores, counts = [], [], []
    for n, (level, stay_N) in enumerate(zip(levels, stay, strict=True)):
        chars.append((level.keys_N[stay_N] & np.uint64((1 << BITS) - 1)) - np.uint64(1))
        scores.append(np.clip(np.round(-np.log(probabilities[n][stay_N]) / STEP), 0, 255))
        if n + 1 < len(levels):
            children = np.bincount(levels[n + 1].before_N[stay[n + 1]], minlength=len(stay_N))
            counts.append(children[stay_N])
    save_language_model(
        path, characters, *(np.concatenate(part).astype(np.uint8) for part in (chars, scores, counts)), step=STEP
    )
    return sum(map(len, chars))


def numbers_of(text: str, characters: str, others: Mapping[str, int] = MappingProxyType({})) -> np.ndarray:
    """Return the numbers of a text's characters, uint8, from 1; what is not among them or `others` is left out."""
    table = np.full(0x11_0000, -1, np.int16)
    table[list(map(ord, characters))] = np.arange(1, len(characters) + 1)
    for character, number in others.items():
        table[ord(character)] = number
    numbers = table[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    return numbers[numbers >= 0].astype(np.uint8)


def measured(path: Path, held_back: dict[str, str], most: int = 20_000) -> Iterator[tuple[str, float]]:
    """Yield each text's name and the bits per character on its beginning, of the characters that the model has."""
    charset = Charset(LATIN)
    language = Continuations(LanguageModel.load(path), charset)
    for name, text in held_back.items():
        labels = charset.encode("".join(character for character in text[:most] if character in LATIN))
        if labels:
            yield name, -float(language.log_probs(np.array(labels)).mean() / np.log(2))


def main(arguments: list[str] | None = None) -> int:
    """Write a model and print its size and bits per character."""
    parser = ArgumentParser(prog="language_model.py", description=__doc__, exit_on_error=False)
    parser.add_argument("--texts", type=Path, default=Path("data/texts"), help="what make texts fetched")
    parser.add_argument("--words", type=Path | None, default=Path("data/words"), help="what make words fetched")
    parser.add_argument("--pages", type=Path | None, help="transcribed pages, whose texts count too")
    parser.add_argument("--out", type=Path, default=Path("runs/language_model.npz"))
    parser.add_argument("--order", type=int, default=8, help="characters of the longest n-grams, 2 to 8")
    parser.add_argument("--least", type=float, default=5.0, help="gain below which an n-gram is left out")
    options = parse(parser, arguments, {})
    if not 2 <= options.order <= 64 // BITS:
        raise UserError(f"--order {options.order}: n-grams have 2 to {64 // BITS} characters; choose one of these")
    listed = listed_words(options.words) if options.words else ()
    characters, streams = streams_of(texts(options.texts, options.pages, "train"), listed)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    size = write_model(options.out, characters, levels_of(streams, options.order), options.least)
    print(f"{options.out}: {size:,} n-grams, {options.out.stat().st_size:,} bytes")
    for name, bits in measured(options.out, texts(options.texts, options.pages, "validation")):
        print(f"{name:12} {bits:.3f} bits per character")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
