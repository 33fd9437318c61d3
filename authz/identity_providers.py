"""Identity providers: outside issuers whose tokens an account trusts, and who their subjects are here.

A provider is bound to one account and fixes issuer, audience, algorithm and keys. A person is an
issuer and a subject, never an email: an email is whatever the provider's users make it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc.jwk import Key

from authz import jwt
from authz.jwt import BadToken, Jwt
from authz.key_sets import ALGORITHMS, BadKeySet, KeySets, may_fetch, read_key_set, suitable
from models import Agent, Identity, IdentityProvider, PartnerUser, clock
from models.database import Database, hydrate
from models.operations import audit
from models.operations.actor import Actor
from models.sql import Sql, join, value

LEEWAY = timedelta(seconds=30)
"""How far a provider's clock may be ahead of ours."""

LONGEST_NAME = 1000
"""Characters of an issuer, an audience or a subject."""

MOST_AUDIENCES = 20

__all__ = [
    "ALGORITHMS",
    "KeySets",
    "ProviderRefused",
    "ProviderSenseless",
    "Vouched",
    "add_provider",
    "link_subject",
    "vouch",
]


class ProviderRefused(ValueError):
    """The provider or link can't be set up so; the message says why and what to do."""


class ProviderSenseless(ProviderRefused):
    """What was said of the provider or link makes no sense, whatever is there already."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """An outside issuer's token, its signature and expiry (UTC) checked."""

    provider_id: UUID
    subject: str
    expires_at: datetime


async def vouch(database: Database, token: Jwt, key_sets: KeySets) -> Vouched:
    """Check the signature of an outside issuer's token against its provider as set up. Raises BadToken.

    Opens a session of its own and ends it before keys are fetched.
    """
    provider = await _provider(database, token)
    await _check_signature(token, provider, key_sets)
    return Vouched(provider["id"], _subject(token), _expiry(token))


async def _provider(database: Database, token: Jwt) -> dict[str, Any]:
    """The one provider that the token's issuer and audience name."""
    issuer, audiences = jwt.text_in(token.claims, "iss"), token.audiences
    if len(audiences) > MOST_AUDIENCES:
        raise BadToken
    marks = join(", ", [value(jwt.text_in({"aud": audience}, "aud")) for audience in audiences])
    sql = (
        Sql("SELECT * FROM identity_provider WHERE issuer = ?", (issuer,))
        + " AND audience IN ("
        + marks
        + ")"
    )
    async with database.reading() as session:
        rows = await session.fetch(sql)
    if len(rows) != 1:
        raise BadToken
    return hydrate(IdentityProvider, rows[0])


async def _check_signature(token: Jwt, provider: Mapping[str, Any], key_sets: KeySets) -> None:
    algorithm = provider["algorithm"]
    if token.header.get("alg") != algorithm:
        raise BadToken
    for key in await _keys(token, provider, key_sets):
        try:
            return jwt.check_signature(token, key, algorithm)
        except BadToken:
            continue
    raise BadToken


async def _keys(token: Jwt, provider: Mapping[str, Any], key_sets: KeySets) -> list[Key]:
    kid = token.header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise BadToken
    if provider["jwks"] is not None:
        return suitable(provider["jwks"]["keys"], provider["algorithm"], kid)
    return await key_sets.find(provider["jwks_url"], provider["algorithm"], kid)


def _subject(token: Jwt) -> str:
    subject = jwt.text_in(token.claims, "sub")
    if len(subject) > LONGEST_NAME:
        raise BadToken
    return subject


def _expiry(token: Jwt) -> datetime:
    """When it expires, which no token may leave out; one of the future is not good yet."""
    expires_at, now = jwt.instant_in(token.claims, "exp"), clock.now()
    if now >= expires_at:
        raise BadToken
    for name in ("nbf", "iat"):
        if name in token.claims and jwt.instant_in(token.claims, name) > now + LEEWAY:
            raise BadToken
    return expires_at


async def add_provider(
    *,
    account: UUID,
    issuer: str,
    audience: str,
    algorithm: str,
    jwks_url: str | None = None,
    jwks: bytes | str | Mapping[str, Any] | None = None,
    development: bool = False,
) -> IdentityProvider:
    """Let `account` trust an issuer's tokens for one audience; audited. Run within `database.writing()`.

    Exactly one of `jwks_url` (fetched when needed) and `jwks` (kept, its public parts alone). Raises
    ProviderRefused.
    """
    _require_name("issuer", issuer)
    _require_name("audience", audience)
    if issuer == "carteira":
        raise ProviderSenseless("carteira is the issuer of Carteira's own tokens; name the provider's.")
    if algorithm not in ALGORITHMS:
        raise ProviderSenseless(
            f"{algorithm} is not a signature that an outside issuer may use: it must be asymmetric, one of "
            f"{', '.join(ALGORITHMS)}."
        )
    if (jwks_url is None) == (jwks is None):
        raise ProviderSenseless("Give the provider's keys once: by their address or by a file.")
    if jwks_url is not None and not may_fetch(jwks_url, development=development):
        raise ProviderSenseless(f"Keys are fetched over https alone, which {jwks_url} is not.")
    if await IdentityProvider.filter(issuer=issuer, audience=audience).exists():
        raise ProviderRefused(f"{issuer} with audience {audience} is already bound to an account.")
    provider = await IdentityProvider.create(
        account_id=account,
        issuer=issuer,
        audience=audience,
        algorithm=algorithm,
        jwks_url=jwks_url,
        jwks=None if jwks is None else {"keys": _keys_for(jwks, algorithm)},
    )
    await audit.append(Actor(account), "addIdentityProvider", provider)
    return provider


async def link_subject(
    provider: IdentityProvider, subject: str, *, agent: UUID | None = None, partner_user: UUID | None = None
) -> Identity:
    """Say who the provider's `subject` is here; audited. Run within `database.writing()`.

    Raises ProviderRefused: not exactly one person, one of another account, a subject linked before.
    """
    _require_name("subject", subject)
    if (agent is None) == (partner_user is None):
        raise ProviderSenseless("A subject is an agent or a partner user: name exactly one of them.")
    people: Any = Agent if agent else PartnerUser
    if not await people.filter(id=agent or partner_user, account_id=provider.account_id).exists():
        raise ProviderRefused("There is no such person in the provider's account.")
    if await Identity.filter(provider_id=provider.id, subject=subject).exists():
        raise ProviderRefused(f"The subject {subject} is already linked to a person.")
    identity = await Identity.create(
        account_id=provider.account_id,
        provider_id=provider.id,
        subject=subject,
        agent_id=agent,
        partner_user_id=partner_user,
    )
    await audit.append(Actor(provider.account_id), "linkIdentity", identity)
    return identity


def _require_name(what: str, name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ProviderSenseless(f"The {what} is between 1 and {LONGEST_NAME} printable characters.")


def _keys_for(jwks: bytes | str | Mapping[str, Any], algorithm: str) -> list[dict[str, Any]]:
    try:
        keys = read_key_set(jwks)
    except BadKeySet as error:
        raise ProviderRefused(str(error)) from None
    if not suitable(keys, algorithm, None):
        raise ProviderRefused(f"The key set holds no key for {algorithm}.")
    return keys
