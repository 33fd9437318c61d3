"""Global ids: opaque to clients, a type's name over a random UUID (Relay, "Global Object Identification")."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from uuid import UUID


def to_global(type_name: str, id: UUID) -> str:
    """The id of the object that clients know by `type_name`."""
    return b64encode(f"{type_name}:{id}".encode()).decode()


def from_global(text: str) -> tuple[str, UUID] | None:
    """The type's name and the UUID; None where the text is no global id in its one spelling."""
    try:
        type_name, _, raw = b64decode(text.encode(), validate=True).decode().partition(":")
        id = UUID(raw)
    except (NotBase64, ValueError):
        return None
    return (type_name, id) if to_global(type_name, id) == text else None


def id_of(type_name: str, text: str) -> UUID | None:
    """The UUID, where the text is the global id of an object of this type."""
    named = from_global(text)
    return named[1] if named and named[0] == type_name else None
