"""What is personal of what is kept about a contact: every text, unless it is said here why it is not.

`eraseContact` takes away the texts of a contact, its conversations and their messages, those added later
too, so that none can be forgotten. Of every other table, each column that holds text (or JSON) stands
here by its own name or its table's, or is named by what erases it; a test looks at all of them.
"""

from collections.abc import Iterable, Iterator, Mapping

from tortoise import Model, fields

from models.text import FoldedField

NOT_PERSONAL: Mapping[str, str] = {
    "contact.source": "the system that it came from",
    "conversation.source": "the system that it came from",
    "conversation.source_id": "the other system's name of an exchange, by which an import knows it again",
    "deal": "what is sold is the account's own business: it outlives who it was sold to",
    "payment": "the account's own books",
    "timeline_entry.kind": "one of our words",
    "audit_entry.request_id": "a random id",
    "audit_entry.action": "one of our words",
    "audit_entry.subject_type": "one of our words",
    "outbox_event": "ids, and the names of columns",
    "idempotency_key": "a client's own key, our ids and hashes",
    "transfer.carry_over": "kinds of record",
    "transfer.preview": "a token",
    "transfer_rule": "how an account works",
    "distribution_policy": "how an account works",
    "account": "the account's own",
    "agent": "who works in an account: the name stays in history",
    "partner": "another company",
    "partner_user": "who works for another company",
    "team": "a place",
    "inbox": "a place",
    "role": "a place",
    "token": "an agent's own",
    "identity": "how an agent signs in",
    "identity_provider": "how agents sign in",
}
"""A table, or a column of one, and why no erasure touches its texts."""

ERASED_BY_NAME: Mapping[str, str] = {
    "contact.source_id": "models/operations/erase_contact.py: an import knows it again by a hash",
    "timeline_entry.changes": "models/operations/erase_history.py",
    "timeline_entry.reason": "models/operations/erase_history.py",
    "audit_entry.changes": "models/operations/erase_history.py",
    "transfer.reason": "models/operations/erase_history.py",
}
"""A column whose texts are taken away by an operation that knows it by its name, and which one."""


def texts(model: type[Model]) -> tuple[str, ...]:
    """The columns that hold free text; the folded ones beside them follow by themselves."""
    return tuple(_named(model, (fields.TextField, fields.CharField)))


def wordy(model: type[Model]) -> tuple[str, ...]:
    """The columns that can hold a word that somebody wrote: texts, and JSON."""
    return tuple(_named(model, (fields.TextField, fields.CharField, fields.JSONField)))


def personal(model: type[Model]) -> tuple[str, ...]:
    """The columns of free text that tell of a contact, and that erasing it empties."""
    return tuple(undeclared(model, texts(model)))


def undeclared(model: type[Model], columns: Iterable[str]) -> Iterator[str]:
    """Those of the columns of which nothing is said here."""
    table = model._meta.db_table
    for column in columns:
        if not {table, f"{table}.{column}"} & (NOT_PERSONAL.keys() | ERASED_BY_NAME.keys()):
            yield column


def _named(model: type[Model], kinds: tuple[type, ...]) -> Iterator[str]:
    for name in model._meta.fields_db_projection:
        field = model._meta.fields_map[name]
        if (
            isinstance(field, kinds)
            and not isinstance(field, FoldedField)
            and not hasattr(field, "enum_type")
        ):
            yield name
