"""Cursors: places in a list, sealed so that they can be neither read, nor made, nor used elsewhere.

AES-SIV (RFC 5297) is deterministic, so equal views give equal bytes; its associated data is what
the cursor is bound to (viewer kind, type, filter, ordering).
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from authz.keys import Keys

LONGEST_CURSOR = 1_000_000
"""Characters. Long enough for the longest text that a list is ordered by."""

_TEXT = re.compile("[A-Za-z0-9_-]+")


class BadCursor(ValueError):
    """The cursor is not one that this list gave to this viewer."""

    def __init__(self) -> None:
        super().__init__(
            "This cursor doesn't belong to this list. Use a cursor from a page of the same list, "
            "with the same filter and order, or start again without one."
        )


def seal(keys: Keys, binding: bytes, values: Sequence[Any]) -> str:
    """The cursor that holds `values`, good for lists with the same `binding` alone.

    Raises TypeError for a value of another type than open() gives back, ValueError where the cursor
    would be longer than LONGEST_CURSOR.
    """
    plain = json.dumps([_pack(value) for value in values], separators=(",", ":"), ensure_ascii=False)
    sealed = AESSIV(keys.cursors).encrypt(plain.encode("utf-8", "surrogatepass"), [binding])
    cursor = urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError(f"A cursor of {len(cursor)} characters; order the list by something shorter.")
    return cursor


def open(keys: Keys, binding: bytes, cursor: str) -> list[Any]:
    """The values that `cursor` holds, equal to those sealed. Raises BadCursor."""
    sealed = _decode(cursor)
    try:
        plain = AESSIV(keys.cursors).decrypt(sealed, [binding])
    except (InvalidTag, ValueError):
        raise BadCursor from None
    return [_unpack(value) for value in json.loads(plain.decode("utf-8", "surrogatepass"))]


def _decode(cursor: str) -> bytes:
    """Only the one spelling that seal() gives: base64 leaves room for others."""
    if len(cursor) > LONGEST_CURSOR or not _TEXT.fullmatch(cursor) or len(cursor) % 4 == 1:
        raise BadCursor
    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    if urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii") != cursor:
        raise BadCursor
    return sealed


def _pack(value: Any) -> Any:
    """`value` as JSON; what JSON has no word for is a pair of its kind and its text."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case UUID():
            return ["u", value.hex]
        case datetime():
            return ["t", (value.astimezone(UTC) if value.tzinfo else value).isoformat()]
        case date():
            return ["d", value.isoformat()]
        case Decimal():
            return ["m", str(value)]
    raise TypeError(f"A cursor can't hold a {type(value).__name__}.")


_KINDS: dict[str, Callable[[str], Any]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "m": Decimal,
}


def _unpack(value: Any) -> Any:
    return _KINDS[value[0]](value[1]) if isinstance(value, list) else value
