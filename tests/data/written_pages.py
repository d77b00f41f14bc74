"""Small pages with known lines, as ALTO and PAGE files, for the tests of reading them."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageDraw

ALTO = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
  <Description><sourceImageInformation><fileName>{image}</fileName></sourceImageInformation></Description>
  <Tags><OtherTag ID="BT1" LABEL="Main"/></Tags>
  <Layout><Page WIDTH="{width}" HEIGHT="{height}"><PrintSpace>
    <TextBlock TAGREFS="BT1">{lines}</TextBlock>
  </PrintSpace></Page></Layout>
</alto>"""

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
  <Page imageFilename="{image}" imageWidth="{width}" imageHeight="{height}">
    <TextRegion type="paragraph">{lines}</TextRegion>
  </Page>
</PcGts>"""


def write_page(
    folder: Path, name: str, texts: list[str], kind: str = "alto", scale: int = 1, tilt: float = 0.0
) -> Path:
    """Write a page of 400 x 60 per line with a bar of ink for each text; the XML is in `scale` times its pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    size = (400, 60 * len(texts) + 40)
    picture = Image.new("L", size, 240)
    draw, lines = ImageDraw.Draw(picture), []
    for number, text in enumerate(texts):
        y, right = 60 * number + 50, 40 + 7 * len(text)
        rise = tilt * (right - 40)
        draw.polygon([(40, y - 20), (right, y - 20 - rise), (right, y - rise), (40, y)], fill=30)
        base = [(40, y), (right, y - rise)]
        outline = [(36, y - 26), (right + 4, y - 26 - rise), (right + 4, y + 6 - rise), (36, y + 6)]
        lines.append(_line(kind, text, [_scaled(points, scale) for points in (base, outline)]))
    image = folder / f"{name}.png"
    picture.save(image)
    template = ALTO if kind == "alto" else PAGE
    xml = template.format(image=image.name, width=size[0] * scale, height=size[1] * scale, lines="".join(lines))
    (folder / f"{name}.xml").write_text(xml, encoding="utf-8")
    return folder / f"{name}.xml"


def level_of(image_HW: np.ndarray) -> float:
    """Return how many rows the darker half of a picture of a bar spans, as a share of its height."""
    dark = (image_HW < 135).mean(1) > 0.5
    return float(dark.mean())


def _scaled(points: list[tuple[float, float]], scale: int) -> list[tuple[float, float]]:
    return [(x * scale, y * scale) for x, y in points]


def _line(kind: str, text: str, shapes: list[list[tuple[float, float]]]) -> str:
    base, outline = (" ".join(f"{x:.1f},{y:.1f}" for x, y in points) for points in shapes)
    if kind == "alto":
        words = "<SP/>".join(f'<String CONTENT="{escape(word, {chr(34): "&quot;"})}"/>' for word in text.split())
        base, outline = base.replace(",", " "), outline.replace(",", " ")
        return f'<TextLine ID="l" BASELINE="{base}"><Shape><Polygon POINTS="{outline}"/></Shape>{words}</TextLine>'
    return (
        f'<TextLine id="l"><Coords points="{outline}"/><Baseline points="{base}"/>'
        f"<TextEquiv><Unicode>{escape(text)}</Unicode></TextEquiv></TextLine>"
    )
