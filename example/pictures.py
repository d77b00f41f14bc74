"""Draw bright squares, with their classes and boxes, to try OpenMMLab on: python example/pictures.py FOLDER"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

COUNT, SIZE = 8, 64


def main(folder: Path) -> None:
    """Write img/ and ann/ (a class for each pixel), and boxes.json as COCO has it."""
    for part in ("img", "ann"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    dice = random.Random(0)
    images, boxes = [], []
    for number in range(COUNT):
        side = dice.randint(16, 32)
        left, top = dice.randint(0, SIZE - side), dice.randint(0, SIZE - side)
        area = (left, top, left + side - 1, top + side - 1)
        picture, classes = Image.new("RGB", (SIZE, SIZE), (40, 60, 80)), Image.new("L", (SIZE, SIZE), 0)
        ImageDraw.Draw(picture).rectangle(area, fill=(230, 200, dice.randint(0, 255)))
        ImageDraw.Draw(classes).rectangle(area, fill=1)
        picture.save(folder / f"img/{number}.png")
        classes.save(folder / f"ann/{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": SIZE, "height": SIZE})
        box = {"id": number, "image_id": number, "category_id": 1, "iscrowd": 0}
        boxes.append({**box, "bbox": [left, top, side, side], "area": side * side})
    table = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "square"}]}
    (folder / "boxes.json").write_text(json.dumps(table), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
