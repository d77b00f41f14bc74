"""The order in which the lines of a page are read: columns one after the other, from top to bottom."""

import numpy as np


def reading_order(left_J: np.ndarray, right_J: np.ndarray, y_J: np.ndarray, x_height_J: np.ndarray) -> list[int]:
    """Return the numbers of lines in the order in which they are read.

    A line comes before another that it overlaps from above; and before one to its right, unless a line between the
    two in height overlaps both (a heading over two columns divides them).

    Args:
        left_J, right_J: the lines' ends on the level page.
        y_J: their heights.
        x_height_J: their x-heights.

    Source: Breuel 2003, "High performance document layout analysis", section 4.
    """
    count = len(y_J)
    if count < 2:
        return list(range(count))
    shared = np.minimum(right_J[:, None], right_J) - np.maximum(left_J[:, None], left_J)
    narrower = np.minimum((right_J - left_J)[:, None], right_J - left_J)
    overlaps = shared > np.minimum(np.maximum(x_height_J[:, None], x_height_J), 0.5 * narrower)
    above = y_J[:, None] < y_J
    beside = ~overlaps & ((left_J + right_J)[:, None] < left_J + right_J)
    first, second = np.nonzero(beside)
    low, high = np.minimum(y_J[first], y_J[second]), np.maximum(y_J[first], y_J[second])
    tolerance = 0.5 * np.minimum(x_height_J[first], x_height_J[second])
    divided = np.zeros(len(first), bool)
    for line in range(count):
        between = (y_J[line] > low + tolerance) & (y_J[line] < high - tolerance)
        divided |= between & overlaps[line, first] & overlaps[line, second]
    before = overlaps & above
    before[first[~divided], second[~divided]] = True
    return _sorted(before, np.lexsort((left_J, y_J)).tolist())


def _sorted(before: np.ndarray, preferred: list[int]) -> list[int]:
    """Return the lines so that each follows those before it, where there is no circle; `preferred` breaks ties."""
    done: list[int] = []
    state = np.zeros(len(before), np.int8)
    rank = np.empty(len(before), int)
    rank[preferred] = np.arange(len(before))
    earlier = [sorted(np.flatnonzero(before[:, line]).tolist(), key=rank.__getitem__) for line in range(len(before))]
    for start in preferred:
        waiting = [(start, iter(earlier[start]))] if not state[start] else []
        state[start] = max(state[start], 1)
        while waiting:
            line, rest = waiting[-1]
            following = next((other for other in rest if not state[other]), None)
            if following is None:
                done.append(line)
                waiting.pop()
            else:
                state[following] = 1
                waiting.append((following, iter(earlier[following])))
    return done
