"""Transfers that make themselves: a rule acts within the scope of who saved it, as that is when it acts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from authz.compiling import Compiler
from authz.policies import SUBJECT
from authz.scopes import agents_in_scope, changeable
from authz.transfer import may_rule
from authz.viewer import Viewer
from models import Agent, RecordType, Transfer, TransferRule, TransferTrigger, clock
from models.database import Database, Session, among
from models.operations import access_version
from models.operations.actor import Actor
from models.operations.change import all_locked
from models.operations.draft_transfer import (
    Drawn,
    Share,
    count_items,
    discard_draft,
    draft_transfer,
)
from models.operations.transfer_batch import go_on, move_all
from models.operations.transfer_items import Chosen, Giver, items
from models.operations.transfer_portfolio import transfer_portfolio
from models.record import Record
from models.sql import Sql, value
from models.team import TeamMember
from models.transfer import ItemState
from models.transfer_rule import TransferRuleShare
from resolvers.act import Act
from resolvers.acting_viewer import agent_today
from resolvers.transfer_going_on import leave_out, may_move
from schema.reading.view import View

log = logging.getLogger("carteira.rules")

_LYING_OPEN = {
    RecordType.CONTACT: "t.archived_at IS NULL",
    RecordType.CONVERSATION: "t.archived_at IS NULL AND t.status = 'OPEN'",
    RecordType.DEAL: "t.archived_at IS NULL AND t.status = 'OPEN'",
}


_ON_ITS_WAY = f"SELECT 1 FROM transfer_item w WHERE w.record_id = t.id AND w.state = '{ItemState.WAITING}'"

Also = Callable[[RecordType], Sql]
"""What a record of a kind has to be for a rule to take it, by the name `t`."""


class Ruling:
    """One rule at work, in one transaction. The caller holds the account."""

    def __init__(self, session: Session, rule: TransferRule, saver: Viewer, request_id: str | None) -> None:
        self.session = session
        self.rule = rule
        self.saver = saver
        self.by = Actor(rule.account_id, request_id=request_id)
        self._view = View(Compiler(session.dialect, saver))

    def taken(self, kind: RecordType, also: Sql) -> Sql:
        """The records of a kind that the rule takes, by the name `t`: none that is on its way already."""
        may = self._view.compiler.sql(changeable(self.saver), "t")
        rows = self._view.rows(kind.lower(), "t") + " AND " + may + " AND t.owner_id IS NOT NULL AND " + also
        rows = rows + f" AND NOT EXISTS ({_ON_ITS_WAY})"
        return rows if self.rule.team_id is None else rows + " AND t.team_id = " + value(self.rule.team_id)

    async def transfer(self, owner_id: UUID, also: Also) -> Transfer | None:
        """The transfer of what the rule takes of an owner's; None where there is nothing to take or nobody
        to give it to. What would leave the saver's scope stays.
        """
        shares = [share for share in await self._shares() if share.agent_id != owner_id]
        if not shares:
            return None
        theirs = "t.owner_id = " + value(owner_id) + " AND "
        chosen = {kind: self.taken(kind, theirs + also(kind)) for kind in self._kinds()}
        # Before they are looked at: whoever holds the agents may be moving the same records.
        await all_locked(Agent, [owner_id, *(share.agent_id for share in shares)])
        if not await self._any(owner_id, chosen):
            return None
        drawn = Drawn(owner_id, shares, chosen, rule_id=self.rule.id)
        transfer = await draft_transfer(self.session, self.by, drawn)
        await leave_out(self.session, self.saver, transfer)
        if not await count_items(self.session, transfer):
            await discard_draft(transfer)
            return None
        return await transfer_portfolio(self.session, self.by, transfer, drawn, may_move)

    async def owners(self, also: Also) -> Sequence[UUID]:
        """Whose records the rule takes."""
        found: set[UUID] = set()
        for kind in self._kinds():
            head = f"SELECT DISTINCT t.owner_id FROM {kind.lower()} t WHERE "
            rows = await self.session.fetch(head + self.taken(kind, also(kind)))
            found |= {UUID(str(row["owner_id"])) for row in rows}
        return sorted(found)

    def idle(self, kind: RecordType) -> Sql:
        """The records of a kind that nothing has happened to for as many days as the rule says."""
        since = clock.now() - timedelta(days=self.rule.idle_days or 0)
        return f"{_LYING_OPEN[kind]} AND t.updated_at < " + value(since)

    def _kinds(self) -> list[RecordType]:
        return [kind for kind in RecordType if kind.value in self.rule.record_types]

    async def _any(self, owner_id: UUID, chosen: Chosen) -> bool:
        giver = Giver(self.rule.account_id, owner_id)
        listed = items(self.session.dialect, giver, chosen, {owner_id: 1})
        return bool(await self.session.fetch("SELECT 1 AS found FROM (" + listed + ") i LIMIT 1"))

    async def _shares(self) -> list[Share]:
        """Those who may get records today: active, and in the saver's scope."""
        shares = await TransferRuleShare.filter(rule_id=self.rule.id).order_by("-weight", "id")
        condition = Compiler(self.session.dialect, self.saver).sql(agents_in_scope(self.saver), "a")
        ids = [share.agent_id for share in shares]
        listed = "SELECT a.id FROM agent a WHERE a.status = 'ACTIVE' AND " + among(
            self.session.dialect, "a.id", ids
        )
        found = {UUID(str(row["id"])) for row in await self.session.fetch(listed + " AND " + condition)}
        return [Share(share.agent_id, share.weight) for share in shares if share.agent_id in found]


