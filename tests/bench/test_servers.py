"""The three servers, started as the bench starts them, give one answer on both databases."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from bench.account import Size
from bench.comparing import Differs, compared
from bench.kept import filled
from bench.mixing import mixed
from bench.paging import variables_of
from bench.people import ASKERS, tokens
from bench.queries import BY_LETTER, QUERIES, Query
from bench.requests import ask
from bench.servers import SERVERS, NotStarted, Server, running, serving

SMALL = Size(900)


@pytest.fixture
async def account(fresh_url: Callable[[], Awaitable[str]]) -> str:
    """A database that holds a tiny account."""
    url = await fresh_url()
    await asyncio.to_thread(filled, url, SMALL, 1)
    return url


def all_compared(servers: Mapping[str, Server], bearers: Mapping[str, str]) -> dict[str, Any]:
    """What all the servers answer to each query."""
    return {
        query.letter: compared(query, servers, bearers[query.asker], _variables(query, servers, bearers))
        for query in QUERIES
        if query.page == 1
    } | {"d": _second_page(servers, bearers)}


def _variables(query: Query, servers: Mapping[str, Server], bearers: Mapping[str, str]) -> dict[str, Any]:
    return {name: variables_of(query, server, bearers[query.asker]) for name, server in servers.items()}


def _second_page(servers: Mapping[str, Server], bearers: Mapping[str, str]) -> Any:
    """The account is too small for fifty."""
    query = Query("d", "", "manager", BY_LETTER["d"].document, {"first": 20}, page=3)
    return compared(query, servers, bearers["manager"], _variables(query, servers, bearers))


def _asked_differently(servers: Mapping[str, Server], bearer: str) -> None:
    """Ask the servers for pages of different sizes, so that their answers can't agree."""
    sizes = {name: {"first": number + 1} for number, name in enumerate(servers)}
    compared(BY_LETTER["a"], servers, bearer, sizes)


async def test_the_three_servers_answer_alike(account: str) -> None:
    def compare() -> dict[str, Any]:
        bearers = dict(zip(ASKERS, tokens(account, list(ASKERS.values())), strict=True))
        with serving(tuple(SERVERS), account) as servers:
            with pytest.raises(Differs, match=r"\(a\) floor and carteira differ"):
                _asked_differently(servers, bearers["rep"])
            return all_compared(servers, bearers)

    answers = await asyncio.to_thread(compare)
    assert len(answers["a"]["data"]["deals"]["nodes"]) == 20
    contacts = answers["c"]["data"]["contacts"]["nodes"]
    assert {len(each["deals"]["nodes"]) for each in contacts} >= {0, 1, 2}
    stats = answers["e"]["data"]["dealStats"]
    assert sum(each["count"] for each in stats) == 900
    assert stats[-1]["key"] is None
    assert any(each["leftOut"] for each in stats)


async def test_every_mixed_request_is_one_that_the_real_server_answers(account: str) -> None:
    def try_all() -> None:
        rep, manager, administrator = tokens(account, list(ASKERS.values()))
        requests = mixed(1, [rep], manager, administrator)
        documents = {each[1]: each for each in requests}
        assert len(documents) > 250
        with running("carteira", account) as server:
            for asker, document, variables in documents.values():
                assert "errors" not in ask(server.port, asker, document, variables), document

    await asyncio.to_thread(try_all)


async def test_a_server_that_does_not_start_says_why(account: str) -> None:
    def start() -> None:
        with running("carteira", f"{account}/nowhere/else"):
            raise AssertionError("it started")

    with pytest.raises(NotStarted) as raised:
        await asyncio.to_thread(start)
    assert "can't be opened" in raised.value.__notes__[0]
