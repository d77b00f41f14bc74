"""Pages that a browser prints and a third-party library degrades: a renderer that shares no code with the synthesiser.

Runs with the Python of the benchmark layer and needs nothing of this repository. The plan comes as JSON on the standard
input; for page k, ``k.png`` and ``k.json`` (its lines with their boxes in pixels) are written into the plan's folder.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from pathlib import Path
from typing import Any

import augraphy
import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

LINES = """() => {
  const lines = []; let line = null, block = null;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (let i = 0; i < node.data.length; i++) {
      const range = document.createRange();
      range.setStart(node, i); range.setEnd(node, i + 1);
      const box = range.getClientRects()[0];
      if (!box || !box.width || !box.height) continue;
      const below = line && Math.abs(box.top - line.box[1]) > box.height / 2;
      if (!line || below || node.parentElement !== block) {
        line = {text: "", box: [box.left, box.top, box.right, box.bottom]};
        lines.push(line); block = node.parentElement;
      }
      line.text += node.data[i];
      if (node.data[i].trim()) {
        line.box = [Math.min(line.box[0], box.left), Math.min(line.box[1], box.top),
                    Math.max(line.box[2], box.right), Math.max(line.box[3], box.bottom)];
      }
    }
  }
  return lines.map(l => ({text: l.text.trim(), box: l.box})).filter(l => l.text);
}"""


def html(plan: dict[str, Any]) -> str:
    """Return the page: paragraphs in one typeface, the first of them a heading where the plan says so."""
    font = base64.b64encode(Path(plan["font"]).read_bytes()).decode()
    style = (
        f"@font-face {{ font-family: tested; src: url(data:font/ttf;base64,{font}); }}"
        f"body {{ font: {plan['size']}px/{plan['leading']} tested; width: {plan['width']}px;"
        f" margin: {plan['margin']}px; text-align: {plan['align']}; color: {plan['ink']}; columns: {plan['columns']};"
        "column-gap: 2em; }"
        f"p {{ margin: 0 0 {plan['gap']}em; text-indent: {plan['indent']}em; }}"
        "h1 { font-size: 1.6em; font-weight: 400; }"
    )
    tags = ["h1" if number == 0 and plan["heading"] else "p" for number in range(len(plan["paragraphs"]))]
    body = "".join(f"<{tag}>{text}</{tag}>" for tag, text in zip(tags, plan["paragraphs"], strict=True))
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{body}"


def printed(page: Page, plan: dict[str, Any]) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Return the page's picture (uint8 [H, W, 3], blue first) and its lines with boxes in pixels of it."""
    page.set_content(html(plan))
    if page.evaluate("document.fonts.load('20px tested').then(found => found.length, () => 0)") != 1:
        raise SystemExit(f"{plan['font']}: the browser refuses this font")
    lines = page.evaluate(LINES)
    scale = plan["scale"]
    for line in lines:
        line["box"] = [value * scale for value in line["box"]]
    shot = cv2.imdecode(np.frombuffer(page.screenshot(full_page=True), np.uint8), cv2.IMREAD_COLOR)
    return three_channels(np.asarray(shot)), lines


def degraded(picture_HWC: np.ndarray, seed: int) -> np.ndarray:
    """Return the page as it would come off a press, a printer, a copier or a scanner; nothing is moved."""
    random.seed(seed)
    np.random.seed(seed)
    cv2.setRNGSeed(seed)
    ink = [
        augraphy.InkBleed(intensity_range=(0.1, 0.4), kernel_size=(3, 3), severity=(0.2, 0.4)),
        augraphy.LowInkRandomLines(count_range=(3, 10), use_consistent_lines=False),
        augraphy.InkMottling(ink_mottling_alpha_range=(0.1, 0.2)),
        augraphy.Dithering(dither="ordered", order=(3, 5)),
    ]
    paper = [
        augraphy.NoiseTexturize(sigma_range=(3, 8), turbulence_range=(2, 5)),
        augraphy.BrightnessTexturize(texturize_range=(0.85, 0.97), deviation=0.05),
        augraphy.ColorPaper(hue_range=(15, 45), saturation_range=(5, 40)),
    ]
    scan = [
        augraphy.LightingGradient(max_brightness=255, min_brightness=120, mode="gaussian", transparency=0.6),
        augraphy.ShadowCast(shadow_opacity_range=(0.15, 0.4)),
        augraphy.DirtyDrum(line_width_range=(1, 3), line_concentration=0.05, noise_intensity=0.3),
        augraphy.SubtleNoise(subtle_range=15),
        augraphy.BadPhotoCopy(
            noise_type=1, noise_value=(160, 220), noise_sparsity=(0.2, 0.4), noise_concentration=(0.05, 0.15)
        ),
    ]
    for choices, share in ((ink, 0.6), (paper, 0.7), (scan, 0.7), ([augraphy.Jpeg(quality_range=(35, 85))], 0.6)):
        if random.random() < share:
            picture_HWC = three_channels(random.choice(choices)(picture_HWC, force=True))
    return picture_HWC


def three_channels(picture: np.ndarray) -> np.ndarray:
    """Return a picture of any kind as uint8 [H, W, 3]."""
    picture = np.asarray(picture).clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture[..., :3]


def main(job: dict[str, Any]) -> None:
    """Print and degrade all pages of a job."""
    cv2.setNumThreads(1)
    folder = Path(job["folder"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=job["chromium"], args=["--no-sandbox", "--no-proxy-server", "--font-render-hinting=none"]
        )
        for number, plan in enumerate(job["pages"]):
            size = {"width": plan["width"] + 2 * plan["margin"], "height": 400}
            page = browser.new_page(viewport=size, device_scale_factor=plan["scale"])
            picture, lines = printed(page, plan)
            page.close()
            cv2.imwrite(str(folder / f"{number}.png"), degraded(picture, plan["seed"]))
            (folder / f"{number}.json").write_text(json.dumps(lines), encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    main(json.load(sys.stdin))
