"""From clean ink to a line as a camera or scanner sees it: one geometric warp, then ink, paper, light and noise.

Every function is a pure function of its arguments and the generator it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.synth.inkline import InkLine


@dataclass(frozen=True)
class Warp:
    """How a line is bent, in the units of the finished line (see `warped`).

    Attributes:
        stretch: width relative to height.
        shear: pixels to the right per pixel up.
        rotation: pixels up per pixel to the right.
        margins: share of the ink's height left free above and below; a negative share cuts ink off.
        sides: pixels left free to the left and right.
        drift: amplitude in pixels of the baseline's slow rise and fall.
        swell: amplitude in pixels of slow changes of width along the line.
        ripple: amplitude in pixels of the elastic warp at the scale of a letter.
        full_body: keep room for ascenders and descenders where the text has none.
    """

    stretch: float = 1.0
    shear: float = 0.0
    rotation: float = 0.0
    margins: tuple[float, float] = (0.05, 0.05)
    sides: tuple[float, float] = (4.0, 4.0)
    drift: float = 0.0
    swell: float = 0.0
    ripple: float = 0.0
    full_body: bool = False


def random_warp(rng: np.random.Generator, strength: float = 1.0) -> Warp:
    """Return a warp as lines of real pages show; `strength` 0 bends nothing, 1 is the strength of training."""
    dice = rng.random(14).tolist()
    margins = (0.004 + 0.136 * dice[0] * max(strength, 0.4), 0.004 + 0.136 * dice[1] * max(strength, 0.4))
    return Warp(
        stretch=0.78 + 0.52 * dice[2] if strength else 1.0,
        shear=(-0.25 + 0.65 * dice[3]) * strength if dice[4] < 0.6 else 0.0,
        rotation=float(np.clip(rng.normal(0, 0.008), -0.025, 0.025)) * strength,
        margins=margins,
        sides=(2 + 8 * dice[5], 2 + 8 * dice[6]),
        drift=(0.2 + 1.2 * dice[7]) * strength if dice[8] < 0.6 else 0.0,
        swell=(0.2 + 1.3 * dice[9]) * strength if dice[10] < 0.5 else 0.0,
        ripple=(0.1 + 0.6 * dice[11]) * strength if dice[12] < 0.35 else 0.0,
        full_body=bool(dice[13] < 0.5),
    )


@dataclass(frozen=True)
class Bend:
    """Where each pixel of a finished line lies in the ink that it shows.

    Attributes:
        map_x, map_y: float32 [H, W], in pixels of the ink.
        scale: pixels of the finished line to one of the ink.
        centres: float64 [L], x of each character's centre in the finished line.
    """

    map_x: np.ndarray
    map_y: np.ndarray
    scale: float
    centres: np.ndarray

    def seen(self, ink_HW: np.ndarray, x: float = 0.0, y: float = 0.0) -> np.ndarray:
        """Return ink bent like the line, float32 0 to 1; its corner lies at (x, y) of the line's ink."""
        ink_HW = cv2.blur(ink_HW, (2, 2)) if self.scale < 0.6 else ink_HW
        map_x, map_y = (self.map_x - x, self.map_y - y) if x or y else (self.map_x, self.map_y)
        out = cv2.remap(np.ascontiguousarray(ink_HW), map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return out.astype(np.float32) * np.float32(1 / 255)


def warped(line: InkLine, height: int, warp: Warp, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the ink bent by one remap, as float32 in 0..1 [height, W], and the characters' new centres [L].

    Lengths of `warp` that are in pixels hold for a finished line of 40 px and grow with `height`.
    """
    bend = random_bend(line, height, warp, rng)
    return bend.seen(line.ink_HW), bend.centres


def random_bend(line: InkLine, height: int, warp: Warp, rng: np.random.Generator) -> Bend:
    """Return how `warp` bends a line that is to be `height` pixels high."""
    rows, columns = line.ink_HW.shape
    top, bottom = 0.0, float(rows)
    if warp.full_body:
        top = min(top, line.baseline - 1.6 * line.x_height)
        bottom = max(bottom, line.baseline + 0.5 * line.x_height)
    ink_height = bottom - top
    scale = height / (ink_height * (1 + sum(warp.margins)))
    unit = height / 40
    left, right = warp.sides[0] * unit, warp.sides[1] * unit
    lean_left = max(0.0, -warp.shear * (line.baseline - top), warp.shear * (bottom - line.baseline)) * scale
    lean_right = max(0.0, warp.shear * (line.baseline - top), -warp.shear * (bottom - line.baseline)) * scale
    step = 1 / (scale * warp.stretch)
    width = max(height // 2, int(columns / step + (lean_left + lean_right) * warp.stretch + left + right))
    origin = left + lean_left * warp.stretch
    y_H1 = (np.arange(height, dtype=np.float32)[:, None] / scale) + (top - warp.margins[0] * ink_height)
    x_1W = (np.arange(width, dtype=np.float32)[None, :] - origin) * step
    rise = float(warp.rotation * min(1.0, 400 * unit / width))
    map_x = x_1W + warp.shear * (y_H1 - line.baseline)
    map_y = y_H1 + rise * (x_1W - columns / 2)
    map_x, map_y = _elastic(map_x, map_y, warp, unit / scale, rng)
    middle = line.baseline - 0.5 * line.x_height
    centres = (line.centres - warp.shear * (middle - line.baseline)) / step + origin
    return Bend(map_x, map_y, scale, np.clip(centres, 0, width - 1))


def _elastic(
    map_x: np.ndarray, map_y: np.ndarray, warp: Warp, pixel: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Add the three smooth random fields of `warp`, amplitudes in `pixel`s of the source."""
    height, width = map_x.shape
    fields = ((0, warp.drift, 2, 70), (warp.swell, 0, 3, 24), (warp.ripple, warp.ripple, 6, 9))
    for amplitude_x, amplitude_y, rows, spacing in fields:
        grid = (rows, max(2, width * 40 // (height * spacing)))
        if amplitude_y:
            map_y = map_y + smooth_field(rng, (height, width), grid, amplitude_y * pixel)
        if amplitude_x:
            map_x = map_x + smooth_field(rng, (height, width), grid, amplitude_x * pixel)
    return map_x, map_y


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, int], grid: tuple[int, int], amplitude: float
) -> np.ndarray:
    """Return float32 [H, W] of normal noise at the points of `grid` (rows, columns), smooth in between."""
    values = rng.standard_normal(grid, dtype=np.float32) * np.float32(amplitude)
    return cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def stroke_weight(ink_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the ink with bolder, thinner or uneven strokes, or as it was."""
    unit = ink_HW.shape[0] / 40
    dice = rng.random(4).tolist()
    if dice[0] < 0.3:
        blurred = cv2.GaussianBlur(ink_HW, (0, 0), (0.5 + 0.5 * dice[1]) * unit)
        level = 0.12 + 0.26 * dice[2]
        threshold: float | np.ndarray = level
        if dice[3] < 0.4:
            threshold = level + smooth_field(rng, ink_HW.shape, (2, max(2, int(ink_HW.shape[1] / (30 * unit)))), 0.08)
        cut = np.clip((blurred - threshold + 0.2) * 2.5, 0, 1)
        return cut if cut.max() >= 0.35 else blurred / max(float(blurred.max()), 0.2)
    if dice[0] < 0.45:
        return cv2.dilate(ink_HW, np.ones((2, 2) if unit < 1.5 else (3, 3), np.uint8))
    return ink_HW


def fine_strokes(ink_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the ink with strokes that a fine pen leaves: wide ones are thinned, fine ones stay as they are."""
    blurred = cv2.GaussianBlur(ink_HW, (0, 0), 0.6 * ink_HW.shape[0] / 40)
    cut = np.clip((blurred - float(rng.uniform(0.3, 0.55)) + 0.2) * 2.5, 0, 1)
    return cut if cut.sum() > 0.7 * ink_HW.sum() else ink_HW


def worn(ink_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the ink with other strokes and, now and then, with feet or heads of itself as those of a neighbour."""
    ink_HW = stroke_weight(ink_HW, rng)
    if rng.random() < 0.3:
        ink_HW = with_remnants(ink_HW, ink_HW, rng)
    return ink_HW


def with_remnants(ink_HW: np.ndarray, other_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the ink with the feet or heads of a neighbouring line, as a crop that is too high has them."""
    height, width = ink_HW.shape
    rows = int(rng.integers(1, max(2, round(height * 0.14))))
    shift = int(rng.integers(-width // 4, max(1, width // 3)))
    above = bool(rng.random() < 0.5)
    source = other_HW[-rows:] if above else other_HW[:rows]
    source = np.roll(source[:, :width] if source.shape[1] >= width else _padded(source, width), shift, axis=1)
    out = ink_HW.copy()
    target = out[:rows] if above else out[height - rows :]
    np.maximum(target, source, out=target)
    return out


def _padded(source: np.ndarray, width: int) -> np.ndarray:
    return np.pad(source, ((0, 0), (0, width - source.shape[1])))


def on_paper(
    ink_HW: np.ndarray,
    rng: np.random.Generator,
    unit: float | None = None,
    rules_HW: np.ndarray | None = None,
    light_HW: np.ndarray | None = None,
) -> np.ndarray:
    """Return the grey picture, uint8 [H, W] dark on light: ink on uneven paper, seen by an imperfect camera.

    Args:
        ink_HW: float32, 0 to 1.
        unit: scale of blur and texture: 1 for text of lines 40 px high; that of a single line when left out.
        rules_HW: how much darker lines printed on the paper make it, float32 0 to 1.
        light_HW: what the picture is multiplied by.
    """
    height, width = ink_HW.shape
    unit = unit or height / 40
    dice = rng.random(20).tolist()
    clean = dice[0] < 0.3
    paper = 1.0 if clean else 0.72 + 0.28 * dice[1]
    tone = 0.25 * dice[2] if clean else min(0.5 * dice[2], paper - 0.35)
    ground = np.full((height, width), paper, np.float32)
    if dice[3] < 0.4:
        ground += smooth_field(rng, ink_HW.shape, (2, max(2, int(width / (120 * unit)))), 0.01 + 0.06 * dice[4])
    if dice[5] < 0.08:
        y = int(rng.integers(height // 2, height))
        ground[y : y + 1 + int(dice[6] * 2 * unit)] -= 0.05 + 0.25 * dice[7]
    if dice[8] < 0.06:
        specks = rng.random(ink_HW.shape, dtype=np.float32) < 0.001 + 0.009 * dice[9]
        ink_HW = np.maximum(ink_HW, specks * np.float32(0.9))
    if dice[10] < 0.3:
        fading = np.abs(smooth_field(rng, ink_HW.shape, (2, max(2, int(width / (25 * unit)))), 0.1 + 0.2 * dice[11]))
        ink_HW = ink_HW * np.clip(1 - fading, 0.45, 1)
    if rules_HW is not None:
        ground = ground * (1 - rules_HW)
    image = ground + (np.float32(tone) - ground) * ink_HW
    if light_HW is not None:
        image = image * light_HW
    return _camera(image, rng, dice[12:], unit)


def _camera(image: np.ndarray, rng: np.random.Generator, dice: list[float], unit: float) -> np.ndarray:
    height, width = image.shape
    if dice[0] < 0.35:
        image = cv2.GaussianBlur(image, (0, 0), (0.3 + 0.7 * dice[1]) * unit)
    if dice[2] < 0.15:
        share = 0.5 + 0.35 * dice[3]
        small = cv2.resize(image, (max(8, int(width * share)), int(height * share)), interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if dice[4] < 0.5:
        image = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(0.005 + 0.065 * dice[5])
    grey_HW = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if dice[6] < 0.1:
        coded = cv2.imencode(".jpg", grey_HW, [cv2.IMWRITE_JPEG_QUALITY, int(25 + 50 * dice[7])])[1]
        grey_HW = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return grey_HW


def plain(ink_HW: np.ndarray) -> np.ndarray:
    """Return black ink on white paper, uint8 [H, W], with nothing else done to it."""
    return np.rint(255 * (1 - ink_HW)).astype(np.uint8)
