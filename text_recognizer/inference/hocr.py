"""Pages as hOCR, which is XHTML: readable in a browser, and what tools that make searchable PDFs take.

Source: the hOCR specification 1.2, sections 4 and 10.
"""

import math
from collections.abc import Iterable, Iterator

from text_recognizer.inference.boxes import Word, box_of, words_of
from text_recognizer.inference.result import Line, Page
from text_recognizer.inference.xml_text import DECLARATION, attributes, element_text, extent_of, software

CAPABILITIES = "ocr_page ocr_carea ocr_line ocrx_word ocrx_cinfo ocrp_wconf"


def as_hocr(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield one hOCR document with all pages."""
    yield DECLARATION
    yield '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
    yield ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
    yield '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n  <title></title>\n'
    yield '  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    yield f"  <meta{attributes(name='ocr-system', content=' '.join(software()))}/>\n"
    yield f"  <meta{attributes(name='ocr-capabilities', content=CAPABILITIES)}/>\n </head>\n <body>\n"
    for number, page in enumerate(pages, start=1):
        yield from _page(page, number)
    yield " </body>\n</html>\n"


def _page(page: Page, number: int) -> Iterator[str]:
    source = page.source.replace('"', "'")
    title = f'image "{source}"; bbox 0 0 {page.width} {page.height}; ppageno {page.frame}'
    yield f"  <div class='ocr_page'{attributes(id=f'page_{number}', title=title)}>\n"
    lines = [line for line in page.lines if line.text.strip()]
    if lines:
        area = attributes(id=f"block_{number}_1", title=_bbox(extent_of(lines, page)))
        yield f"   <div class='ocr_carea'{area}>\n"
        for count, line in enumerate(lines, start=1):
            yield from _line(line, f"{number}_{count}", (page.width, page.height))
        yield "   </div>\n"
    yield "  </div>\n"


def _line(line: Line, name: str, size: tuple[int, int]) -> Iterator[str]:
    box = box_of(line.corners, size)
    yield f"    <span class='ocr_line'{attributes(id=f'line_{name}', title=_bbox(box) + _baseline(line, box))}>\n"
    for count, word in enumerate(words_of(line), start=1):
        yield from _word(word, f"{name}_{count}", size)
    yield "    </span>\n"


def _word(word: Word, name: str, size: tuple[int, int]) -> Iterator[str]:
    title = f"{_bbox(box_of(word.corners, size))}; x_wconf {round(100 * word.confidence)}"
    yield f"     <span class='ocrx_word'{attributes(id=f'word_{name}', title=title)}>"
    for character, corners in zip(word.characters, word.boxes, strict=True):
        left, top, right, bottom = box_of(corners, size)
        title = f"x_bboxes {left} {top} {right} {bottom}; x_conf {100 * character.confidence:.1f}"
        yield f"<span class='ocrx_cinfo'{attributes(title=title)}>{element_text(character.text)}</span>"
    yield "</span>\n"


def _baseline(line: Line, box: tuple[int, int, int, int]) -> str:
    """Return the property that tells the baseline: a slope and an offset from the box's lower left, or an angle.

    A line that leans by more than 45 degrees has no slope worth the name; its angle counts counterclockwise.
    """
    (x0, y0), (x1, y1) = line.baseline
    if abs(y1 - y0) > abs(x1 - x0) or x1 < x0:
        return f"; textangle {-math.degrees(math.atan2(y1 - y0, x1 - x0)) % 360:.1f}"
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    return f"; baseline {slope:.4f} {y0 + slope * (box[0] - x0) - box[3]:.1f}"


def _bbox(box: tuple[int, int, int, int]) -> str:
    return "bbox {} {} {} {}".format(*box)
