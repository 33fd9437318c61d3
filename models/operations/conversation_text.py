"""What may be written in a conversation's columns."""

from typing import Any

from models.conversation import Conversation
from models.operations import text
from models.operations.personal import texts

_CHECKS: text.Checks = dict.fromkeys(texts(Conversation), text.optional)


def checked(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, as they may be written; raises Problem INVALID or TOO_LONG."""
    return text.checked(columns, _CHECKS)
