"""Small fonts made for a test: every letter is a box, so that what has ink and what has not is known."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from text_recognizer.charset import ASCII


def _box(width: int, height: int):
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    pen.lineTo((50, height))
    pen.lineTo((50 + width, height))
    pen.lineTo((50 + width, 0))
    pen.closePath()
    return pen.glyph()


def build_font(path: Path, family: str, characters: str = ASCII, empty: str = " ", symbol: bool = False) -> Path:
    """Write a font that maps `characters`, those of `empty` without ink; a symbol font maps them out of Unicode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {character: f"u{ord(character):04X}" for character in characters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(c) + (0xF000 if symbol else 0): name for c, name in names.items()})
    if symbol:
        table = builder.font["cmap"].tables[-1]
        table.platformID, table.platEncID = 3, 0
        builder.font["cmap"].tables = [table]
    heights = {c: 700 if c.isupper() or c.isdigit() else 500 for c in characters}
    glyphs = {name: _box(0, 0) if c in empty else _box(400, heights[c]) for c, name in names.items()}
    for character in set(empty) & set(characters):
        glyphs[names[character]] = TTGlyphPen(None).glyph()
    builder.setupGlyf({".notdef": _box(300, 600), **glyphs})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)
    return path
