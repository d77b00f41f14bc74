"""Pages as ALTO 4.4, the Library of Congress' format for text with its place on the page.

Source: https://www.loc.gov/standards/alto, schema version 4.4.
"""

from collections.abc import Iterable, Iterator

from text_recognizer.errors import UserError
from text_recognizer.inference.boxes import Word, box_of, words_of
from text_recognizer.inference.result import Line, Page, Point
from text_recognizer.inference.xml_text import (
    DECLARATION,
    attributes,
    element_text,
    extent_of,
    joined_points,
    rounded,
    software,
)

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


def as_alto(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield one ALTO document; lines without text are left out, since a line of ALTO has at least one word.

    Raises:
        UserError: a page is from another file than the first: ALTO names one picture.
    """
    first = None
    for number, page in enumerate(pages, start=1):
        if first is None:
            first = page
            yield from _head(page.source)
        elif page.source != first.source:
            raise UserError(f"{page.source}: an ALTO file is about one picture only; give --out a folder")
        yield from _page(page, number)
    if first is None:
        yield from _head("")
        yield from _page(Page((), 1, 1), 1)
    yield " </Layout>\n</alto>\n"


def _head(source: str) -> Iterator[str]:
    yield DECLARATION
    schema = {"xmlns": NAMESPACE, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}
    schema["xsi:schemaLocation"] = f"{NAMESPACE} {SCHEMA}"
    yield f"<alto{attributes(**schema, SCHEMAVERSION='4.4')}>\n <Description>\n"
    yield "  <MeasurementUnit>pixel</MeasurementUnit>\n"
    yield f"  <sourceImageInformation><fileName>{element_text(source)}</fileName></sourceImageInformation>\n"
    name, version = software()
    yield '  <Processing ID="reading"><processingCategory>contentGeneration</processingCategory>'
    yield f"<processingSoftware><softwareName>{element_text(name)}</softwareName>"
    yield f"<softwareVersion>{element_text(version)}</softwareVersion></processingSoftware></Processing>\n"
    yield " </Description>\n <Layout>\n"


def _page(page: Page, number: int) -> Iterator[str]:
    size = (page.width, page.height)
    whole = attributes(WIDTH=page.width, HEIGHT=page.height)
    yield f"  <Page{attributes(ID=f'page{number}', PHYSICAL_IMG_NR=page.frame + 1)}{whole}>\n"
    yield f"   <PrintSpace{attributes(HPOS=0, VPOS=0)}{whole}>\n"
    lines = [line for line in page.lines if words_of(line)]
    if lines:
        block = f"page{number}block1"
        yield f"    <TextBlock{attributes(ID=block)}{_place(extent_of(lines, page))}>\n"
        for count, line in enumerate(lines, start=1):
            yield from _line(line, f"{block}line{count}", size)
        yield "    </TextBlock>\n"
    yield "   </PrintSpace>\n  </Page>\n"


def _line(line: Line, name: str, size: tuple[int, int]) -> Iterator[str]:
    baseline = attributes(BASELINE=joined_points(line.baseline, size))
    yield f"     <TextLine{attributes(ID=name)}{_place(box_of(line.corners, size))}{baseline}>\n"
    yield f"      {_shape(line.corners, size)}\n"
    for count, word in enumerate(words_of(line), start=1):
        yield "" if count == 1 else "      <SP/>\n"
        yield from _word(word, f"{name}word{count}", size)
    yield "     </TextLine>\n"


def _word(word: Word, name: str, size: tuple[int, int]) -> Iterator[str]:
    told = attributes(ID=name, CONTENT=word.text, WC=rounded(word.confidence))
    yield f"      <String{told}{_place(box_of(word.corners, size))}>\n"
    for character, corners in zip(word.characters, word.boxes, strict=True):
        told = attributes(CONTENT=character.text, GC=rounded(character.confidence))
        yield f"       <Glyph{told}{_place(box_of(corners, size))}/>\n"
    yield "      </String>\n"


def _shape(corners: Iterable[Point], size: tuple[int, int]) -> str:
    return f"<Shape><Polygon{attributes(POINTS=joined_points(corners, size))}/></Shape>"


def _place(box: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = box
    return attributes(HPOS=left, VPOS=top, WIDTH=right - left, HEIGHT=bottom - top)
