"""A mix of requests as a day brings them: the bench's queries, hundreds of other documents, many viewers."""

from collections.abc import Sequence
from random import Random
from typing import Any

from bench.queries import QUERIES

DOCUMENTS = 300
MIXED = 3_000
"""Requests that differ; they are sent over and over, in one shuffled order."""

HEAVY = ("e",)
"""What sums whole accounts is asked for seldom."""

Request = tuple[str, str, dict[str, Any]]
"""Who asks, the document, and its variables."""


def _each(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_DEAL = _each(
    "id title stage status createdAt updatedAt wonAt lostAt expectedCloseOn version maskedFields "
    "amount{amount,currency} owner{id,name} team{id,name} inbox{name} partner{name} assignedUser{name} "
    "contact{id,name,company,owner{name}} conversation{subject,status} viewerCan{update,assign}"
)
_CONTACT = _each(
    "id name company email phone createdAt version owner{id,name} team{name} viewerCan{update} "
    "deals(first:3){nodes{title,status,amount{amount}}} conversations(first:2){nodes{subject,status}} "
    "deals(first:2,filter:{status:{eq:WON}}){nodes{id},totalCount} ownerships{start,owner{name}}"
)
_CONVERSATION = _each(
    "id subject status lastMessageAt createdAt inbox{id,name} owner{name} contact{id,name,company} "
    "deals(first:2){nodes{title,stage}} messages(first:1){nodes{body}} maskedFields version"
)
_LISTS = {
    "deals": (
        _DEAL,
        ("{status:{eq:OPEN}}", '{amount:{gt:"1000"}}', '{search:"aurora"}', '{not:{stage:{eq:"New"}}}'),
    ),
    "contacts": (
        _CONTACT,
        ('{company:{contains:"Glass"}}', "{deals:{some:{status:{eq:WON}}}}", '{search:"ana"}'),
    ),
    "conversations": (_CONVERSATION, ("{status:{eq:OPEN}}", '{contact:{is:{name:{contains:"a"}}}}')),
}


def mixed(seed: int, reps: Sequence[str], manager: str, administrator: str) -> list[Request]:
    """The requests, the same for the same seed."""
    random = Random(seed)  # noqa: S311 the same mix again, no secrets
    askers = {"manager": [manager], "administrator": [administrator], "rep": list(reps)}
    documents = [_document(random, number) for number in range(DOCUMENTS)]
    light = [query for query in QUERIES if query.letter not in HEAVY and query.page == 1]
    requests: list[Request] = []
    for number in range(MIXED):
        if number % 3 == 0:
            query = random.choice(light)
            requests.append((random.choice(askers[query.asker]), query.document, query.variables))
        else:
            asker = random.choice((*askers["rep"], manager))
            requests.append((asker, random.choice(documents), {"first": random.randrange(1, 30)}))
    heavy = [query for query in QUERIES if query.letter in HEAVY]
    requests += [(random.choice(askers[query.asker]), query.document, query.variables) for query in heavy]
    random.shuffle(requests)
    return requests


def _document(random: Random, number: int) -> str:
    lists = random.sample(sorted(_LISTS), random.choice((1, 1, 1, 2)))
    fields = " ".join(_list(random, name) for name in lists)
    return f"query Mixed{number}($first: Int!) {{ {fields} }}"


def _list(random: Random, name: str) -> str:
    selections, filters = _LISTS[name]
    chosen = random.sample(selections, random.randrange(2, 8))
    aliased = " ".join(f"f{number}: {each}" for number, each in enumerate(chosen))
    filter = f", filter: {random.choice(filters)}" if random.random() < 0.4 else ""
    count = " totalCount" if random.random() < 0.2 else ""
    return f"{name}(first: $first{filter}) {{ nodes {{ {aliased} }}{count} }}"
