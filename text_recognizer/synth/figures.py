"""Made-up numbers, dates, prices and codes, and the marks and cases that words wear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Word = Callable[[np.random.Generator], str]

QUOTES = ("« | »", "“|”", "„|“", "„|”", "‘|’", "«|»", "»|«", "‹ | ›", "‚|‘")
"""Opening and closing quotation marks, as French, English, German, Polish ... write them."""
BREAKS = (" – ", " — ", " – ", "… ", " … ", "— ", " • ", " · ", " ; ", " : ")


def dressed(rng: np.random.Generator, word: str) -> str:
    """Return `word` in one of the cases and with one of the marks that words wear on forms and notes."""
    dice = rng.random()
    word = word.upper() if dice < 0.15 else word.capitalize() if dice < 0.4 else word
    return word + ("", "", "", "", ",", ".", ";", "'s", "!", "?", "-", ":")[rng.integers(12)]


def figure(rng: np.random.Generator, word: Word) -> str:
    """Return a number, date, price, code or the like, now and then a word between them."""
    a, b, year = int(rng.integers(1, 32)), int(rng.integers(1, 1000)), int(rng.integers(1900, 2036))
    forms = (
        *(f"{b}", f"{a},{b:03d}", f"{b / 7:.2f}", f"{a}/{1 + b % 12}/{year}", f"{year}", f"${a}.{b % 100:02d}"),
        *(f"{b % 100}%", f"({a})", f"#{b}", f"{a % 24}:{b % 60:02d}", f"+{b} {a:02d}-{year}", f"{a}*{b}=", f"[{a}]"),
        *(
            f"{year}-{1 + b % 12:02d}-{a:02d}",
            f"No. {b}",
            f"{a} & {b}",
            f'"{word(rng)}"',
            word(rng),
            f"{word(rng)}@{a}",
        ),
    )
    return forms[rng.integers(len(forms))]


def continental_figure(rng: np.random.Generator, word: Word) -> str:
    """Return a figure as the continent writes it: 1 234,56 €, 12.03.1998, n° 7, § 4."""
    a, b, year = int(rng.integers(1, 32)), int(rng.integers(1, 1000)), int(rng.integers(1800, 2036))
    month, cents = 1 + b % 12, b % 100
    forms = (
        *(f"{a} {b:03d},{cents:02d} €", f"{b},{a:02d} €", f"{a}.{b:03d},{cents:02d}", f"€ {b},–", f"£{b}.{cents:02d}"),
        *(f"{a:02d}.{month:02d}.{year}", f"{a}. {month}. {year}", f"{a:02d}/{month:02d}/{year}", f"{a}.{month}."),
        *(f"{a % 24} h {cents % 60:02d}", f"{a % 24}h{b % 60:02d}", f"{a % 24}.{b % 60:02d}", f"{cents} %", f"{b}"),
        *(f"n° {b}", f"N° {a}", f"Nr. {b}", f"№ {a}", f"§ {a}", f"§{a}, {month}", f"{a}º", f"{month}ª", f"{a}°"),
        *(f"{a}–{a + month}", f"{year}–{year + a}", f"{a},{month} °C", f"±{month}", f"−{a},{month}", f"{a} × {month}"),
        *(f"{a} ÷ {month} = {a / month:.1f}", f"{a} m²", f"{a} µm", f"{a}½", f"{b} ¢", f"†{year}", f"{a} 000 000"),
        *(f"«{word(rng)}»", f"„{word(rng)}“", f"• {word(rng)}", f"{word(rng)}…"),
    )
    return forms[rng.integers(len(forms))]


def typeset(rng: np.random.Generator, text: str) -> str:
    """Return `text` with the marks of typography here and there: quotation marks, dashes, ellipses, apostrophes."""
    if rng.random() < 0.5:
        text = text.replace("'", "’")
    if rng.random() < 0.3:
        text = text.replace("...", "…")
    dice = rng.random()
    if dice > 0.16:
        return text
    words = text.split()
    first = int(rng.integers(len(words))) if words else 0
    last = min(len(words) - 1, first + int(rng.integers(4)))
    if last < 0:
        return text
    if dice < 0.08:
        opening, closing = QUOTES[rng.integers(len(QUOTES))].split("|")
        words[first], words[last] = opening + words[first], words[last] + closing
    elif dice < 0.14:
        words[first] = words[first] + BREAKS[rng.integers(len(BREAKS))]
    else:
        words[0] = ("– ", "— ", "• ", "¿", "¡", "§ ", "† ")[rng.integers(7)] + words[0]
    return " ".join(words)
