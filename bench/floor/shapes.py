"""Rows as the answer has them."""

from binascii import b2a_base64
from collections.abc import Iterable
from typing import Any

import orjson

from models.rules.money import EXPONENTS

Answer = dict[str, Any]
_WHOLE = len(".123456")


def global_id(type_name: str, id: Any) -> str:
    """The id of an object, as clients know it."""
    return b2a_base64(f"{type_name}:{id}".encode(), newline=False).decode()


def money(units: int | None, currency: str | None) -> Answer | None:
    """An amount in the currency's own unit."""
    if units is None or currency is None:
        return None
    places = EXPONENTS[currency]
    if not places:
        return {"amount": str(units), "currency": currency}
    whole, rest = divmod(units, 10**places)
    return {"amount": f"{whole}.{rest:0{places}}", "currency": currency}


def instant(value: str | None) -> str | None:
    """An instant as the answer has it, from the text that SQLite keeps or PostgreSQL's JSON has."""
    if value is None:
        return None
    fraction = value[19:-6]
    if len(fraction) != _WHOLE:
        fraction = fraction and fraction.ljust(_WHOLE, "0")
    return f"{value[:10]}T{value[11:19]}{'' if fraction == '.000000' else fraction}Z"


def _named(type_name: str, id: Any, name: str) -> Answer | None:
    return None if id is None else {"id": global_id(type_name, id), "name": name}


def deal(row: Any) -> Answer:
    """A deal with its owner and contact."""
    contact = _named("Contact", row[11], row[12])
    if contact is not None:
        contact["company"] = row[13]
    return {
        "id": global_id("Deal", row[0]),
        "title": row[1],
        "stage": row[2],
        "status": row[3],
        "amount": money(row[4], row[5]),
        "createdAt": instant(row[6]),
        "wonAt": instant(row[7]),
        "expectedCloseOn": row[8],
        "owner": _named("Agent", row[9], row[10]),
        "contact": contact,
    }


def contact(row: Any, deals: Any) -> Answer:
    """A contact with its owner and deals."""
    return {
        "id": global_id("Contact", row[0]),
        "name": row[1],
        "company": row[2],
        "owner": _named("Agent", row[3], row[4]),
        "deals": {"nodes": deals},
    }


def contacts_of_postgres(rows: Iterable[Any]) -> list[Answer]:
    """Contacts whose deals are the answer's JSON already."""
    return [contact(row, [] if row[5] is None else orjson.Fragment(row[5])) for row in rows]


def contacts_of_sqlite(rows: Iterable[Any]) -> list[Answer]:
    """Contacts whose deals are JSON still to be shaped."""
    return [contact(row, [_deal_of_contact(deal) for deal in orjson.loads(row[5])]) for row in rows]


def _deal_of_contact(deal: Any) -> Answer:
    return {
        "id": global_id("Deal", deal[0]),
        "title": deal[1],
        "stage": deal[2],
        "amount": money(deal[3], deal[4]),
    }


def deal_stat(row: Any, currency: str) -> Answer:
    """A group of deals."""
    return {
        "key": _named("Agent", row[0], row[1]),
        "count": row[2],
        "amount": money(int(row[3] or 0), currency),
        "leftOut": row[4],
    }
