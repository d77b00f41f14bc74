import numpy as np
import pytest

from text_recognizer.synth.layouts import KINDS, Look, blocks_of, random_look


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_blocks_stay_on_the_page_and_do_not_overlap(kind, seed):
    dice = np.random.default_rng(seed)
    blocks = blocks_of(random_look(dice, kind), (800, 600), 8.0, dice)
    assert blocks
    for number, block in enumerate(blocks):
        assert 0 <= block.left < block.right <= 600 and 0 <= block.top < block.bottom <= 800
        for other in blocks[number + 1 :]:
            wide = min(block.right, other.right) - max(block.left, other.left)
            tall = min(block.bottom, other.bottom) - max(block.top, other.top)
            assert wide <= 1 or tall <= 0.35 * min(block.pitch, other.pitch)


def test_columns_come_from_left_to_right_under_their_heading():
    dice = np.random.default_rng(2)
    blocks = blocks_of(Look(columns=2, heading=True), (800, 600), 6.0, dice)
    assert blocks[0].role == "heading" and blocks[0].right - blocks[0].left > 400
    lefts = [block.left for block in blocks[1:]]
    assert len(set(lefts)) == 2 and lefts == sorted(lefts)


@pytest.mark.parametrize("seed", range(6))
def test_notes_stand_beside_the_text(seed):
    dice = np.random.default_rng(seed)
    blocks = blocks_of(Look(notes=True), (800, 600), 8.0, dice)
    notes, body = ([b for b in blocks if (b.role == "note") is wanted] for wanted in (True, False))
    assert notes and body
    assert max(b.right for b in notes) < min(b.left for b in body) or min(b.left for b in notes) > max(
        b.right for b in body
    )
