"""The frame of the report: one HTML page with its style in it, for light and dark, wide and narrow screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
:root { color-scheme: light dark; --paper: #fafaf8; --card: #fff; --text: #1d2329; --quiet: #59636e; --line: #d5dae0;
  --bad: #a12622; --bad-back: #fdeceb; --good: #1c6b3a; --good-back: #e8f5ec; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --card: #1c2227; --text: #e6eaee; --quiet: #a3adb8;
  --line: #37414b; --bad: #ff9d96; --bad-back: #40201f; --good: #8ad6a3; --good-back: #1b3324; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; margin: 0 0 1rem } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem }
p { margin: .4rem 0; color: var(--quiet); max-width: 60rem }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .8rem 1.5rem; margin: 0 }
dt { color: var(--quiet); font-size: .85rem } dd { margin: 0; overflow-wrap: anywhere }
.state { border-left: .35rem solid; border-radius: .3rem; padding: .7rem 1rem; margin: 1.2rem 0 }
.state p, .state li { color: inherit } .state ul { margin: .3rem 0; padding-left: 1.2rem }
.bad { color: var(--bad); background: var(--bad-back) } .good { color: var(--good); background: var(--good-back) }
.quiet { color: var(--quiet); background: var(--card) }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem }
figure { margin: 0; padding: .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
figcaption { font-weight: 600; margin-bottom: .3rem } figure svg { display: block; width: 100%; height: auto }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: var(--card) }
.wide:focus-visible { outline: 3px solid #2f7fb8 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th, td { text-align: left; padding: .4rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap }
td:not(:first-child) { font-variant-numeric: tabular-nums } td:first-child { white-space: normal; min-width: 12rem }
tr:last-child td { border-bottom: 0 } .alarm td { color: var(--bad); font-weight: 600 }
"""


@dataclass(frozen=True)
class Table:
    """A head and rows of words."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the page: paragraphs, plots (SVG elements) and a table."""

    title: str
    text: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()
    table: Table | None = None


def html_page(
    title: str, facts: Mapping[str, str], alarms: Sequence[str], otherwise: str, sections: Sequence[Section]
) -> str:
    """Return the page.

    Args:
        title: of the page.
        facts: named values at its top.
        alarms: a sentence each.
        otherwise: stands there if there is no alarm.
        sections: in their order.
    """
    body = [f"<h1>{escape(title)}</h1>", _facts(facts), _state(alarms, otherwise), *map(_section, sections)]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    nothing = '<link rel="icon" href="data:,">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{nothing}<title>{escape(title)}</title><style>{STYLE}</style>'
        f"</head>\n<body><main>\n{chr(10).join(body)}\n</main></body></html>\n"
    )


def _facts(facts: Mapping[str, str]) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f"<dl>{rows}</dl>"


def _state(alarms: Sequence[str], otherwise: str) -> str:
    if not alarms:
        mood = "good" if "look like" in otherwise else "quiet"
        return f'<div class="state {mood}"><p>{escape(otherwise)}</p></div>'
    rows = "".join(f"<li>{escape(sentence)}</li>" for sentence in alarms)
    count = "1 alarm" if len(alarms) == 1 else f"{len(alarms)} alarms"
    return f'<div class="state bad"><p><strong>{count}</strong></p><ul>{rows}</ul></div>'


def _section(section: Section) -> str:
    plots = "".join(_figure(plot) for plot in section.plots)
    return "\n".join(
        [
            f"<section><h2>{escape(section.title)}</h2>",
            *(f"<p>{escape(text)}</p>" for text in section.text),
            f'<div class="plots">{plots}</div>' if plots else "",
            _table(section.table, section.title) if section.table else "",
            "</section>",
        ]
    )


def _figure(plot: str) -> str:
    caption = plot.split('aria-label="', 1)[1].split('"', 1)[0]
    return f"<figure><figcaption>{caption}</figcaption>{plot}</figure>"


def _table(table: Table, title: str) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(
        f"<tr{' class=alarm' if 'ALARM' in row else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in table.rows
    )
    frame = f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}, table">'
    return f"{frame}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
