"""Passwords: hashed with Argon2id, checked with equal work, never more at once than there is room for."""

import asyncio
import unicodedata
from threading import Event, Thread, current_thread

import pytest

from authz import passwords
from authz.passwords import LONGEST_PASSWORD, PasswordRefused, Passwords
from authz.rate_limit import RateLimited

PASSWORD = "correct horse battery staple"


def cheap(threads: int = 2, waiting: int = 30) -> Passwords:
    return Passwords(time_cost=1, memory_cost=8, threads=threads, waiting=waiting)


async def test_the_right_password_matches_and_no_other() -> None:
    hashing = cheap()
    hashed = await hashing.hash(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert await hashing.check(hashed, PASSWORD)
    assert not await hashing.check(hashed, PASSWORD + " ")
    assert not await hashing.check(hashed, "")


async def test_the_same_password_hashes_differently_each_time() -> None:
    hashing = cheap()
    assert await hashing.hash(PASSWORD) != await hashing.hash(PASSWORD)


class Remembering(Passwords):
    """Remembers which hashes it verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8)
        self.verified: list[str] = []

    def _verify(self, password_hash: str, given: bytes) -> bool:
        self.verified.append(password_hash)
        return super()._verify(password_hash, given)


async def test_nobodys_password_costs_as_much_and_never_matches() -> None:
    hashing = Remembering()
    assert not await hashing.check(None, PASSWORD)
    assert await hashing.check(await hashing.hash(PASSWORD), PASSWORD)
    nobodys, somebodys = (hashed.split("$") for hashed in hashing.verified)
    assert nobodys[:4] == somebodys[:4]
    assert [len(part) for part in nobodys] == [len(part) for part in somebodys]


@pytest.mark.parametrize("broken", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$$", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_hash_that_is_none_matches_nothing(broken: str) -> None:
    assert not await cheap().check(broken, PASSWORD)


@pytest.mark.parametrize("password", ["", "elevenchars", "ü" * 11])
async def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="at least 12 characters"):
        await cheap().hash(password)


async def test_the_longest_password_is_used_whole() -> None:
    hashing, longest = cheap(), "x" * LONGEST_PASSWORD
    hashed = await hashing.hash(longest)
    assert await hashing.check(hashed, longest)
    assert not await hashing.check(hashed, longest[:-1] + "y")
    assert not await hashing.check(hashed, longest + "x")


@pytest.mark.parametrize("password", ["x" * (LONGEST_PASSWORD + 1), "ü" * (LONGEST_PASSWORD // 2 + 1)])
async def test_a_longer_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="at most 1024 bytes"):
        await cheap().hash(password)


async def test_text_matches_however_it_was_composed() -> None:
    hashing, password = cheap(), "senhã muito lõnga"
    hashed = await hashing.hash(unicodedata.normalize("NFD", password))
    assert await hashing.check(hashed, unicodedata.normalize("NFC", password))


async def test_half_a_character_is_refused_and_matches_nothing() -> None:
    hashing = cheap()
    with pytest.raises(PasswordRefused, match="surrogate"):
        await hashing.hash("twelve chars \ud800")
    assert not await hashing.check(await hashing.hash(PASSWORD), "\ud800")


async def test_the_event_loop_goes_on_meanwhile() -> None:
    hashing = cheap()
    threads: list[Thread] = []
    await hashing._run(lambda: threads.append(current_thread()))
    assert threads != [current_thread()]


async def test_when_the_queue_is_full_the_next_is_told_to_come_back() -> None:
    hashing, go = cheap(threads=1, waiting=1), Event()
    working = [asyncio.create_task(hashing._run(go.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await hashing.check(None, PASSWORD)
    go.set()
    await asyncio.gather(*working)
    assert not await hashing.check(None, PASSWORD)


async def test_one_who_stops_waiting_gives_up_their_place_in_the_queue() -> None:
    hashing, go = cheap(threads=1, waiting=1), Event()
    working, waiting = (asyncio.create_task(hashing._run(go.wait)) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    next_in_line = asyncio.create_task(hashing.check(None, PASSWORD))
    await asyncio.sleep(0)
    go.set()
    assert await working
    assert not await next_in_line


async def test_the_module_has_one_pool_for_the_process() -> None:
    assert passwords.passwords() is passwords.passwords()
