"""The tables of docs/authorization.md, made from the rules: each cell is what the rules answer."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from authz.access import ACTIVITY, DETAILS, IDENTITY, MONEY, PAYMENTS, PLACE, RULES, WORDS, Refused
from authz.judging import Columns, holds
from authz.policies import POLICIES, record_actions
from authz.predicate import NEVER, Predicate
from authz.scopes import SCOPES, visible
from authz.viewer import Viewer, ViewerKind
from models import IsolationMode, Permission, Reach, Scope, UnownedVisibility

ACCOUNT, ME, COLLEAGUE, TEAM, INBOX, PARTNER = (UUID(int=number) for number in range(1, 7))
_RECORD: Columns = {
    "id": UUID(int=7),
    "account_id": ACCOUNT,
    "owner_id": COLLEAGUE,
    "team_id": TEAM,
    "inbox_id": None,
    "conversation_id": None,
    "partner_id": None,
}
_REP = Viewer(
    kind=ViewerKind.AGENT,
    account_id=ACCOUNT,
    access_version=1,
    currency="USD",
    time_zone="UTC",
    sales_module=True,
    granular=True,
    isolation_mode=IsolationMode.STRICT,
    unowned_visibility=UnownedVisibility.MANAGERS,
    agent_id=ME,
    permissions=frozenset({Permission.PORTFOLIO_ASSIGN, Permission.PORTFOLIO_TRANSFER}),
    team_ids=frozenset({TEAM}),
    inbox_ids=frozenset({INBOX}),
)
_MANAGER = replace(_REP, reach=Reach.SCOPE)
_MASKED = replace(_REP, isolation_mode=IsolationMode.MASKED)
_OPEN = replace(_REP, isolation_mode=IsolationMode.OPEN)
_TOLD = replace(_REP, unowned_visibility=UnownedVisibility.SCOPE)
_OFF = replace(_REP, granular=False)
_PARTNER_USER = replace(
    _REP, kind=ViewerKind.PARTNER_USER, agent_id=None, partner_id=PARTNER, permissions=frozenset()
)


@dataclass(frozen=True, slots=True)
class Case:
    """A column of a table: who looks, at which deal."""

    title: str
    viewer: Viewer
    deal: Columns

    async def sees(self) -> bool:
        """Whether the deal is in sight."""
        return await self.holds(visible("deal", self.viewer))

    async def holds(self, predicate: Predicate) -> bool:
        """Whether a predicate holds for the deal."""
        return await holds(predicate, self.deal, self.viewer, _nothing_else)


GRANULAR = (
    Case("OWN", _REP, {**_RECORD, "owner_id": ME}),
    Case("MANAGED", _MANAGER, _RECORD),
    Case("SHARED, `STRICT`", _REP, _RECORD),
    Case("SHARED, `MASKED`", _MASKED, _RECORD),
    Case("SHARED, `OPEN`", _OPEN, _RECORD),
)
UNOWNED = (
    Case("reach `SCOPE`", _MANAGER, {**_RECORD, "owner_id": None}),
    Case("reach `OWN`, `MANAGERS`", _OPEN, {**_RECORD, "owner_id": None}),
    Case("`SCOPE`, `STRICT`", _TOLD, {**_RECORD, "owner_id": None}),
    Case(
        "`SCOPE`, `MASKED`",
        replace(_TOLD, isolation_mode=IsolationMode.MASKED),
        {**_RECORD, "owner_id": None},
    ),
    Case("`SCOPE`, `OPEN`", replace(_TOLD, isolation_mode=IsolationMode.OPEN), {**_RECORD, "owner_id": None}),
)
OTHERWISE = (
    Case("owner", _OFF, {**_RECORD, "owner_id": ME, "team_id": None}),
    Case("own team", _OFF, _RECORD),
    Case("own inbox", _OFF, {**_RECORD, "team_id": None, "inbox_id": INBOX}),
    Case(
        "`account.manage`, account scope",
        replace(_OFF, permissions=_OFF.permissions | {Permission.ACCOUNT_MANAGE}, scope=Scope.ACCOUNT),
        {**_RECORD, "team_id": None},
    ),
    Case("anyone else", _OFF, {**_RECORD, "team_id": None}),
    Case("partner user", _PARTNER_USER, {**_RECORD, "partner_id": PARTNER}),
)
_READS = {
    "identity: name, title, company, stage, status, owner, partner, assigned user, their dates": IDENTITY,
    "place: team, inbox, contact, conversation, ownerships": PLACE,
    "contact details: email, phone, address": DETAILS,
    "words: subject, messages, notes, timeline": WORDS,
    "money: amount with its currency": MONEY,
    "payments": PAYMENTS,
    "activity: version, updatedAt, lastMessageAt": ACTIVITY,
}
_ACTS = {
    "change, archive": "update",
    "assign (with `portfolio.assign`)": "assign",
    "transfer (with `portfolio.transfer`)": "transfer",
}


async def _nothing_else(table: str, column: str, value: Any) -> Iterable[Columns]:
    return ()


def tables(fields: Mapping[str, Iterable[str]], mutations: Mapping[str, Iterable[str]]) -> str:
    """All the tables, in Markdown. What each rule and each policy guards comes from the schema."""
    parts = [
        "### A record, granular permissions on",
        asyncio.run(_matrix(GRANULAR)),
        "### An unowned record, granular permissions on, by `unownedVisibility` and `isolationMode`",
        asyncio.run(_matrix(UNOWNED)),
        "### A record, granular permissions off; and what a partner user reads of a deal",
        asyncio.run(_matrix(OTHERWISE)),
        "### Rows: the scope of each table",
        _table(("table", "in sight"), [(f"`{name}`", _first_line(each)) for name, each in SCOPES.items()]),
        "### Fields: the access rules",
        _table(
            ("rule", "read by", "fields"),
            [(f"`{name}`", rule.reads, _listed(fields.get(name, ()))) for name, rule in RULES.items()],
        ),
        "### Acts: the policies",
        _table(
            ("policy", "allowed to", "mutations"),
            [
                (f"`{name}`", policy.says, _listed(mutations.get(name, ())))
                for name, policy in POLICIES.items()
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


async def _matrix(cases: tuple[Case, ...]) -> str:
    sight = [await case.sees() for case in cases]
    rows = [("in sight", *("yes" if sees else "no" for sees in sight))]
    for says, rule in _READS.items():
        rows.append((says, *[await _read(case, rule) for case in cases]))
    for says, act in _ACTS.items():
        rows.append((says, *[await _may(case, act) for case in cases]))
    return _table(("", *(case.title for case in cases)), rows)


async def _read(case: Case, rule: Any) -> str:
    if not await case.sees():
        return ""
    decision = rule.decide(case.viewer, "deal")
    readable = await case.holds(NEVER if isinstance(decision, Refused) else decision)
    return "read" if readable else "null"


async def _may(case: Case, act: str) -> str:
    if not await case.sees():
        return ""
    return "yes" if await case.holds(record_actions(case.viewer, "deal")[act]) else "no"


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").partition("\n")[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
