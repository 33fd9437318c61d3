"""Signing in with email and password. Every failure looks alike and takes as long; none says who exists."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID

from authz.keys import Keys
from authz.passwords import Passwords, passwords
from authz.rate_limit import MovingWindow, RateLimited
from authz.tokens import create_token
from models import Agent, AgentStatus, AuditEntry, AuditOutcome, PartnerUser, clock
from models.database import BadValue, Database, Session, hydrate
from models.sql import Sql
from models.text import fold

TTL = timedelta(hours=12)
"""How long a sign-in lasts."""

WINDOW = timedelta(minutes=15)
"""The span in which failures are counted."""

MOST_CANDIDATES = 2
"""Persons with one email whose passwords are tried; more are told apart by their account's name.

So many are tried always, nobody's in the place of those who are missing: how long it takes tells nothing.
Unless the account is named, no account has more than one of them: none takes a place from another's.
"""

LONGEST_EMAIL = 1000
"""Characters; a longer one is nobody's."""

_log = logging.getLogger("carteira.sign_in")

__all__ = ["RateLimited", "SignInFailed", "SignInLimits", "SignedIn", "settle", "sign_in"]


class SignInFailed(Exception):
    """Nobody was signed in. The message is the same for every reason."""

    def __init__(self) -> None:
        super().__init__("Email or password is wrong, or this person may not sign in.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and their token until `expires_at` (UTC)."""

    token: str
    expires_at: datetime
    account_id: UUID
    agent_id: UUID | None
    partner_user_id: UUID | None


class SignInLimits:
    """How many failures one address and one email may have within WINDOW: 60 and 10."""

    def __init__(
        self, *, by_address: MovingWindow | None = None, by_email: MovingWindow | None = None
    ) -> None:
        self._by_address = MovingWindow(60, WINDOW) if by_address is None else by_address
        self._by_email = MovingWindow(10, WINDOW) if by_email is None else by_email

    @contextmanager
    def trying(self, address: str, email: str) -> Iterator[None]:
        """Count a try from its beginning, so that tries at once count too; uncount it if it didn't fail.

        Raises RateLimited.
        """
        network, person = _network(address), sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
        from_address = self._by_address.take(network)
        with_email = self._by_email.take(person)
        failed = False
        try:
            yield
        except SignInFailed:
            failed = True
            raise
        finally:
            if not failed:
                self._by_address.give_back(network, from_address)
                self._by_email.give_back(person, with_email)


@cache
def _limits() -> SignInLimits:
    return SignInLimits()


async def sign_in(
    database: Database,
    keys: Keys,
    *,
    email: str,
    password: str,
    account_name: str | None = None,
    address: str,
    ttl: timedelta = TTL,
    limits: SignInLimits | None = None,
    hashing: Passwords | None = None,
) -> SignedIn:
    """Sign in whoever has this email and password, in the account of that name if one is given.

    Where several match, the first by id. Opens sessions of its own: call it outside of any transaction.
    `address` is the client's own, not a proxy's. Raises SignInFailed, RateLimited.
    """
    folded = fold(email) or ""
    with (limits or _limits()).trying(address, folded):
        people = await _candidates(database, folded, account_name)
        matching = await _matching(hashing or passwords(), people, password)
        signed_in = await _welcome(database, keys, matching, ttl)
        if signed_in is None:
            _audit_later(database, people)
            raise SignInFailed
        return signed_in


async def settle() -> None:
    """Wait until every failure so far is audited; for the end of a server's life, and for tests."""
    while _auditing:
        await asyncio.gather(*_auditing, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Person:
    """Someone with a password: an agent or a partner user, by the table's name."""

    table: str
    id: UUID
    account_id: UUID
    password_hash: str
    active: bool

    @property
    def agent_id(self) -> UUID | None:
        return self.id if self.table == "agent" else None

    @property
    def partner_user_id(self) -> UUID | None:
        return self.id if self.table == "partner_user" else None


_PEOPLE = (
    "SELECT *, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY active DESC, id) AS place FROM ("
    "SELECT 'agent' AS person, id, account_id, password_hash, email_folded, "
    f"status = '{AgentStatus.ACTIVE}' AS active FROM agent UNION ALL "
    "SELECT 'partner_user', id, account_id, password_hash, email_folded, portal_access FROM partner_user"
    ") AS people WHERE password_hash IS NOT NULL AND "
)
"""Those with a password, each with their place among their account's: who may sign in comes first."""


async def _people(session: Session, which: Sql, of_each_account: int) -> list[_Person]:
    placed = "SELECT * FROM (" + (_PEOPLE + which) + f") AS placed WHERE place <= {of_each_account} "
    rows = await session.fetch(placed + f"ORDER BY active DESC, id LIMIT {MOST_CANDIDATES}")
    return [_person(hydrate(Agent, row)) for row in rows]


def _person(row: Mapping[str, Any]) -> _Person:
    return _Person(row["person"], row["id"], row["account_id"], row["password_hash"], bool(row["active"]))


async def _candidates(database: Database, email: str, account_name: str | None) -> list[_Person]:
    """Those with this email and a password, the active ones first: one of each account, or of one some."""
    if not email or len(email) > LONGEST_EMAIL:
        return []
    which = Sql("email_folded = ?", (email,))
    if account_name is not None:
        which += Sql(" AND account_id IN (SELECT id FROM account WHERE name = ?)", (account_name,))
    try:
        async with database.reading() as session:
            return await _people(session, which, 1 if account_name is None else MOST_CANDIDATES)
    except BadValue:
        return []


async def _matching(hashing: Passwords, people: list[_Person], password: str) -> list[_Person]:
    """Those whose password it is. As many are tried as could be, at once."""
    nobodys = [None] * (MOST_CANDIDATES - len(people))
    hashes = [*(person.password_hash for person in people), *nobodys]
    tried = await asyncio.gather(*(hashing.check(each, password) for each in hashes))
    return [person for person, matches in zip(people, tried, strict=False) if matches]


async def _welcome(
    database: Database, keys: Keys, matching: list[_Person], ttl: timedelta
) -> SignedIn | None:
    """A token for the first who may sign in, and the audit's word of it; None where nobody may."""
    person = next((person for person in matching if person.active), None)
    if person is None:
        return None
    async with database.writing() as session:
        if not await _still_so(session, person):
            return None
        token, bearer = await create_token(
            keys,
            account=person.account_id,
            agent=person.agent_id,
            partner_user=person.partner_user_id,
            ttl=ttl,
        )
        await _audit(person, AuditOutcome.DONE)
    assert token.expires_at is not None
    return SignedIn(bearer, token.expires_at, person.account_id, person.agent_id, person.partner_user_id)


async def _still_so(session: Session, person: _Person) -> bool:
    """Whether nothing changed about the person while their password was checked."""
    await session.lock(Agent if person.table == "agent" else PartnerUser, [person.id])
    return await _people(session, Sql("id = ?", (person.id,)), 1) == [person]


_auditing: set[asyncio.Task[None]] = set()


def _audit_later(database: Database, people: list[_Person]) -> None:
    """Write failures down beside the answer, not before it: how long that takes would tell who exists."""
    if people:
        task = asyncio.create_task(_audit_failure(database, people))
        _auditing.add(task)
        task.add_done_callback(_auditing.discard)


async def _audit_failure(database: Database, people: list[_Person]) -> None:
    try:
        async with database.writing():
            for person in people:
                await _audit(person, AuditOutcome.REFUSED)
    except Exception:  # noqa: BLE001 (nobody awaits it, so this is the only place to say so)
        _log.exception("A failed sign-in could not be written to the audit.")


async def _audit(person: _Person, outcome: AuditOutcome) -> None:
    await AuditEntry.create(
        account_id=person.account_id,
        at=clock.now(),
        actor_id=person.agent_id,
        actor_partner_user_id=person.partner_user_id,
        action="sign_in",
        outcome=outcome,
        subject_type=person.table,
        subject_id=person.id,
    )


def _network(address: str) -> str:
    """Whose address it is: with IPv6 one person has a whole /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
