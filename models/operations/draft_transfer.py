"""Drawing up a transfer: who gives, who gets, and each record that is to go; nothing is moved yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from models.agent import Agent
from models.database import Dialect, IntegrityError, Session
from models.operations import text
from models.operations.actor import Actor
from models.operations.change import all_locked
from models.operations.new_owner import require_active
from models.operations.problem import Problem
from models.operations.transfer_items import Chosen, Giver, items
from models.rules.shares import LARGEST_WEIGHT
from models.sql import Sql
from models.transfer import ItemState, Transfer, TransferItem, TransferShare, TransferState

MOST_WHO_GET = 50


@dataclass(frozen=True, slots=True)
class Share:
    """Who gets records, and how much beside the others."""

    agent_id: UUID
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a transfer is drawn up of. `chosen` says which records of `from_agent_id` go."""

    from_agent_id: UUID
    shares: Sequence[Share]
    chosen: Chosen
    carry_over: Mapping[str, bool] = field(default_factory=dict)
    reason: str | None = None
    preview: str | None = None
    rule_id: UUID | None = None


def require_shares(
    from_agent: Agent | None, shares: Sequence[Share], agents: Mapping[UUID, Agent], field: str = "to"
) -> None:
    """Raise Problem BLANK, TOO_MANY, REPEATED, TO_THEMSELVES, INVALID or NOT_ACTIVE where nobody, too many,
    one twice, the giver, somebody with no weight, or somebody who is not active would get records.
    """
    ids = [share.agent_id for share in shares]
    if not ids:
        raise Problem("BLANK", "Say who gets the records.", field)
    if len(ids) > MOST_WHO_GET:
        raise Problem("TOO_MANY", f"Share records out among at most {MOST_WHO_GET} agents.", field)
    if len(set(ids)) < len(ids):
        raise Problem("REPEATED", "An agent stands there twice; give them one weight.", field)
    if from_agent is not None and from_agent.id in ids:
        raise Problem("TO_THEMSELVES", "The records are this agent's already; choose another one.", field)
    if any(not 1 <= share.weight <= LARGEST_WEIGHT for share in shares):
        raise Problem("INVALID", f"A weight is a whole number from 1 to {LARGEST_WEIGHT}.", field)
    for id in ids:
        require_active(agents[id], field)


def weights_of(shares: Sequence[Share]) -> dict[UUID, int]:
    """The agents who get: how many each has of as many as the weights sum to."""
    return {share.agent_id: share.weight for share in shares}


async def draft_transfer(session: Session, by: Actor, drawn: Drawn) -> Transfer:
    """The new transfer, with an item for each record that goes.

    Raises Problem as `require_shares` does, NOTHING_TO_TRANSFER, IN_TRANSFER or PREVIEW_USED.
    """
    reason = text.optional(drawn.reason, "reason")
    agents = await all_locked(Agent, [drawn.from_agent_id, *(share.agent_id for share in drawn.shares)])
    require_shares(agents[drawn.from_agent_id], drawn.shares, agents)
    await _require_unused(drawn.preview)
    transfer = await Transfer.create(
        account_id=by.account_id,
        from_agent_id=drawn.from_agent_id,
        made_by_id=by.agent_id,
        rule_id=drawn.rule_id,
        state=TransferState.RUNNING,
        reason=reason,
        carry_over=dict(drawn.carry_over),
        preview=drawn.preview,
    )
    for share in drawn.shares:
        await TransferShare.create(
            account_id=by.account_id, transfer=transfer, agent_id=share.agent_id, weight=share.weight
        )
    await _draw(session, transfer, drawn)
    return transfer


async def _require_unused(preview: str | None) -> None:
    if preview is not None and await Transfer.filter(preview=preview).exists():
        raise Problem("PREVIEW_USED", "This preview was applied already; make another one.", "token")


async def _draw(session: Session, transfer: Transfer, drawn: Drawn) -> None:
    giver = Giver(transfer.account_id, drawn.from_agent_id)
    listed = items(session.dialect, giver, drawn.chosen, weights_of(drawn.shares))
    await _require_free(session, listed)
    into = (
        "INSERT INTO transfer_item (id, account_id, transfer_id, record_type, record_id, number, "
        f"to_agent_id, state, team_before_id, team_after_id) SELECT {_new_id(session.dialect)}, "
    )
    owned = Sql("CAST(? AS uuid), CAST(? AS uuid), " if session.dialect is Dialect.POSTGRES else "?, ?, ")
    owned = Sql(owned.text, (transfer.account_id, transfer.id))
    columns = f"item.record_type, item.record_id, item.number, item.to_agent_id, '{ItemState.WAITING}', "
    teams = "item.team_id, item.team_after_id FROM ("
    try:
        await session.fetch(into + owned + columns + teams + listed + ") item")
    except IntegrityError as error:
        raise _in_transfer() from error
    if await count_items(session, transfer) == 0:
        raise Problem("NOTHING_TO_TRANSFER", "None of these records is the agent's to give.", "fromId")


