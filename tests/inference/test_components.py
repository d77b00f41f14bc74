import numpy as np
import pytest

from text_recognizer.inference.components import connected_components


def by_flood_fill(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    left = set(map(tuple, np.argwhere(mask).tolist()))
    groups = []
    while left:
        waiting = [left.pop()]
        group = set(waiting)
        while waiting:
            y, x = waiting.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            group |= near
            waiting += near
        groups.append(group)
    return groups


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_it_finds_the_same_components_as_a_flood_fill(share):
    dice = np.random.default_rng(int(100 * share))
    for _ in range(8):
        mask = dice.random(dice.integers(1, 30, 2)) < share
        parts = connected_components(mask)
        pixels = list(map(tuple, np.argwhere(mask).tolist()))
        found = [{p for p, k in zip(pixels, parts.of_pixel, strict=True) if k == n} for n in range(len(parts.area_K))]
        assert sorted(map(sorted, found)) == sorted(map(sorted, by_flood_fill(mask)))
        for number, group in enumerate(found):
            y, x = np.array(sorted(group)).T
            box = (parts.left_K, parts.top_K, parts.right_K, parts.bottom_K, parts.area_K)
            assert [int(side[number]) for side in box] == [x.min(), y.min(), x.max() + 1, y.max() + 1, len(group)]
            assert parts.middle_K[number] == pytest.approx(y.mean())


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (["#.#", ".#.", "#.#"], 1),  # corners touch
        (["#.#", "...", "#.#"], 4),
        (["#####", "....#", "###.#", "#...#", "#####"], 1),  # a spiral, joined only at its last row
        (["#..", "..#", "#.."], 3),  # the end of a row does not touch the start of the next
        (["..."], 0),
    ],
)
def test_shapes_that_are_easily_got_wrong(rows, count):
    mask = np.array([[cell == "#" for cell in row] for row in rows])
    assert len(connected_components(mask).area_K) == count


def test_a_long_comb_is_one_component():
    mask = np.zeros((400, 401), bool)
    mask[:, ::2] = True
    mask[-1] = True
    assert len(connected_components(mask).area_K) == 1
