"""Pages as hOCR, which is XHTML: readable in a browser, and what tools that make searchable PDFs take.

Source: the hOCR specification 1.2, sections 4 and 10.
"""

from collections.abc import Iterable, Iterator

from text_recognizer.inference.boxes import Word, box_of, words_of
from text_recognizer.inference.quarters import quarter_turns, turned, turned_box
from text_recognizer.inference.result import Line, Page
from text_recognizer.inference.xml_text import DECLARATION, attributes, element_text, extent_of, software

CAPABILITIES = "ocr_page ocr_carea ocr_line ocrx_word ocrx_cinfo ocrp_wconf"


def as_hocr(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield one hOCR document with all pages."""
    yield DECLARATION
    yield '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
    yield ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
    yield '<html xmlns="http://www.w3.org/1999/xhtml">\n <head>\n  <title></title>\n'
    yield '  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    yield f"  <meta{attributes(name='ocr-system', content=' '.join(software()))}/>\n"
    yield f"  <meta{attributes(name='ocr-capabilities', content=CAPABILITIES)}/>\n </head>\n <body>\n"
    first = None
    for number, page in enumerate(pages, start=1):
        first = first or page
        yield from _page(page, number, page.source == first.source)
    yield " </body>\n</html>\n"


def _page(page: Page, number: int, of_the_first: bool) -> Iterator[str]:
    """Yield a page; its number within its file is its physical one only if all pages are from that file."""
    source = page.source.replace('"', "'")
    place = f"ppageno {page.frame}" if of_the_first else f'x_source "{source}" "{page.frame}"'
    title = f'image "{source}"; bbox 0 0 {page.width} {page.height}; {place}'
    yield f"  <div class='ocr_page'{attributes(id=f'page_{number}', title=title)}>\n"
    lines = [line for line in page.lines if words_of(line)]
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
    yield f"{'' if word.characters else element_text(word.text)}</span>\n"


def _baseline(line: Line, box: tuple[int, int, int, int]) -> str:
    """Return the properties that tell the baseline: the quarter turns of the line, and slope and offset without them.

    The offset counts from what is the box's lower left corner once the line is upright.
    """
    quarters = quarter_turns(line.baseline)
    (x0, y0), (x1, y1) = (turned(point, quarters) for point in line.baseline)
    (left, _), (_, bottom) = turned_box(box, quarters)
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    angle = f"; textangle {90 * quarters}" if quarters else ""
    return f"{angle}; baseline {slope:.4f} {y0 + slope * (left - x0) - bottom:.1f}"


def _bbox(box: tuple[int, int, int, int]) -> str:
    return "bbox {} {} {} {}".format(*box)
