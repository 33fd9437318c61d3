"""JSON Web Tokens (RFC 7519), read with suspicion: nothing in one chooses how it is checked."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key

# RFC 9864 renamed it Ed25519; most providers still write EdDSA, and their operators can't change that.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

LONGEST_TOKEN = 8192
"""Characters."""


class BadToken(Exception):
    """The token is not accepted. The message is the same for every reason, so that it betrays nothing."""

    def __init__(
        self, message: str = "The token is not valid, has expired or was revoked. Sign in for a new one."
    ) -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Jwt:
    """A token's parts. Until `check_signature` has passed they are anybody's words."""

    text: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def issuer(self) -> str:
        """Who says that they issued it. Raises BadToken."""
        return text_in(self.claims, "iss")

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is for: one, or a list. Raises BadToken."""
        named = self.claims.get("aud")
        audiences = named if isinstance(named, list) else [named]
        if not audiences or not all(isinstance(audience, str) for audience in audiences):
            raise BadToken
        return tuple(audiences)


def read(text: str) -> Jwt:
    """The parts of `text`, unchecked. Raises BadToken where it is no signed token at all."""
    if len(text) > LONGEST_TOKEN or not text.isascii():
        raise BadToken
    try:
        parts = jws.extract_compact(text.encode("ascii"))
        claims = json.loads(parts.payload or b"", parse_constant=_refuse)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken from None
    header = parts.headers()
    # An extension that must be understood ("crit") is one that nobody here understands.
    if not isinstance(claims, dict) or not isinstance(header, dict) or "crit" in header:
        raise BadToken
    return Jwt(text, header, claims)


def check_signature(jwt: Jwt, key: Key, algorithm: str) -> None:
    """Raises BadToken unless `key` signed the token with `algorithm`, whatever its header asks for."""
    if jwt.header.get("alg") != algorithm:
        raise BadToken
    try:
        jws.deserialize_compact(jwt.text, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise BadToken from None


def text_in(claims: Mapping[str, Any], name: str) -> str:
    """The claim `name`, text that a database can hold. Raises BadToken."""
    found = claims.get(name)
    if not isinstance(found, str) or not found or "\0" in found or not _is_whole(found):
        raise BadToken
    return found


def instant_in(claims: Mapping[str, Any], name: str) -> datetime:
    """The claim `name`, seconds since 1970, in UTC. Raises BadToken."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise BadToken
    try:
        return datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadToken from None


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number.")
