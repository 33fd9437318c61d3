"""Passwords: Argon2id (RFC 9106), off the event loop, in a bounded pool with a bounded queue."""

import asyncio
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from secrets import token_bytes
from threading import Lock
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from authz.rate_limit import RateLimited

T = TypeVar("T")

SHORTEST_PASSWORD = 12
"""Characters."""

LONGEST_PASSWORD = 1024
"""Bytes of UTF-8."""


class PasswordRefused(ValueError):
    """The password can't be set; the message says why, in words for whoever chose it."""


class Passwords:
    """Hashes and checks passwords. Memory is in KiB; at most `threads` work at once and `waiting` wait."""

    def __init__(
        self, *, time_cost: int = 2, memory_cost: int = 47_104, threads: int = 2, waiting: int = 30
    ) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=1)
        self._nobodys = _nobodys_hash(time_cost, memory_cost)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._room = threads + waiting
        self._busy = 0
        self._lock = Lock()

    async def hash(self, password: str) -> str:
        """The hash to keep of a password being set. Raises PasswordRefused, RateLimited."""
        chosen = _accept(password)
        return await self._run(lambda: self._hasher.hash(chosen))

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` is the one hashed. Raises RateLimited.

        None is nobody's hash: nothing matches it, and to find that out takes as long as for anybody's.
        """
        # None that long was ever set; nor was the empty one that stands for it.
        given = _bytes(password) if len(password) <= LONGEST_PASSWORD else b""
        matches = await self._run(lambda: self._verify(password_hash or self._nobodys, given))
        return matches and password_hash is not None

    def _verify(self, password_hash: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, given)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._busy >= self._room:
                raise RateLimited(retry_after=1)
            self._busy += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, _: object) -> None:
        # Counted down when the work ends, not when its caller stops waiting for it.
        with self._lock:
            self._busy -= 1


@cache
def passwords() -> Passwords:
    """The pool of this process."""
    return Passwords()


async def hash_password(password: str) -> str:
    """The hash to keep of a password being set. Raises PasswordRefused, RateLimited."""
    return await passwords().hash(password)


async def check_password(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one hashed; None is nobody's hash. Raises RateLimited."""
    return await passwords().check(password_hash, password)


def _accept(password: str) -> bytes:
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused(f"A password has at least {SHORTEST_PASSWORD} characters.")
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise PasswordRefused("The password holds half a character (a lone surrogate); type it anew.")
    chosen = _bytes(password) if len(password) <= LONGEST_PASSWORD else password.encode()
    if len(chosen) > LONGEST_PASSWORD:
        raise PasswordRefused(f"A password has at most {LONGEST_PASSWORD} bytes; this one has {len(chosen)}.")
    return chosen


def _bytes(password: str) -> bytes:
    """The same bytes for the same text, however the keyboard composed it (RFC 8265, section 4)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _nobodys_hash(time_cost: int, memory_cost: int) -> str:
    """Looks like a hash, costs as much to check, and is the hash of nothing known."""
    salt, digest = (b64encode(token_bytes(length)).rstrip(b"=").decode() for length in (16, 32))
    return f"$argon2id$v=19$m={memory_cost},t={time_cost},p=1${salt}${digest}"
