"""Key sets: fetched when needed, not at a stranger's word, from the right place, and never without end."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from authz.key_sets import (
    FRESH,
    LARGEST_BYTES,
    MOST_KEYS,
    REST,
    STALE,
    BadKeySet,
    KeySets,
    fetch_key_set,
    may_fetch,
    read_key_set,
)
from models import clock

URL = "https://id.example/keys"
OLD = ECKey.generate_key("P-256", {"kid": "old"})
NEW = ECKey.generate_key("P-256", {"kid": "new"})


class Provider:
    """Serves a key set, counts how often, and can be unreachable."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.fetched = 0
        self.reachable = True
        self.answer = asyncio.Event()
        self.answer.set()

    async def fetch(self, url: str) -> bytes:
        self.fetched += 1
        await self.answer.wait()
        if not self.reachable:
            raise BadKeySet(f"{url} can't be fetched.")
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()


class Time:
    """An instant that moves when told to."""

    def __init__(self) -> None:
        self.instant = datetime(2024, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def passes(self, span: timedelta) -> None:
        self.instant += span


@pytest.fixture
def time() -> Iterator[Time]:
    time = Time()
    clock.tell_time_with(time)
    yield time
    clock.tell_time_with(None)


async def kids(key_sets: KeySets, kid: str | None) -> list[str | None]:
    return [key.kid for key in await key_sets.find(URL, "ES256", kid)]


@pytest.fixture(autouse=True)
def _held_still(time: Time) -> None:
    """Time stands still in every test here."""


async def test_a_key_set_is_fetched_once_and_kept(time: Time) -> None:
    provider = Provider(OLD)
    key_sets = KeySets(provider.fetch)
    for _ in range(5):
        assert await kids(key_sets, "old") == ["old"]
    assert provider.fetched == 1
    time.passes(FRESH)
    await kids(key_sets, "old")
    assert provider.fetched == 2


async def test_a_new_key_is_looked_for_but_not_for_every_stranger(time: Time) -> None:
    provider = Provider(OLD)
    key_sets = KeySets(provider.fetch)
    await kids(key_sets, "old")
    provider.keys = (OLD, NEW)
    assert await kids(key_sets, "new") == []
    time.passes(REST)
    assert await kids(key_sets, "new") == ["new"]
    for number in range(100):
        assert await kids(key_sets, f"made up {number}") == []
    assert provider.fetched == 2


async def test_a_key_taken_back_is_gone_once_fetched_anew(time: Time) -> None:
    provider = Provider(OLD, NEW)
    key_sets = KeySets(provider.fetch)
    await kids(key_sets, "old")
    provider.keys = (NEW,)
    time.passes(FRESH)
    assert await kids(key_sets, "old") == []


async def test_while_the_provider_is_away_the_old_keys_serve_for_a_day(time: Time) -> None:
    provider = Provider(OLD)
    key_sets = KeySets(provider.fetch)
    await kids(key_sets, "old")
    provider.reachable = False
    time.passes(STALE - timedelta(seconds=1))
    assert await kids(key_sets, "old") == ["old"]
    time.passes(timedelta(seconds=1))
    assert await kids(key_sets, "old") == []


async def test_what_was_never_there_denies_and_is_not_asked_for_at_once_again(time: Time) -> None:
    provider = Provider(OLD)
    provider.reachable = False
    key_sets = KeySets(provider.fetch)
    for _ in range(10):
        assert await kids(key_sets, "old") == []
    assert provider.fetched == 1
    provider.reachable = True
    time.passes(REST)
    assert await kids(key_sets, "old") == ["old"]


async def test_one_fetch_serves_all_who_wait_though_the_first_goes_away() -> None:
    provider = Provider(OLD)
    provider.answer.clear()
    key_sets = KeySets(provider.fetch)
    waiting = [asyncio.create_task(kids(key_sets, "old")) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    provider.answer.set()
    assert await asyncio.gather(*waiting[1:]) == [["old"]] * 4
    assert provider.fetched == 1


async def test_plain_http_is_never_fetched() -> None:
    provider = Provider(OLD)
    assert await KeySets(provider.fetch).find("http://id.example/keys", "ES256", None) == []
    assert provider.fetched == 0


@pytest.mark.parametrize(
    ("url", "in_production", "in_development"),
    [
        ("https://id.example/keys", True, True),
        ("https://id.example:8443/keys?v=1", True, True),
        ("http://127.0.0.1:9000/keys", False, True),
        ("http://id.example/keys", False, False),
        ("http://127.0.0.1.example/keys", False, False),
        ("http://127.0.0.1@evil.example/keys", False, False),
        ("https://user@id.example/keys", False, False),
        ("https://id.example:port/keys", False, False),
        ("https:///keys", False, False),
        ("https://id.example/\nkeys", False, False),
        ("file:///etc/passwd", False, False),
        ("ftp://id.example/keys", False, False),
        ("", False, False),
    ],
)
def test_where_keys_may_come_from(url: str, in_production: bool, in_development: bool) -> None:
    assert may_fetch(url) is in_production
    assert may_fetch(url, development=True) is in_development


# Fetching


def answering(response: httpx.Response | Exception) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return httpx.MockTransport(handle)


async def test_the_document_comes_as_it_is() -> None:
    assert (
        await fetch_key_set(URL, answering(httpx.Response(200, content=b'{"keys": []}'))) == b'{"keys": []}'
    )


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(302, headers={"Location": "https://evil.example/keys"}),
        httpx.Response(404),
        httpx.Response(500),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        OSError("no network"),
    ],
)
async def test_any_other_answer_is_none(response: httpx.Response | Exception) -> None:
    with pytest.raises(BadKeySet, match=URL):
        await fetch_key_set(URL, answering(response))


async def test_an_endless_document_is_not_read_to_its_end() -> None:
    read = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            nonlocal read
            while True:
                read += 1
                yield b" " * 65_536

    with pytest.raises(BadKeySet, match="more than"):
        await fetch_key_set(URL, answering(httpx.Response(200, stream=Endless())))
    assert read <= LARGEST_BYTES // 65_536 + 1


# Reading


@pytest.mark.filterwarnings("ignore:Key size")
def test_only_public_keys_for_signatures_are_kept() -> None:
    weak = RSAKey.generate_key(1024, {"kid": "weak"}, auto_kid=False)
    listed = [
        OLD.as_dict(private=True),
        OctKey.generate_key(256).as_dict(),
        {**NEW.as_dict(private=False), "use": "enc"},
        weak.as_dict(private=False),
        {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"},
        {"kty": "unheard of"},
        "no key",
        None,
    ]
    assert read_key_set({"keys": listed}) == [OLD.as_dict(private=False)]


@pytest.mark.parametrize(
    "document", ["", "x", "[]", "{}", '{"keys": {}}', '{"keys": []}', "[" * 100_000, b"\xff"]
)
def test_what_is_no_key_set_is_refused(document: str | bytes) -> None:
    with pytest.raises(BadKeySet):
        read_key_set(document)


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(BadKeySet, match=str(MOST_KEYS)):
        read_key_set({"keys": [OLD.as_dict(private=False)] * (MOST_KEYS + 1)})
