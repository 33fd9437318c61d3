"""Sharing things out among several, by weight: each gets what is their share of all, rounded up or down.

The weights lie one after the other, as stretches of a line as long as they all sum to; the things lie on
the same line, all as far from one another. Whoever's stretch a thing falls into has it. On a stretch of a
given length there are never two numbers of things apart, so that each gets their share to within one, and
just their share where it is a whole number; however many things, and whatever the weights, a thing costs a
division and a few comparisons.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

LARGEST_WEIGHT = 1_000


def ends(weights: Sequence[int]) -> list[int]:
    """Where each one's stretch of the line ends; the last, how long the line is.

    Raises ValueError for no weights, and for one that is not from 1 to LARGEST_WEIGHT.
    """
    if not weights or any(not 1 <= weight <= LARGEST_WEIGHT for weight in weights):
        raise ValueError(f"weights are whole numbers from 1 to {LARGEST_WEIGHT}, and there is at least one")
    return list(accumulate(weights))


def place(nth: int, count: int, length: int) -> int:
    """Where on a line of this length the nth of so many things lies, from 1, as the part that it is in.

    `placed` says the same in SQL.
    """
    return ((2 * nth - 1) * length + 2 * count - 1) // (2 * count)


def placed(nth: str, count: str, length: int) -> str:
    """The same for the columns of these names, in SQL."""
    return f"((2 * {nth} - 1) * {length} + 2 * {count} - 1) / (2 * {count})"


def whose(place: int, ends: Sequence[int]) -> int:
    """Whose stretch the place is in, by index. `found` says the same in SQL."""
    return bisect_left(ends, place)


def found(place: str, ends: Sequence[int], first: int = 0) -> str:
    """The same for the column of this name, in SQL: the half that it is in, and the half of that."""
    if len(ends) == 1:
        return str(first)
    middle = len(ends) // 2
    lower, upper = found(place, ends[:middle], first), found(place, ends[middle:], first + middle)
    return f"CASE WHEN {place} <= {ends[middle - 1]} THEN {lower} ELSE {upper} END"
