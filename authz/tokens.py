"""Tokens: giving them out, and finding out whose they are.

A token is checked in two steps: `check` looks at the token itself (its signature, its expiry), and
for our own touches no database; `prove` asks in one statement whether it and its holder still stand.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from joserfc import jwt as encoding
from joserfc.jwk import OctKey

from authz import jwt
from authz.identity_providers import KeySets, Vouched, vouch
from authz.jwt import BadToken, Jwt
from authz.keys import Keys
from models import Agent, AgentStatus, PartnerUser, Token, TokenKind, clock
from models.database import Database, Session, hydrate
from models.operations import audit
from models.operations.actor import Actor
from models.sql import Sql

ISSUER = "carteira"
ALGORITHM = "HS256"

_API_TOKEN = re.compile("carteira_[A-Za-z0-9_-]{43}")
_PERSONAL = (TokenKind.AGENT, TokenKind.PORTAL)

__all__ = [
    "BadToken",
    "Claim",
    "Secret",
    "Signed",
    "Unproved",
    "check",
    "create_token",
    "hash_secret",
    "issue_token",
    "new_secret",
    "prove",
    "read_token",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose token it is: exactly one of agent and partner user. `expires_at` is UTC; None: never.

    `permissions` is an API token's own list; None for every other kind: all that its holder has.
    """

    kind: TokenKind
    account_id: UUID
    agent_id: UUID | None = None
    partner_user_id: UUID | None = None
    token_id: UUID | None = None
    permissions: frozenset[str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """One of our own tokens, its signature and expiry checked."""

    token_id: UUID
    account_id: UUID
    subject: UUID
    kind: TokenKind
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Secret:
    """An API token, by its hash."""

    secret_hash: str


Unproved = Signed | Secret | Vouched
"""What the token says of itself, rightly signed; whether it still stands is yet to be asked."""


async def issue_token(
    database: Database,
    keys: Keys,
    *,
    account: UUID,
    agent: UUID | None = None,
    partner_user: UUID | None = None,
    ttl: timedelta,
) -> str:
    """A sign-in token for one person, by the operator's word; audited.

    Raises ValueError unless exactly one of `agent` and `partner_user` is given, and of that account.
    """
    async with database.writing():
        token, bearer = await create_token(
            keys, account=account, agent=agent, partner_user=partner_user, ttl=ttl
        )
        await audit.append(Actor(account), "issue_token", token, at=token.created_at)
    return bearer


async def create_token(
    keys: Keys, *, account: UUID, agent: UUID | None, partner_user: UUID | None, ttl: timedelta
) -> tuple[Token, str]:
    """The row of a new sign-in token, and the token. Run within `database.writing()`; not audited.

    Raises ValueError as `issue_token` does.
    """
    await _require_person(account, agent, partner_user)
    # A JWT counts whole seconds; so that row and token agree, so does the row.
    now = clock.now().replace(microsecond=0)
    token = await Token.create(
        account_id=account,
        kind=TokenKind.AGENT if agent else TokenKind.PORTAL,
        agent_id=agent,
        partner_user_id=partner_user,
        created_at=now,
        expires_at=(now + ttl).replace(microsecond=0),
    )
    return token, _encode(keys, token)


def new_secret() -> tuple[str, str]:
    """A new API token, to be shown once, and the hash that is kept of it."""
    bearer = f"carteira_{token_urlsafe(32)}"
    return bearer, hash_secret(bearer)


def hash_secret(bearer: str) -> str:
    """What is kept of an API token. It is random enough for a plain hash: there is nothing to guess."""
    return sha256(bearer.encode()).hexdigest()


async def read_token(database: Database, keys: Keys, bearer: str, key_sets: KeySets) -> Claim:
    """Whose token `bearer` is: `check` and `prove` in one. Raises BadToken."""
    unproved = await check(database, keys, bearer, key_sets)
    async with database.reading() as session:
        return await prove(session, unproved)


async def check(database: Database, keys: Keys, bearer: str, key_sets: KeySets) -> Unproved:
    """What `bearer` says of itself, its signature checked. Raises BadToken.

    Call it outside any session: a provider's key set may have to be fetched.
    """
    verified = verify(keys, bearer)
    return await vouch(database, verified, key_sets) if isinstance(verified, Jwt) else verified


def verify(keys: Keys, bearer: str) -> Signed | Secret | Jwt:
    """Check one of our own tokens without the database; an outside issuer's is given back unchecked.

    Raises BadToken.
    """
    if _API_TOKEN.fullmatch(bearer):
        return Secret(hash_secret(bearer))
    parts = jwt.read(bearer)
    if parts.issuer != ISSUER:
        return parts
    jwt.check_signature(parts, _key(keys.sign_in), ALGORITHM)
    return _signed(parts.claims)


async def prove(session: Session, unproved: Unproved) -> Claim:
    """Whose token it is, provided that it and its holder still stand: one statement. Raises BadToken."""
    match unproved:
        case Signed():
            return await _prove_signed(session, unproved)
        case Secret():
            return await _prove_secret(session, unproved)
        case Vouched():
            return await _prove_vouched(session, unproved)


def _encode(keys: Keys, token: Token) -> str:
    assert token.expires_at is not None
    claims = {
        "iss": ISSUER,
        "aud": str(token.account_id),
        "sub": str(token.agent_id or token.partner_user_id),
        "kind": token.kind.value,
        "jti": str(token.id),
        "iat": int(token.created_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    return encoding.encode({"alg": ALGORITHM}, claims, _key(keys.sign_in), algorithms=[ALGORITHM])


@lru_cache(maxsize=8)
def _key(secret: bytes) -> OctKey:
    return OctKey.import_key(secret)


async def _require_person(account: UUID, agent: UUID | None, partner_user: UUID | None) -> None:
    if (agent is None) == (partner_user is None):
        raise ValueError("A token is for an agent or for a partner user: name exactly one of them.")
    people: Any = Agent if agent else PartnerUser
    if not await people.filter(id=agent or partner_user, account_id=account).exists():
        raise ValueError(f"The account has no such {'agent' if agent else 'partner user'}.")


def _signed(claims: Mapping[str, Any]) -> Signed:
    kind = claims.get("kind")
    if kind not in _PERSONAL:
        raise BadToken
    signed = Signed(
        token_id=_uuid_in(claims, "jti"),
        account_id=_uuid_in(claims, "aud"),
        subject=_uuid_in(claims, "sub"),
        kind=TokenKind(kind),
        expires_at=jwt.instant_in(claims, "exp"),
    )
    _refuse_expired(signed.expires_at)
    return signed


def _uuid_in(claims: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(jwt.text_in(claims, name))
    except ValueError:
        raise BadToken from None


def _refuse_expired(expires_at: datetime | None) -> None:
    if expires_at is not None and clock.now() >= expires_at:
        raise BadToken


_HOLDER = (
    "LEFT JOIN agent a ON a.id = {of}.agent_id AND a.account_id = {of}.account_id "
    "LEFT JOIN partner_user u ON u.id = {of}.partner_user_id AND u.account_id = {of}.account_id "
)
_TOKEN = (
    "SELECT t.id, t.account_id, t.kind, t.agent_id, t.partner_user_id, t.permissions, t.expires_at, "
    "t.revoked_at, a.status AS agent_status, u.portal_access FROM token t " + _HOLDER.format(of="t")
)
_IDENTITY = (
    "SELECT i.account_id, i.agent_id, i.partner_user_id, a.status AS agent_status, u.portal_access "
    "FROM identity i JOIN identity_provider v ON v.id = i.provider_id AND v.account_id = i.account_id "
    + _HOLDER.format(of="i")
)


async def _prove_signed(session: Session, signed: Signed) -> Claim:
    _refuse_expired(signed.expires_at)
    row = await _only(session, Sql(_TOKEN + "WHERE t.id = ?", (signed.token_id,)))
    claim = _claim_of_token(row)
    said = (signed.kind, signed.account_id, signed.subject)
    if said != (claim.kind, claim.account_id, claim.agent_id or claim.partner_user_id):
        raise BadToken
    return claim


async def _prove_secret(session: Session, secret: Secret) -> Claim:
    row = await _only(session, Sql(_TOKEN + "WHERE t.secret_hash = ?", (secret.secret_hash,)))
    claim = _claim_of_token(row)
    if claim.kind is not TokenKind.API:
        raise BadToken
    return claim


async def _prove_vouched(session: Session, vouched: Vouched) -> Claim:
    _refuse_expired(vouched.expires_at)
    person = (vouched.provider_id, vouched.subject)
    row = await _only(session, Sql(_IDENTITY + "WHERE i.provider_id = ? AND i.subject = ?", person))
    return Claim(**_holder(row), expires_at=vouched.expires_at)


async def _only(session: Session, sql: Sql) -> Mapping[str, Any]:
    rows = await session.fetch(sql)
    if len(rows) != 1:
        raise BadToken
    return rows[0]


def _claim_of_token(row: Mapping[str, Any]) -> Claim:
    token = hydrate(Token, row)
    _refuse_expired(token["expires_at"])
    holder = _holder(row)
    if token["revoked_at"] is not None or token["kind"] not in (holder["kind"], TokenKind.API):
        raise BadToken
    permissions = frozenset(token["permissions"] or ()) if token["kind"] is TokenKind.API else None
    return Claim(
        **{**holder, "kind": token["kind"]},
        token_id=token["id"],
        permissions=permissions,
        expires_at=token["expires_at"],
    )


def _holder(row: Mapping[str, Any]) -> dict[str, Any]:
    """The one person who holds it, who must be in good standing. Raises BadToken."""
    person = hydrate(Token, {name: row[name] for name in ("account_id", "agent_id", "partner_user_id")})
    if (person["agent_id"] is None) == (person["partner_user_id"] is None):
        raise BadToken
    if person["agent_id"] is not None:
        stands, kind = row["agent_status"] == AgentStatus.ACTIVE, TokenKind.AGENT
    else:
        stands, kind = bool(row["portal_access"]), TokenKind.PORTAL
    if not stands:
        raise BadToken
    return {**person, "kind": kind}
