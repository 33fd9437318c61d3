"""Viewers kept from request to request, and never a moment too long.

A viewer is kept with the access version of the account that they were built from. Every statement
that reads for them also reads the version as it now stands (schema/reading/planning.py); where it is
another, the answer is thrown away, and the viewer loaded anew. So a kept viewer costs no statement,
and is as fresh as a loaded one.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from authz.tokens import BadToken, Secret, Signed, Unproved
from authz.viewer import Viewer
from models import clock

MOST_VIEWERS = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A viewer, what rules their sight without who they are, and when their token ends."""

    viewer: Viewer
    shape: Viewer
    expires_at: datetime | None


class Viewers:
    """The viewers who asked last, by what their tokens say. People of outside issuers are not kept."""

    def __init__(self, most: int = MOST_VIEWERS) -> None:
        self._most = most
        self._kept: OrderedDict[Unproved, Kept] = OrderedDict()

    def get(self, unproved: Unproved) -> Kept | None:
        """The viewer, if they are kept. Raises BadToken where the token has ended."""
        kept = self._kept.get(unproved)
        if kept is None:
            return None
        if kept.expires_at is not None and clock.now() >= kept.expires_at:
            self.forget(unproved)
            raise BadToken
        self._kept.move_to_end(unproved)
        return kept

    def keep(self, unproved: Unproved, viewer: Viewer, expires_at: datetime | None) -> None:
        """Keep a viewer who has just been loaded."""
        if isinstance(unproved, Signed | Secret):
            self._kept[unproved] = Kept(viewer, viewer.shape, expires_at)
            self._kept.move_to_end(unproved)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, unproved: Unproved) -> None:
        """Keep the viewer no longer."""
        self._kept.pop(unproved, None)
