"""What the hOCR specification 1.2 demands of a document, as a list of what is wrong with one.

Source: the hOCR specification 1.2, its table of elements and the grammar of its properties.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

XHTML = "{http://www.w3.org/1999/xhtml}"
UINT, FLOAT, TEXT = r"\d+", r"-?\d+(?:\.\d+)?", r'"[^"]*"'
GRAMMAR = {
    "bbox": rf"{UINT} {UINT} {UINT} {UINT}",
    "image": TEXT,
    "ppageno": UINT,
    "x_source": rf"{TEXT}(?: {TEXT})*",
    "baseline": rf"{FLOAT} {FLOAT}",
    "textangle": FLOAT,
    "x_wconf": FLOAT,
    "x_bboxes": rf"{UINT} {UINT} {UINT} {UINT}(?: {UINT} {UINT} {UINT} {UINT})*",
    "x_conf": FLOAT,
}
NEEDED = {"ocr_page": ("bbox",), "ocr_carea": ("bbox",), "ocr_line": ("bbox",), "ocrx_cinfo": ("x_bboxes",)}
INSIDE = {"ocr_carea": "ocr_page", "ocr_line": "ocr_carea", "ocrx_word": "ocr_line", "ocrx_cinfo": "ocrx_word"}
TAG = {"ocr_page": "div", "ocr_carea": "div", "ocr_line": "span", "ocrx_word": "span", "ocrx_cinfo": "span"}


def faults(content: bytes) -> list[str]:
    """Return what is wrong with an hOCR document; nothing if it keeps to the specification."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        return [str(error)]
    found = [] if root.tag == f"{XHTML}html" else [f"the root is {root.tag}"]
    told = {meta.get("name"): meta.get("content", "") for meta in root.iter(f"{XHTML}meta")}
    found += [f"no meta {name}" for name in ("ocr-system", "ocr-capabilities") if not told.get(name)]
    met: set[str] = set()
    _walk(root, [], met, found)
    found += [f"{kind} is not among the capabilities" for kind in met - set(told.get("ocr-capabilities", "").split())]
    names = [element.get("id") for element in root.iter() if element.get("id")]
    found += ["an id is there twice"] if len(names) != len(set(names)) else []
    numbers = re.findall(rb"ppageno (\d+)", content)
    return found + (["a page number is there twice"] if len(numbers) != len(set(numbers)) else [])


def _walk(element: Element, above: list[str], met: set[str], found: list[str]) -> None:
    kind = element.get("class", "")
    if kind.startswith("ocr"):
        met.add(kind)
        found += _of_one(element, kind, above)
        above = [*above, kind]
    for part in element:
        _walk(part, above, met, found)


def _of_one(element: Element, kind: str, above: list[str]) -> list[str]:
    wrong = [] if element.tag == XHTML + TAG[kind] else [f"{kind} is a {element.tag}"]
    if kind in INSIDE and above[-1:] != [INSIDE[kind]]:
        wrong.append(f"{kind} stands in {above[-1:]}")
    told = dict(
        part.strip().partition(" ")[::2] for part in re.findall(r'(?:"[^"]*"|[^;"])+', element.get("title", ""))
    )
    wrong += [f"{kind} has no {name}" for name in NEEDED.get(kind, ()) if name not in told]
    unknown = [name for name in told if name not in GRAMMAR]
    wrong += [f"{kind} has a property {name}" for name in unknown]
    wrong += [f"{kind}: {n} {v}" for n, v in told.items() if n in GRAMMAR and not re.fullmatch(GRAMMAR[n], v)]
    if kind == "ocr_page" and not told.get("bbox", "").startswith("0 0 "):
        wrong.append("a page does not begin at 0 0")
    return wrong
