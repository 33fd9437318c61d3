"""Which records a transfer takes: those that whoever makes it has in sight and may change."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from authz.compiling import Compiler
from authz.scopes import RECORDS, changeable
from models import RecordType
from models.database import among
from models.operations.draft_transfer import Share
from models.operations.problem import Problem
from models.operations.transfer_items import Chosen
from models.sql import Sql, join, value
from resolvers.act import Act, Forbidden, Links
from schema.errors import RefusedByRole
from schema.reading.arguments import Lifting
from schema.reading.filtering import Filtering
from schema.reading.holding import Now
from schema.reading.view import View

if TYPE_CHECKING:
    ContactFilter = Any
    ConversationFilter = Any
    DealFilter = Any
else:
    ContactFilter = Annotated["ContactFilter", strawberry.lazy("schema.inputs")]
    ConversationFilter = Annotated["ConversationFilter", strawberry.lazy("schema.inputs")]
    DealFilter = Annotated["DealFilter", strawberry.lazy("schema.inputs")]

AGENTS_AND_RECORDS: Links = {"to.agent_id": "agent", "record_ids": tuple(RECORDS)}

_STATES = {
    "open_conversations": ("conversation", "OPEN"),
    "closed_conversations": ("conversation", "CLOSED"),
    "open_deals": ("deal", "OPEN"),
    "closed_deals": ("deal", "WON"),
}
_OPEN = ("open_conversations", "open_deals")


@strawberry.input
class TransferShareInput:
    """An agent who gets records, and how much beside the others: of weights 2 and 1, two of three."""

    agent_id: ID
    weight: int | None = 1


@strawberry.input
class CarryOverInput:
    """What goes along. Of a whole portfolio, all, unless it is said otherwise; with contacts that are listed
    or filtered, their open conversations and deals. Timelines always do.
    """

    open_conversations: bool | None = UNSET
    closed_conversations: bool | None = UNSET
    open_deals: bool | None = UNSET
    closed_deals: bool | None = UNSET


@strawberry.input
class TransferFilterInput:
    """Which records go, of each kind; of a kind that is left out, only what goes along with contacts."""

    contacts: ContactFilter | None = UNSET
    conversations: ConversationFilter | None = UNSET
    deals: DealFilter | None = UNSET


@strawberry.input
class TransferInput:
    """Whose records go, and to whom: the whole portfolio, or those listed, or those that meet a filter."""

    from_id: ID
    to: list[TransferShareInput]
    record_ids: list[ID] | None = UNSET
    filter: TransferFilterInput | None = UNSET
    carry_over: CarryOverInput | None = UNSET


def shares_of(act: Act) -> list[Share]:
    """Who gets records, in the order in which they are named. Raises Problem REPEATED."""
    given = act.given["to"]
    if len({each.agent_id for each in given}) < len(given):
        raise Problem("REPEATED", "An agent stands there twice; give them one weight.", "to")
    weights = [1 if each.weight is None else each.weight for each in given]
    found = act.linked_all("to.agent_id")
    return [Share(id, weight) for id, weight in zip(found, weights, strict=True)]


def carried(act: Act) -> dict[str, bool]:
    """What goes along."""
    given = {name: getattr(act.given.get("carry_over"), name, None) for name in _STATES}
    whole = not _named(act)
    return {
        name: bool(said) if said in (True, False) else whole or name in _OPEN for name, said in given.items()
    }


def require_listed(act: Act) -> None:
    """Raise Problem INVALID, REPEATED or NOT_THEIRS unless what is listed is the agent's, each once."""
    if act.given.get("record_ids") is None:
        return
    if act.given.get("filter") is not None:
        raise Problem("INVALID", "List records or give a filter, not both.", "filter")
    rows = act.named["record_ids"]
    if len(rows) < len(act.given["record_ids"]):
        raise Problem("REPEATED", "A record stands there twice.", "recordIds")
    if any(row["owner_id"] != act.linked_subject for _, row in rows):
        raise Problem("NOT_THEIRS", "Some of these records are not this agent's.", "recordIds")


def chosen(act: Act) -> Chosen:
    """The condition on each kind of record, over its table as `t`. Raises Forbidden."""
    return _Choice(act).conditions()


def returning(act: Act) -> Chosen:
    """The records that may be brought back: those in sight that may be changed."""
    choice = _Choice(act)
    return {RecordType(table.upper()): choice.mine(table, "t") for table in RECORDS}


def _named(act: Act) -> bool:
    return act.given.get("record_ids") is not None or act.given.get("filter") is not None


class _Choice:
    """The conditions in the making, for one act."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.view = View(Compiler(act.session.dialect, act.viewer))
        self.carried = carried(act)

    def conditions(self) -> Chosen:
        """The condition on each kind that goes."""
        whole = {table: self._whole(table) for table in RECORDS}
        found = {table: self._of_named(table) for table in RECORDS} if _named(self.act) else whole
        return {RecordType(table.upper()): each for table, each in found.items() if each is not None}

    def mine(self, table: str, alias: str) -> Sql:
        """The records that whoever acts has in sight and may change."""
        may = self.view.compiler.sql(changeable(self.act.viewer), alias)
        return self.view.rows(table, alias) + " AND " + may

    def _theirs(self, table: str, alias: str) -> Sql:
        return f"{alias}.owner_id = " + value(self.act.linked_subject) + " AND " + self.mine(table, alias)

    def _whole(self, table: str) -> Sql:
        return self._theirs(table, "t") + " AND " + self._carried(table)

    def _carried(self, table: str) -> Sql:
        """What goes along of a kind, by its status."""
        if table == "contact":
            return Sql("TRUE")
        states = [state for name, (kind, state) in _STATES.items() if kind == table and self.carried[name]]
        if "WON" in states:
            states.append("LOST")
        listed = ", ".join(f"'{state}'" for state in states)
        return Sql(f"t.status IN ({listed})" if states else "FALSE")

    def _of_named(self, table: str) -> Sql | None:
        """Those that are named, and those that go along with contacts that are."""
        parts = [self._picked(table, "t")]
        contacts = self._picked("contact", "k")
        if table != "contact" and contacts is not None:
            along = "t.contact_id IN (SELECT k.id FROM contact k WHERE " + contacts + ")"
            parts.append(self._theirs(table, "t") + " AND " + self._carried(table) + " AND " + along)
        kept = [part for part in parts if part is not None]
        return join(" OR ", ["(" + part + ")" for part in kept]) if kept else None

    def _picked(self, table: str, alias: str) -> Sql | None:
        picked = self._listed(table, alias) if self._ids() is not None else self._filtered(table, alias)
        return None if picked is None else self._theirs(table, alias) + " AND " + picked

    def _ids(self) -> Sequence[tuple[str, Mapping[str, Any]]] | None:
        return self.act.named.get("record_ids") if self.act.given.get("record_ids") is not None else None

    def _listed(self, table: str, alias: str) -> Sql | None:
        ids: list[UUID] = [row["id"] for name, row in self._ids() or () if name == table]
        return among(self.act.session.dialect, f"{alias}.id", ids) if ids else None

    def _filtered(self, table: str, alias: str) -> Sql | None:
        filter = getattr(self.act.given["filter"], f"{table}s")
        if filter in (UNSET, None):
            return None
        lifting = Lifting(self.act.viewer.currency)
        form = lifting.filter(filter)
        try:
            return "(" + Filtering(self.view, Now(tuple(lifting.values))).condition(table, form, alias) + ")"
        except RefusedByRole:
            raise Forbidden from None
