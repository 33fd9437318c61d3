"""What may be written in a contact's columns, and which of them are personal."""

from typing import Any

from models.contact import Contact
from models.operations import text
from models.operations.personal import personal, texts

PERSONAL = personal(Contact)
"""The columns of a contact that tell who it is."""

_CHECKS: text.Checks = dict.fromkeys(texts(Contact), text.optional) | {
    "name": text.required,
    "email": text.email,
}


def checked(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, as they may be written; raises Problem BLANK, INVALID or TOO_LONG."""
    return text.checked(columns, _CHECKS)
