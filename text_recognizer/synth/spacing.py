"""Where the letters of a line stand along it, and which of them are joined."""

from __future__ import annotations

import numpy as np

from text_recognizer.synth.glyph import Glyph
from text_recognizer.synth.style import Style


def by_outlines(
    spaces: np.ndarray, glyphs: list[Glyph], style: Style, thick: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Set letters as close as their outlines let them.

    Args:
        spaces: int [V - 1], spaces between a letter and the next.
        glyphs: the V letters.
        style: of the writer.
        thick: the pen's widest line, in x-heights.

    Returns:
        each glyph's origin x [V], and whether it is joined to the next, bool [V - 1].
    """
    extents = np.concatenate([glyph.extent for glyph in glyphs]).reshape(len(glyphs), -1)
    here, after = extents[:-1], extents[1:]
    box = here[:, -5] - after[:, -6]
    widths = extents[:, -5] - extents[:, -6]
    tuck = np.minimum(0.6, 0.45 * np.minimum(widths[:-1], widths[1:]))
    outline = np.clip((here[:, 7:14] - after[:, :7]).max(1), box - tuck, box)
    reach = np.maximum(here[:, -3] - after[:, -4] + 0.35 * style.gap, box - 0.3)
    can_join = (here[:, -1] > 0) & (after[:, -2] > 0) & (spaces == 0)
    joined = can_join & (rng.random(len(box)) < style.join)
    gap = style.gap + 0.7 * thick
    apart = np.where(spaces > 0, box, style.fit * outline + (1 - style.fit) * box) + gap
    noise = rng.standard_normal((2, len(box))) * ((0.02 + style.wobble,), (0.18 * style.word_gap,))
    gaps = np.maximum(style.word_gap + noise[1] - 0.3 * style.gap, 0.6 if style.word_gap >= 0.7 else 0.3)
    loose = np.maximum(noise[0], -0.4 * gap)
    advance = np.where(joined, reach + 0.5 * loose, apart + loose) + spaces * gaps
    return np.concatenate([[0.0], np.cumsum(advance)]), joined
