"""The page on which people look through drafts: each line's picture beside both readings, the doubtful ones first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import PurePosixPath
from urllib.parse import quote

from text_recognizer.inference.labelling.agreement import marked
from text_recognizer.inference.labelling.drafts import Draft

_STYLE = """
:root { color-scheme: light; --ink: #1d2328; --soft: #5d6770; --rule: #dde2e6; --paper: #f5f6f7; --mark: #ffd9c7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 1rem 0 .5rem; position: sticky; top: 0; background: var(--paper); padding: .5rem 0; }
h2 span { color: var(--soft); font-weight: normal; }
p { margin: .3rem 0; max-width: 60rem; }
.note { border-left: 4px solid #c8501e; background: #fff; padding: .5rem .75rem; }
nav a { margin-right: 1.25rem; }
article { background: #fff; border: 1px solid var(--rule); border-radius: 6px; padding: .75rem 1rem; margin: .6rem 0;
  content-visibility: auto; contain-intrinsic-size: auto 9rem; }
article img { display: block; max-width: 100%; min-height: 2.2rem; max-height: 5rem; margin-bottom: .5rem;
  object-fit: contain; object-position: left; }
dl { display: grid; grid-template-columns: 8.5rem 1fr; margin: 0; row-gap: .1rem; }
dt { color: var(--soft); font-size: .875rem; padding-top: .2rem; }
dd { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; white-space: pre-wrap; }
dd.none { color: var(--soft); font-style: italic; }
mark { background: var(--mark); color: inherit; border-radius: 2px; }
footer { color: var(--soft); font-size: .875rem; margin-top: .4rem; overflow-wrap: anywhere; }
a { color: #14599c; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
"""

_GROUPS: tuple[tuple[str, str, str, Callable[[Draft], bool]], ...] = (
    ("differ", "Both readers differ", "look at these", lambda d: not d.is_corrected and bool(d.text) and not d.agree),
    ("none", "No draft", "write their texts, or remove their pictures", lambda d: not d.text and not d.is_corrected),
    ("agree", "Both readers agree", "most of these are right", lambda d: not d.is_corrected and d.agree),
    ("kept", "Texts from before", "corrected, or not from this teacher; kept as they are", lambda d: d.is_corrected),
)


def overview(drafts: Iterable[Draft], teacher: str, note: str = "") -> Iterator[str]:
    """Yield a page of HTML that needs nothing but the pictures beside it.

    Args:
        drafts: lines in reading order; those that were left out are not shown.
        teacher: as people are told who drafted.
        note: what stands out above all.
    """
    shown = [draft for draft in drafts if draft.state != "left out"]
    groups = [(key, title, hint, [d for d in shown if within(d)]) for key, title, hint, within in _GROUPS]
    groups = [group for group in groups if group[3]]
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{_lines(len(shown))} to correct</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    yield f"<header>\n<h1>{_lines(len(shown))} to correct</h1>\n"
    yield f'<p class="note">{escape(note)}</p>\n' if note else ""
    yield f"<p>{escape(teacher)} has drafted the texts. To correct one, edit the <code>.gt.txt</code> file named below"
    yield " it; this page shows the texts as they were when it was written. To leave a line out, empty its text.</p>\n"
    links = (f'<a href="#{key}">{title} ({len(lines)})</a>' for key, title, _, lines in groups)
    yield f"<nav>{' '.join(links)}</nav>\n</header>\n<main>\n"
    for key, title, hint, lines in groups:
        yield f'<h2 id="{key}">{title} <span>{_lines(len(lines))}: {hint}</span></h2>\n'
        yield from map(_line, lines)
    yield "</main>\n</body>\n</html>\n"


def _lines(count: int) -> str:
    return f"{count:,} line{'s' * (count != 1)}"


def _line(draft: Draft) -> str:
    text_file = f"{draft.file}.gt.txt"
    file = f'<a href="{_link(text_file)}">{_shown(text_file)}</a>' if draft.text else _shown(text_file)
    rows = [_row("draft", draft.text, draft.ours)]
    if draft.is_corrected:
        rows = [_row("text", draft.text, draft.ours)] + ([_row("draft", draft.teacher, "")] if draft.teacher else [])
    rows.append(_row(f"ours, {100 * draft.confidence:.0f} % sure", draft.ours, draft.text))
    return (
        f'<article>\n<img src="{_link(f"{draft.file}.png")}" alt="line {_shown(PurePosixPath(draft.file).name)}"'
        f' loading="lazy">\n<dl>\n{"".join(rows)}</dl>\n<footer>{file} · {_shown(draft.page)}, at'
        f" {draft.box[0]}, {draft.box[1]}</footer>\n</article>\n"
    )


def _row(name: str, text: str, other: str) -> str:
    """Return a reading with what the other one lacks marked."""
    if not text:
        return f'<dt>{name}</dt><dd class="none">nothing</dd>\n'
    pieces = marked(text, other) if other else [(text, False)]
    words = "".join(f"<mark>{escape(piece)}</mark>" if apart else escape(piece) for piece, apart in pieces)
    return f'<dt>{name}</dt><dd dir="auto">{words}</dd>\n'


def _link(path: str) -> str:
    return quote(os.fsencode(path))


def _shown(name: str) -> str:
    return escape("".join(letter if letter.isprintable() else "?" for letter in name))
