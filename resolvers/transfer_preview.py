"""Previewing a transfer: counted, compared and sealed, with nothing written."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry

from authz.policies import SUBJECT
from authz.transfer import TRANSFER, TRANSFER_PORTFOLIO
from models import Agent, RecordType
from models.operations.draft_transfer import fingerprint, require_shares, weights_of
from models.operations.problem import Problem
from models.operations.transfer_items import Giver, items
from models.sql import Sql, value
from resolvers.act import Act, Forbidden, Named, OutOfSight, find_named, given_of, wanted_of
from resolvers.transfer_choice import (
    AGENTS_AND_RECORDS,
    TransferInput,
    chosen,
    require_listed,
    shares_of,
)
from resolvers.transfer_left import require_left
from resolvers.transfer_sight import sight_changes
from resolvers.transfer_token import sealed
from schema.context import Context
from schema.errors import forbidden, not_found
from schema.fields import computed
from schema.payload import user_errors
from schema.reading.view import View
from schema.seen import Seen
from schema.transfer_preview import Parting, PreviewedShare, RecordCounts, TransferPreview

EXAMPLES = 20
"""Records of those that part that are shown."""


@strawberry.type
class TransferPreviewQueries(Seen):
    """What can be asked before a transfer is made."""

    @computed(TRANSFER)
    async def transfer_preview(self, info: strawberry.Info, input: TransferInput) -> TransferPreview | None:
        """What a transfer would do as things stand, and the token to make just that one with."""
        context: Context = info.context
        act = Act(context, context.session, context.known_viewer, dict(given_of(input)))
        try:
            return await _preview(act)
        except OutOfSight:
            raise not_found() from None
        except Forbidden:
            raise forbidden(f"You may not do this. Who may: {TRANSFER_PORTFOLIO.says}") from None


async def _preview(act: Act) -> TransferPreview:
    await find_named(act, wanted_of(act, Named("agent", "from_id"), AGENTS_AND_RECORDS))
    if not await TRANSFER_PORTFOLIO.allows(act):
        raise Forbidden
    try:
        listed = await _items(act)
    except Problem as problem:
        return TransferPreview.of({**_NOTHING, "user_errors": user_errors(problem)})
    return await _shown(act, listed)


_NOTHING: dict[str, Any] = dict.fromkeys(
    ["records", "shares", "sight", "parting", "token", "expires_at"], None
)


async def _items(act: Act) -> Sql:
    """The items that the transfer would have. Raises Problem and Forbidden as the transfer would."""
    shares = shares_of(act)
    agents = {row["id"]: Agent(**row) for _, row in [*act.named["to.agent_id"], *act.named[SUBJECT]]}
    require_shares(agents[act.linked_subject], shares, agents)
    require_listed(act)
    giver = Giver(act.viewer.account_id, act.linked_subject)
    listed = items(act.session.dialect, giver, chosen(act), weights_of(shares))
    await require_left(act, listed)
    if not await act.session.fetch("SELECT 1 AS found FROM (" + listed + ") i LIMIT 1"):
        raise Problem("NOTHING_TO_TRANSFER", "None of these records is the agent's to give.", "fromId")
    return listed


async def _shown(act: Act, listed: Sql) -> TransferPreview:
    counts = await _counts(act, listed)
    token, ends = sealed(act, await fingerprint(act.session, listed))
    return TransferPreview.of(
        {
            "records": _of_kinds(
                {kind: sum(each.get(kind, 0) for each in counts.values()) for kind in _KINDS}
            ),
            "shares": [
                PreviewedShare.of({"agent_id": id, "records": _of_kinds(counts.get(id, {}))})
                for id in act.linked_all("to.agent_id")
            ],
            "sight": await sight_changes(act, listed),
            "parting": await _parting(act, listed),
            "token": token,
            "expires_at": ends,
            "user_errors": [],
        }
    )


_KINDS = tuple(RecordType)


def _of_kinds(counts: Mapping[str, int]) -> RecordCounts:
    return RecordCounts.of({f"{kind.lower()}s": counts.get(kind, 0) for kind in _KINDS})


async def _counts(act: Act, listed: Sql) -> dict[UUID, dict[str, int]]:
    """By who gets them: how many of each kind."""
    grouped = "SELECT i.to_agent_id, i.record_type, count(*) AS n FROM (" + listed + ") i GROUP BY 1, 2"
    counts: dict[UUID, dict[str, int]] = {}
    for row in await act.session.fetch(grouped):
        counts.setdefault(UUID(str(row["to_agent_id"])), {})[row["record_type"]] = row["n"]
    return counts


async def _parting(act: Act, listed: Sql) -> Parting:
    """What goes without its contact, or stays without it, where both are the agent's until then."""
    found = {table: await _parting_of(act, listed, table) for table in ("conversation", "deal")}
    ids = [(table, id) for table, each in found.items() for id in each]
    return Parting.of(
        {
            **{f"{table}s": len(each) for table, each in found.items()},
            "records": ids[:EXAMPLES],
        }
    )


async def _parting_of(act: Act, listed: Sql, table: str) -> Sequence[UUID]:
    view = View(act.context.compiler())
    giver = value(act.linked_subject)
    both = f"SELECT t.id FROM {table} t JOIN contact k ON k.id = t.contact_id WHERE t.owner_id = " + giver
    both = (
        both
        + " AND k.owner_id = "
        + giver
        + " AND "
        + view.rows(table, "t")
        + " AND "
        + view.rows("contact", "k")
    )
    goes = "EXISTS (SELECT 1 FROM moved m WHERE m.record_id = t.id)"
    leads = "EXISTS (SELECT 1 FROM moved m WHERE m.record_id = k.id)"
    statement = "WITH moved AS (SELECT i.record_id FROM (" + listed + ") i) " + both
    rows = await act.session.fetch(statement + f" AND {goes} <> {leads} ORDER BY t.id")
    return [UUID(str(row["id"])) for row in rows]
