"""Folders of transcribed pages as other tools make them: known lines on paper, their places told in XML or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from PIL import Image

from tests.own_data.line_folders import Line, put

LEFT, TOP, STEP = 60, 50, 90

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels."""


def page_of(lines: Sequence[Line]) -> tuple[Image.Image, list[Box]]:
    """Return a page with the lines below each other, and their boxes."""
    width = 2 * LEFT + max(line.image_HW.shape[1] for line in lines)
    page = np.full((2 * TOP + STEP * len(lines), width), 245, np.uint8)
    boxes = []
    for number, line in enumerate(lines):
        height, length = line.image_HW.shape
        y = TOP + STEP * number
        page[y : y + height, LEFT : LEFT + length] = np.minimum(245, line.image_HW)
        boxes.append((LEFT, y, length, height))
    return Image.fromarray(page), boxes


def two_pages(lines: Sequence[Line]) -> list[tuple[str, Sequence[Line]]]:
    return [("p_0001", lines[: len(lines) // 2]), ("p_0002", lines[len(lines) // 2 :])]


def transkribus(folder: Path, lines: Sequence[Line]) -> Path:
    """Transkribus: pictures beside mets.xml, the PAGE files in page/."""
    put(folder / "mets.xml", '<ns3:mets xmlns:ns3="http://www.loc.gov/METS/"/>')
    put(folder / "metadata.xml", "<trpDocMetadata><docId>7</docId></trpDocMetadata>")
    for name, part in two_pages(lines):
        picture, boxes = page_of(part)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{name}.jpg", quality=95)
        rows = "".join(
            _page_line(number, line.text, box) for number, (line, box) in enumerate(zip(part, boxes, strict=True))
        )
        head = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">'
            "<Metadata><Creator>Transkribus</Creator></Metadata>"
            f'<Page imageFilename="{name}.jpg" imageWidth="{picture.width}" imageHeight="{picture.height}">'
            '<TextRegion type="paragraph" id="r1" custom="readingOrder {index:0;}">'
        )
        put(folder / "page" / f"{name}.xml", f"{head}{rows}</TextRegion></Page></PcGts>")
    return folder / "page" / "p_0002.xml"


def _page_line(number: int, text: str, box: Box) -> str:
    x, y, width, height = box
    outline = f"{x},{y} {x + width},{y} {x + width},{y + height} {x},{y + height}"
    base = f"{x},{y + height * 3 // 4} {x + width},{y + height * 3 // 4}"
    return (
        f'<TextLine id="r1l{number}" custom="readingOrder {{index:{number};}}"><Coords points="{outline}"/>'
        f'<Baseline points="{base}"/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>'
    )


def escriptorium(folder: Path, lines: Sequence[Line]) -> Path:
    """eScriptorium: ALTO 4 beside the pictures, a polygon and a baseline per line."""
    for name, part in two_pages(lines):
        picture, boxes = page_of(part)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{name}.png")
        rows = "".join(
            _alto_line(number, line.text, box) for number, (line, box) in enumerate(zip(part, boxes, strict=True))
        )
        size = f'WIDTH="{picture.width}" HEIGHT="{picture.height}"'
        put(
            folder / f"{name}.xml",
            '<?xml version="1.0" encoding="UTF-8"?>\n<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">'
            "<Description><MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation>"
            f"<fileName>{name}.png</fileName></sourceImageInformation></Description>"
            '<Tags><OtherTag ID="BT1" LABEL="MainZone" DESCRIPTION="block type MainZone"/></Tags>'
            f'<Layout><Page {size} PHYSICAL_IMG_NR="0" ID="eSc_dummypage_"><PrintSpace HPOS="0" VPOS="0" {size}>'
            f'<TextBlock ID="eSc_textblock_1" TAGREFS="BT1">{rows}</TextBlock></PrintSpace></Page></Layout></alto>',
        )
    return folder / "p_0002.xml"


def _alto_line(number: int, text: str, box: Box) -> str:
    x, y, width, height = box
    place = f'HPOS="{x}" VPOS="{y}" WIDTH="{width}" HEIGHT="{height}"'
    outline = f"{x} {y} {x + width} {y} {x + width} {y + height} {x} {y + height}"
    base = f"{x} {y + height * 3 // 4} {x + width} {y + height * 3 // 4}"
    return (
        f'<TextLine ID="eSc_line_{number}" BASELINE="{base}" {place}><Shape><Polygon POINTS="{outline}"/></Shape>'
        f"<String CONTENT={quoteattr(text)} {place}></String></TextLine>"
    )


def label_studio(folder: Path, lines: Sequence[Line]) -> Path:
    """Label Studio's OCR template: a rectangle, its label and its text share an identity; places in per cent."""
    tasks = []
    for number, (name, part) in enumerate(two_pages(lines)):
        picture, boxes = page_of(part)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        picture.save(folder / "images" / f"{name}.png")
        results = [one for line, box in zip(part, boxes, strict=True) for one in _region(line.text, box, picture.size)]
        stated = f"/data/local-files/?d=images/{name}.png" if number else f"/data/upload/3/1f2e3d4c-{name}.png"
        annotation = {"id": number + 10, "completed_by": 1, "result": results, "was_cancelled": False}
        tasks.append({"id": number + 1, "data": {"ocr": stated}, "annotations": [annotation], "predictions": []})
    put(folder / "project-3-at-2026-01-01.json", json.dumps(tasks))
    return folder / "images" / "p_0002.png"


def _region(text: str, box: Box, size: tuple[int, int]) -> list[dict]:
    shares = [100 * value / size[axis % 2] for axis, value in enumerate(box)]
    place = dict(zip(("x", "y", "width", "height"), shares, strict=True)) | {"rotation": 0}
    common = {
        "id": f"{box[1]:x}bB-{text[:3]}",
        "to_name": "image",
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
    }
    return [
        common | {"from_name": "bbox", "type": "rectangle", "value": place},
        common | {"from_name": "label", "type": "labels", "value": place | {"labels": ["Handwriting"]}},
        common | {"from_name": "transcription", "type": "textarea", "value": place | {"text": [text]}},
    ]


WRITERS = {"a01-000u": "000", "a01-003": "001", "a02-000": "002"}


def _iam_tables(folder: Path, forms: dict[str, Sequence[Line]]) -> None:
    head = "#--- {} -----------------------------------------#\n#\n# iam database information\n#\n"
    rows = [
        f"{form}-{number:02} ok 154 19 {LEFT} {TOP + STEP * number} {line.image_HW.shape[1]} {line.image_HW.shape[0]}"
        f" {line.text.replace(' ', '|')}\n"
        for form, part in forms.items()
        for number, line in enumerate(part)
    ]
    put(folder / "ascii" / "lines.txt", head.format("lines.txt") + "".join(rows))
    told = [f"{form} {WRITERS[form]} 2 prt 7 5 52 36\n" for form in forms]
    put(folder / "ascii" / "forms.txt", head.format("forms.txt") + "".join(told))


def _iam_form(form: str, part: Sequence[Line], size: tuple[int, int]) -> str:
    lines = "".join(
        f'<line id="{form}-{number:02}" segmentation="ok" threshold="154"'
        f" text={quoteattr(line.text.replace(chr(34), '&quot;'))}>"
        f'<word id="{form}-{number:02}-00" tag="AT" text="x"><cmp x="{LEFT}" y="{TOP + STEP * number}"'
        f' width="{line.image_HW.shape[1]}" height="{line.image_HW.shape[0]}"/></word></line>'
        for number, line in enumerate(part)
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<!DOCTYPE form SYSTEM "http://www.iam.unibe.ch/~fki/iamdb/form-metadata.dtd">\n'
        f'<form created="2002-01-14" height="{size[1]}" id="{form}" width="{size[0]}" writer-id="{WRITERS[form]}">'
        f'<machine-printed-part><machine-print-line text="printed"/></machine-printed-part>'
        f"<handwritten-part>{lines}</handwritten-part></form>"
    )


def iam(folder: Path, lines: Sequence[Line], pictures: str = "lines", texts: str = "xml") -> Path:
    """The IAM database: xml/ or ascii/, lines/a01/a01-000u/ or forms/, the lists of the writer independent task."""
    forms = {form: lines[2 * place : 2 * place + 2] for place, form in enumerate(WRITERS)}
    for form, part in forms.items():
        page, _ = page_of(part)
        if texts == "xml":
            put(folder / "xml" / f"{form}.xml", _iam_form(form, part, page.size), "latin-1")
        for number, line in enumerate(part):
            if pictures == "lines":
                line.save(folder / "lines" / form[:3] / form / f"{form}-{number:02}.png")
        if pictures == "forms":
            (folder / "forms").mkdir(exist_ok=True, parents=True)
            page.save(folder / "forms" / f"{form}.png")
    if texts == "ascii":
        _iam_tables(folder, forms)
    task = folder / "largeWriterIndependentTextLineRecognitionTask"
    for name, form in zip(("trainset", "validationset1", "testset"), WRITERS, strict=True):
        put(task / f"{name}.txt", f"{form}-00\n{form}-01\n")
    put(task / "validationset2.txt", "")
    return folder / ("lines/a01/a01-003/a01-003-01.png" if pictures == "lines" else "forms/a01-003.png")


PAGE_FOLDERS = {
    "transkribus": (transkribus, "page"),
    "escriptorium": (escriptorium, "alto"),
    "label_studio": (label_studio, "label_studio"),
}
"""What makes a folder of two pages and returns a file whose breaking loses the second, and the layout that it has."""