async def rulings(
    session: Session, account_id: UUID, trigger: TransferTrigger, request_id: str | None = None
) -> list[Ruling]:
    """The rules with this trigger that are on and whose savers may still rule, the oldest first."""
    rules = TransferRule.filter(account_id=account_id, trigger=trigger, enabled=True)
    found = []
    for rule in await rules.order_by("created_at", "id"):
        saver = await _saver(session, rule)
        if saver is not None:
            found.append(Ruling(session, rule, saver, request_id))
    return found


async def _saver(session: Session, rule: TransferRule) -> Viewer | None:
    saver = await agent_today(session, rule.account_id, rule.saved_by_id)
    return saver if saver is not None and may_rule(saver) else None


async def rule_over_leaver(act: Act, agent: Agent) -> None:
    """The owner is being deactivated: let the rules take what they take of theirs."""
    for ruling in await rulings(
        act.session, agent.account_id, TransferTrigger.OWNER_DEACTIVATED, act.context.request_id
    ):
        transfer = await ruling.transfer(agent.id, lambda kind: Sql("TRUE"))
        if transfer is not None:
            await move_all(act.session, transfer)


async def rule_over_newcomer(act: Act, record: Record) -> None:
    """The record has come into another team: let the first rule that takes it do so."""
    if record.owner_id is None or record.team_id is None:
        return
    if await TeamMember.filter(agent_id=record.owner_id, team_id=record.team_id).exists():
        return
    this = lambda kind: "t.id = " + value(record.id)  # noqa: E731
    for ruling in await rulings(
        act.session, record.account_id, TransferTrigger.TEAM_CHANGED, act.context.request_id
    ):
        if await ruling.transfer(record.owner_id, this) is not None:
            return


async def agents_of_rules(act: Act) -> Mapping[str, list[UUID]]:
    """Whom the rules over a record that comes into another team may hold; agents are held before records."""
    _, record = act.named[SUBJECT][0]
    rules = TransferRule.filter(
        account_id=record["account_id"], trigger=TransferTrigger.TEAM_CHANGED, enabled=True
    )
    shares = await TransferRuleShare.filter(rule_id__in=[rule.id for rule in await rules])
    owners = [record["owner_id"]] if shares and record["owner_id"] else []
    return {"agent": [*(share.agent_id for share in shares), *owners]}


async def rule_over_idle(database: Database) -> int:
    """Let every account's rules take what lay idle; say how many transfers that made."""
    async with database.reading():
        rules = TransferRule.filter(trigger=TransferTrigger.IDLE, enabled=True)
        ids = [rule.id for rule in await rules.order_by("created_at", "id")]
    made = 0
    for id in ids:
        for owner in await _idle_owners(database, id):
            try:
                made += await _idle(database, id, owner)
            except Exception:
                log.exception("Rule %s could not take what lay idle; the next tick tries again.", id)
    return made


async def _idle_owners(database: Database, rule_id: UUID) -> Sequence[UUID]:
    async with database.reading() as session:
        rule = await TransferRule.get(id=rule_id)
        saver = await _saver(session, rule)
        if saver is None:
            return []
        ruling = Ruling(session, rule, saver, None)
        return await ruling.owners(ruling.idle)


async def _idle(database: Database, rule_id: UUID, owner_id: UUID) -> bool:
    """What lay idle of one owner's, in one transaction: agents are held before the rule, as by all."""
    async with database.writing() as session:
        rule = await TransferRule.get(id=rule_id)
        await access_version.share(session, rule.account_id)
        shares = await TransferRuleShare.filter(rule_id=rule_id)
        await all_locked(Agent, [owner_id, *(share.agent_id for share in shares)])
        held = await TransferRule.filter(id=rule_id, enabled=True).select_for_update(no_key=True)
        saver = await _saver(session, held[0]) if held else None
        if saver is None:
            return False
        ruling = Ruling(session, held[0], saver, None)
        transfer = await ruling.transfer(owner_id, ruling.idle)
    if transfer is not None:
        await go_on(database, may_move, transfer.id)
    return transfer is not None