async def any_waiting(session: Session, listed: Sql) -> bool:
    """Whether one of the records is on its way already."""
    waiting = (
        "SELECT 1 AS found FROM ("
        + listed
        + ") item JOIN transfer_item w ON w.record_id = item.record_id AND w.state = 'WAITING' LIMIT 1"
    )
    return bool(await session.fetch(waiting))


async def _require_free(session: Session, listed: Sql) -> None:
    """A record is on its way by one transfer at a time; a constraint holds those who come at once."""
    if await any_waiting(session, listed):
        raise _in_transfer()


def _in_transfer() -> Problem:
    return Problem(
        "IN_TRANSFER", "Another transfer is moving some of these records; wait for its end.", "fromId"
    )


async def discard_draft(transfer: Transfer) -> None:
    """Take a transfer back of which nothing was moved."""
    for table in (TransferItem, TransferShare):
        await table.filter(transfer_id=transfer.id).delete()
    await transfer.delete()


async def count_items(session: Session, transfer: Transfer) -> int:
    """How many records the transfer is about."""
    counted = Sql("SELECT count(*) AS n FROM transfer_item WHERE transfer_id = ?", (transfer.id,))
    return int((await session.fetch(counted))[0]["n"])


async def fingerprint(session: Session, listed: Sql) -> str:
    """What tells two lists of items apart: which records go to whom, from which team into which.

    `listed` has the rows of models/operations/transfer_items.py. Read a thousand items at a time into a
    text each, so that a hundred thousand take a few megabytes.
    """
    function = "string_agg" if session.dialect is Dialect.POSTGRES else "group_concat"
    words = " || ':' || ".join(
        f"COALESCE(CAST(item.{name} AS text), '')"
        for name in ("record_id", "to_agent_id", "team_id", "team_after_id")
    )
    grouped = (
        f"SELECT (item.number - 1) / 1000 AS part, {function}({words}, ',') AS listed FROM ("
        + listed
        + ") item GROUP BY (item.number - 1) / 1000 ORDER BY 1"
    )
    digest = sha256()
    for row in await session.fetch(grouped):
        digest.update(",".join(sorted(row["listed"].split(","))).encode())
    return digest.hexdigest()


def items_of(transfer: Transfer, *, returning: bool = False) -> Sql:
    """The items of a transfer that is drawn up, with the columns of models/operations/transfer_items.py.

    Those `returning` go to who gave them, into the team that they were in.
    """
    to = "(SELECT f.from_agent_id FROM transfer f WHERE f.id = i.transfer_id) AS to_agent_id"
    columns = f"i.record_type, i.record_id, i.number, {to if returning else 'i.to_agent_id'}"
    where = f"i.transfer_id = ?{f' AND i.state = {ItemState.RETURNING.value!r}' if returning else ''}"
    before, after = ("team_after_id", "team_before_id") if returning else ("team_before_id", "team_after_id")
    teams = f"i.{before} AS team_id, i.{after} AS team_after_id"
    return Sql(f"SELECT {columns}, {teams} FROM transfer_item i WHERE {where}", (transfer.id,))


def _new_id(dialect: Dialect) -> str:
    """A random UUID (version 4, RFC 9562), made by the database: a row's each."""
    if dialect is Dialect.POSTGRES:
        return "gen_random_uuid()"
    third = "'4' || substr(hex(randomblob(2)), 2)"
    fourth = "substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)"
    parts = ["hex(randomblob(4))", "hex(randomblob(2))", third, fourth, "hex(randomblob(6))"]
    return "lower(" + " || '-' || ".join(parts) + ")"


def drawn_changes(drawn: Drawn) -> dict[str, list[Any]]:
    """What the audit keeps of a transfer: who gave, and who gets."""
    return {
        "from_agent_id": [None, str(drawn.from_agent_id)],
        "agent_ids": [None, [str(share.agent_id) for share in drawn.shares]],
    }
