"""Payloads: what a mutation gives back, read anew through the view that is left."""

from typing import Annotated, Any

import strawberry

from authz.access import OUTCOME
from authz.scopes import RECORDS
from models.operations.problem import Problem
from schema.fields import column, computed, one
from schema.lazy import Record
from schema.reading.marks import Mark
from schema.seen import Outcome, Seen, see
from schema.tables import type_name


@strawberry.type
class UserError(Outcome):
    """A value that a form can mend. `field` is the input's field, where it is about one."""

    code: str = column(OUTCOME)
    message: str = column(OUTCOME)
    field: str | None = column(OUTCOME)


def user_errors(problem: Problem) -> list[UserError]:
    """All that is wrong with an input, as clients read it."""
    return [
        UserError.of({"code": each.code, "message": each.message, "field": each.field})
        for each in problem.every
    ]


_MODULES = {
    "distribution_policy": "distribution",
    "message": "conversation",
    "payment": "deal",
    "partner_user": "partner",
}


def payload(mutation: str, tables: tuple[str, ...], plain: dict[str, Any] | None = None) -> Any:
    """The payload type of a mutation: an object of each table, the plain values, and `userErrors`.

    The table `record` stands for any of the three kinds of record.
    """
    name = f"{mutation[0].upper()}{mutation[1:]}Payload"
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__doc__": f"What `{mutation}` gives back."}
    for table in tables:
        if table == "record":
            annotations[table] = Record | None
            namespace[table] = computed(OUTCOME, reads=Mark.RECORD)(record_of)
            continue
        lazy = strawberry.lazy(f"schema.{_MODULES.get(table, _module(table))}")
        annotations[table] = Annotated[type_name(table), lazy] | None
        namespace[table] = one(OUTCOME, table)
    for plain_name, annotation in (plain or {}).items():
        annotations[plain_name] = annotation
        namespace[plain_name] = column(OUTCOME)
    annotations["user_errors"] = list[UserError]
    namespace |= {"user_errors": column(OUTCOME), "__annotations__": annotations, "__module__": __name__}
    return strawberry.type(type(name, (Outcome,), namespace), description=f"What `{mutation}` gives back.")


async def record_of(self: Seen, info: strawberry.Info) -> Record | None:
    """The record, of whichever type it is."""
    for table in RECORDS:
        row = await info.context.find(table, self.row.get(f"{table}_id"))
        if row is not None:
            return see(table, row)  # type: ignore[no-any-return]
    return None


def _module(table: str) -> str:
    return {"audit_entry": "audit", "timeline_entry": "timeline"}.get(table, table)
