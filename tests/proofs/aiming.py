"""Documents for what chance comes to too seldom: a list whose filter goes as far as what is wanted."""

from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type

from tests.judge.oracle import FIELDS
from tests.proofs.generating import Author, Document
from tests.proofs.judging import LISTS, published

INSIDE = {("distributionPolicies", "decisions"): "DistributionDecision"}
"""Lists whose type no list at the top leads to."""

Step = tuple[str, str]
"""A type, and the field of its filter."""


def aimed(author: Author, wanted: str) -> Document | None:
    """A document that may reach `wanted`, as reaching.py names it; None where no filter leads there."""
    goals = list(_goals(*wanted.split(".")))
    if not goals:
        return None
    of, name = author.chance.choice(goals)
    names, path = _ways()[of]
    made = author.filter(of) if name is None else author.operand(of, name)
    for type_name, field in reversed(path):
        how = "is" if _filter_of(type_name, field).endswith("ReferenceFilter") else "some"
        made = {field: {how: made}}
    return author.filtered(names, made)


def _goals(of: str, name: str) -> Iterator[tuple[str, str | None]]:
    """The types whose filter may hold what is wanted, and by which of its fields, if by one."""
    for type_name in _ways():
        fields = _fields(type_name)
        if of == f"{type_name}Filter":
            yield type_name, None if name in ("all", "any", "not", "search") else name
        for field, named in fields.items():
            if named.name == of or of in _enums_in(named):
                yield type_name, field


@cache
def _ways() -> dict[str, tuple[tuple[str, ...], tuple[Step, ...]]]:
    """By type: a list, and the shortest way to the type's filter through those of others."""
    lists = {(root,): type_name for root, type_name in LISTS.items()} | INSIDE
    found: dict[str, tuple[tuple[str, ...], tuple[Step, ...]]] = {}
    waiting = deque[tuple[str, tuple[str, ...], tuple[Step, ...]]](
        (type_name, names, ()) for names, type_name in lists.items()
    )
    while waiting:
        type_name, names, path = waiting.popleft()
        if type_name in found:
            continue
        found[type_name] = names, path
        for field, named in _fields(type_name).items():
            if named.name.endswith(("ListFilter", "ReferenceFilter")):
                target = FIELDS[type_name][field].target
                waiting.append((target, names, (*path, (type_name, field))))
    return found


def _fields(type_name: str) -> dict[str, Any]:
    filter = published().type_map[f"{type_name}Filter"]
    assert isinstance(filter, GraphQLInputObjectType)
    return {
        name: get_named_type(each.type)
        for name, each in filter.fields.items()
        if name not in ("all", "any", "not", "search", "id")
    }


def _enums_in(filter: Any) -> set[str]:
    if not isinstance(filter, GraphQLInputObjectType):
        return set()
    named = (get_named_type(each.type) for each in filter.fields.values())
    return {each.name for each in named if isinstance(each, GraphQLEnumType)}


def _filter_of(type_name: str, field: str) -> str:
    return str(_fields(type_name)[field].name)
