"""Which kind of record a row is, and which table holds each kind."""

from models.contact import Contact
from models.conversation import Conversation
from models.deal import Deal
from models.record import Record, RecordType

MODELS: dict[RecordType, type[Record]] = {
    RecordType.CONTACT: Contact,
    RecordType.CONVERSATION: Conversation,
    RecordType.DEAL: Deal,
}
_TYPES = {model: kind for kind, model in MODELS.items()}


def type_of(record: Record) -> RecordType:
    """The kind of `record`."""
    return _TYPES[type(record)]
