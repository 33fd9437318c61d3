"""Rotation: whose turn it is among those who are eligible.

Members of a pool stand in a ring, by number. `turn` is the number of whoever was last chosen; whoever
comes next after it in the ring is next in turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place in the ring, and what choosing may look at."""

    number: int
    weight: int = 1
    load: int = 0
    credit: int = 0


def in_turn(eligible: Sequence[Place], turn: int) -> list[Place]:
    """Those who are eligible, in the order of the ring from the turn on."""
    return sorted(eligible, key=lambda place: (place.number <= turn, place.number))


def round_robin(eligible: Sequence[Place], turn: int) -> Place:
    """The next in turn."""
    return in_turn(eligible, turn)[0]


def least_loaded(eligible: Sequence[Place], turn: int) -> Place:
    """Who has the least; of equals, the next in turn."""
    return min(in_turn(eligible, turn), key=lambda place: place.load)


def weighted(eligible: Sequence[Place], turn: int) -> tuple[Place, Mapping[int, int]]:
    """Who has the most credit once each was credited their weight, and the credits left, by number.

    The chosen one pays for the turn what all were credited, so that credits always sum to the same,
    and over as many turns as the weights sum to each is chosen as often as their weight says. Who is
    not eligible is credited nothing: nobody back from absence has turns saved up.
    """
    left = {place.number: place.credit + place.weight for place in eligible}
    chosen = max(in_turn(eligible, turn), key=lambda place: left[place.number])
    left[chosen.number] -= sum(place.weight for place in eligible)
    return chosen, left
