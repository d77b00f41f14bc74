"""Pages as PAGE XML 2019, the format of PRImA that Transkribus and eScriptorium read.

Source: PRImA's schema PAGE 2019-07-15.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from text_recognizer.errors import UserError
from text_recognizer.inference.boxes import Word, words_of
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

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def as_page_xml(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield one PAGE document.

    Raises:
        UserError: there is a second page, for which PAGE XML has no place.
    """
    number = 0
    for number, page in enumerate(pages, start=1):
        if number > 1:
            raise UserError(
                f"{page.source}: PAGE XML holds one page only; give --out a folder, which gets a file for each"
            )
        yield from _document(page)
    if not number:
        yield from _document(Page((), 1, 1))


def _document(page: Page) -> Iterator[str]:
    size = (page.width, page.height)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    yield f"{DECLARATION}<PcGts{attributes(xmlns=NAMESPACE)}>\n <Metadata><Creator>{element_text(' '.join(software()))}"
    yield f"</Creator><Created>{now}</Created><LastChange>{now}</LastChange></Metadata>\n"
    frame = attributes(custom=f"frame {{index:{page.frame};}}") if page.frame else ""
    yield f" <Page{attributes(imageFilename=page.source, imageWidth=page.width, imageHeight=page.height)}{frame}>\n"
    if page.lines:
        left, top, right, bottom = extent_of(page.lines, page)
        around = ((left, top), (right, top), (right, bottom), (left, bottom))
        yield '  <ReadingOrder><OrderedGroup id="order"><RegionRefIndexed index="0" regionRef="region1"/>'
        yield f'</OrderedGroup></ReadingOrder>\n  <TextRegion id="region1">\n   {_coords(around, size)}\n'
        for count, line in enumerate(page.lines, start=1):
            yield from _line(line, f"line{count}", count - 1, size)
        yield "  </TextRegion>\n"
    yield " </Page>\n</PcGts>\n"


def _line(line: Line, name: str, index: int, size: tuple[int, int]) -> Iterator[str]:
    yield f"   <TextLine{attributes(id=name, index=index)}>\n    {_coords(line.corners, size)}\n"
    yield f"    <Baseline{attributes(points=joined_points(line.baseline, size))}/>\n"
    for count, word in enumerate(words_of(line), start=1):
        yield from _word(word, f"{name}word{count}", size)
    yield f"    {_equivalent(line.text, line.confidence)}\n"
    yield "   </TextLine>\n"


def _word(word: Word, name: str, size: tuple[int, int]) -> Iterator[str]:
    yield f"    <Word{attributes(id=name)}>\n     {_coords(word.corners, size)}\n"
    for count, (character, corners) in enumerate(zip(word.characters, word.boxes, strict=True), start=1):
        glyph = f"<Glyph{attributes(id=f'{name}glyph{count}')}>{_coords(corners, size)}"
        yield f"     {glyph}{_equivalent(character.text, character.confidence)}</Glyph>\n"
    yield f"     {_equivalent(word.text, word.confidence)}\n    </Word>\n"


def _coords(points: Iterable[Point], size: tuple[int, int]) -> str:
    return f"<Coords{attributes(points=joined_points(points, size))}/>"


def _equivalent(text: str, confidence: float) -> str:
    return f"<TextEquiv{attributes(conf=rounded(confidence))}><Unicode>{element_text(text)}</Unicode></TextEquiv>"
