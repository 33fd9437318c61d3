"""Key sets of identity providers (JWKS, RFC 7517): fetched with care, kept for a while.

Whoever sends a token chooses its key id, so no token can make us fetch more often than we like.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from models import clock

FRESH = timedelta(minutes=10)
"""A key set is fetched anew after this."""

STALE = timedelta(days=1)
"""How long an old key set serves while its provider can't be reached."""

REST = timedelta(seconds=30)
"""The least time between two fetches, whatever kids strangers make up."""

TIMEOUT_SECONDS = 5.0
LARGEST_BYTES = 262_144
MOST_KEYS = 50
SHORTEST_RSA_BITS = 2048

ALGORITHMS: Mapping[str, type[Key]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSAKey),
    **dict.fromkeys(("ES256", "ES384", "ES512"), ECKey),
    **dict.fromkeys(("EdDSA", "Ed25519"), OKPKey),
}
"""Signatures that an outside issuer may use, all asymmetric, and the kind of key each needs."""

Jwk = Mapping[str, Any]
Fetch = Callable[[str], Awaitable[bytes]]
_log = logging.getLogger("carteira.sign_in")


class BadKeySet(ValueError):
    """The key set can't be fetched or read; the message says why."""


async def fetch_key_set(url: str, transport: httpx.AsyncBaseTransport | None = None) -> bytes:
    """The document at `url`: in time, of bounded size, from there and nowhere else. Raises BadKeySet."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _fetch(url, transport)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise BadKeySet(f"{url} can't be fetched: {error or 'no answer in time'}.") from error


async def _fetch(url: str, transport: httpx.AsyncBaseTransport | None) -> bytes:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    client = httpx.AsyncClient(
        transport=transport, follow_redirects=False, timeout=TIMEOUT_SECONDS, headers=headers
    )
    async with client, client.stream("GET", url) as response:
        if response.status_code != httpx.codes.OK:
            raise BadKeySet(f"{url} answers {response.status_code} where a key set was expected.")
        return await _bounded(url, response)


async def _bounded(url: str, response: httpx.Response) -> bytes:
    document = bytearray()
    async for piece in response.aiter_bytes(16_384):
        document += piece
        if len(document) > LARGEST_BYTES:
            raise BadKeySet(f"{url} holds more than {LARGEST_BYTES} bytes, more than any key set needs.")
    return bytes(document)


def may_fetch(url: str, *, development: bool = False) -> bool:
    """Whether keys may come from `url`: https; in development also http from this very machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.fragment or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (development and parts.scheme == "http" and host == "127.0.0.1")


def read_key_set(document: bytes | str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """The public parts of the asymmetric keys in a JWKS; keys of other kinds are left out.

    Raises BadKeySet where it is none, has too many keys, or none that serves.
    """
    try:
        parsed = json.loads(document) if isinstance(document, bytes | str) else document
    except (ValueError, RecursionError):
        raise BadKeySet('This is no JSON; a key set looks like {"keys": [...]}.') from None
    listed = parsed.get("keys") if isinstance(parsed, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise BadKeySet(f'A key set is an object with "keys", a list of at most {MOST_KEYS} keys.')
    public = [found for found in map(_public, listed) if found is not None]
    if not public:
        raise BadKeySet("The key set holds no public RSA, EC or OKP key for signatures.")
    return public


def suitable(key_set: list[dict[str, Any]], algorithm: str, kid: str | None) -> list[Key]:
    """The keys that may have signed with `algorithm`: those of that `kid`, or all where none is named."""
    return [
        key
        for jwk in key_set
        if (kid is None or jwk.get("kid") == kid) and jwk.get("alg", algorithm) in _names_of(algorithm)
        if isinstance(key := _import(jwk), ALGORITHMS[algorithm])
    ]


def _names_of(algorithm: str) -> tuple[str, ...]:
    """RFC 9864 gave EdDSA, with the usual curve, a second name."""
    return ("EdDSA", "Ed25519") if algorithm in ("EdDSA", "Ed25519") else (algorithm,)


def _public(jwk: object) -> dict[str, Any] | None:
    if not isinstance(jwk, dict) or jwk.get("kty") == "oct" or jwk.get("use", "sig") != "sig":
        return None
    key = _import(jwk)
    return None if key is None else dict(key.as_dict(private=False))


def _import(jwk: Jwk) -> Key | None:
    """The key, if it is asymmetric and strong enough."""
    try:
        key = JWKRegistry.import_key(dict(jwk))
        weak = isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if weak or not isinstance(key, RSAKey | ECKey | OKPKey) else key


@dataclass(slots=True)
class _Held:
    """A key set at hand, and when it was got (UTC)."""

    key_set: list[dict[str, Any]]
    since: datetime


class KeySets:
    """The key sets of all providers, by address. One fetch serves all who wait for it."""

    def __init__(self, fetch: Fetch = fetch_key_set, *, development: bool = False) -> None:
        self._fetch = fetch
        self._development = development
        self._held: dict[str, _Held] = {}
        self._tried: dict[str, datetime] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def find(self, url: str, algorithm: str, kid: str | None) -> list[Key]:
        """The keys at `url` that may have signed; a kid that is not among them is looked for once more."""
        if self._age(url) >= FRESH:
            await self._refresh(url)
        found = suitable(self._at_hand(url), algorithm, kid)
        if not found:
            await self._refresh(url)
            found = suitable(self._at_hand(url), algorithm, kid)
        return found

    def _at_hand(self, url: str) -> list[dict[str, Any]]:
        return self._held[url].key_set if self._age(url) < STALE else []

    def _age(self, url: str) -> timedelta:
        held = self._held.get(url)
        return clock.now() - held.since if held else timedelta.max

    async def _refresh(self, url: str) -> None:
        """Fetch, unless that was tried a moment ago; a fetch under way is joined."""
        task = self._running.get(url)
        if task is None:
            tried = self._tried.get(url)
            if tried is not None and clock.now() - tried < REST:
                return
            self._tried[url] = clock.now()
            task = self._running[url] = asyncio.create_task(self._get(url))
        # One who stops waiting must not take the fetch from the others.
        await asyncio.shield(task)

    async def _get(self, url: str) -> None:
        try:
            if not may_fetch(url, development=self._development):
                raise BadKeySet(f"{url} is no https address.")
            self._held[url] = _Held(read_key_set(await self._fetch(url)), clock.now())
        except Exception as error:  # noqa: BLE001 (whatever went wrong, what can't be loaded denies)
            _log.warning("No key set from %s: %s", url, error)
        finally:
            del self._running[url]
