"""The token of a preview: good once, for a while, for who was shown it, and while what it showed stands."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from strawberry import UNSET

from authz import cursors
from models import clock
from models.operations.draft_transfer import fingerprint
from models.operations.problem import Problem
from models.sql import Sql
from resolvers.act import Act
from resolvers.once import digest

LASTING = timedelta(minutes=30)
_SHOWN = ("to", "record_ids", "filter", "carry_over")


def sealed(act: Act, shown: str) -> tuple[str, datetime]:
    """The token of a preview that has shown what has this fingerprint, and when it ends."""
    ends = clock.now() + LASTING
    return cursors.seal(act.context.keys, _binding(act), [shown, ends]), ends


def used(act: Act) -> str | None:
    """What is kept of the token that is used up, if one was given."""
    token = _token(act)
    return None if token is None else sha256(token.encode()).hexdigest()


async def require_as_shown(act: Act, items: Sql) -> None:
    """Raise Problem unless the token, where one was given, is of a preview that shows the same today.

    PREVIEW_UNKNOWN: it is none, or another's, or of something else; PREVIEW_EXPIRED; PREVIEW_STALE.
    """
    token = _token(act)
    if token is None:
        return
    try:
        shown, ends = cursors.open(act.context.keys, _binding(act), token)
    except cursors.BadCursor:
        raise Problem(
            "PREVIEW_UNKNOWN", "This is no token of a preview that you made of this transfer.", "token"
        ) from None
    if clock.now() >= ends:
        raise Problem("PREVIEW_EXPIRED", "This preview is too old; make another one.", "token")
    if await fingerprint(act.session, items) != shown:
        raise Problem("PREVIEW_STALE", "What it showed has changed since; make another one.", "token")


def _token(act: Act) -> str | None:
    token = act.given.get("token")
    return None if token in (None, UNSET) else str(token)


def _binding(act: Act) -> bytes:
    asked = digest({name: act.given[name] for name in _SHOWN if act.given.get(name) not in (None, UNSET)})
    bound: list[Any] = ["transferPreview", act.viewer.kind, str(act.viewer.actor_id)]
    return json.dumps([*bound, str(act.linked_subject), asked]).encode()
