"""What a document costs before it runs, and what is kept of it afterwards."""

import gc
import weakref
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query

from models.database import Dialect
from resolvers.schema import schema
from schema.reading import documents
from schema.reading.answering import Reading
from schema.reading.documents import (
    LONGEST_DOCUMENT,
    LONGEST_TEXT,
    LONGEST_TEXT_UNSIGNED,
    MOST_TOKENS,
    MOST_TOKENS_UNSIGNED,
    Documents,
    Newest,
)
from tests.resolvers.support import KEYS
from tests.resolvers.test_http import AN_ADMINISTRATOR

WHOLE_SCHEMA = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
)


@pytest.fixture
def known() -> Documents:
    """None yet."""
    return Documents(schema._schema)


def codes(errors: Any) -> list[str]:
    """The codes that the errors carry."""
    return [(error.extensions or {}).get("code", "") for error in errors]


def of_tokens(number: int) -> str:
    """A valid document of so many tokens."""
    return "{" + " __typename" * (number - 2) + "}"


def later(number: int) -> str:
    """Spreads of all fragments after this one of fifty."""
    return " ".join(f"...F{each}" for each in range(number + 1, 50))


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_document_has_so_many_tokens_and_characters_by_who_sends_it(
    signed_in: bool, known: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "validate", lambda *_: [])
    tokens = MOST_TOKENS if signed_in else MOST_TOKENS_UNSIGNED
    longest = LONGEST_TEXT if signed_in else LONGEST_TEXT_UNSIGNED
    for text, too_much in (
        (of_tokens(tokens), False),
        (of_tokens(tokens + 1), True),
        ("{__typename}" + "#" * (longest - 12), False),
        ("{__typename}" + "#" * (longest - 11), True),
    ):
        document = known.document(text, introspects=False, signed_in=signed_in)
        assert codes(document.errors) == (["QUERY_TOO_COMPLEX"] if too_much else [])
        assert (document.operation(None) is None) is too_much


def test_whoever_is_not_signed_in_gets_no_larger_one_for_being_known(known: Documents) -> None:
    text = "{" + "".join(f" a{n}: __typename" for n in range(MOST_TOKENS_UNSIGNED // 3 + 1)) + "}"
    assert not known.document(text, introspects=True, signed_in=True).errors
    assert known.document(text, introspects=True, signed_in=False).errors


def test_the_schema_can_be_asked_for_in_development_without_signing_in(known: Documents) -> None:
    assert not known.document(WHOLE_SCHEMA, introspects=True, signed_in=False).errors


@pytest.mark.parametrize(
    "text",
    [
        "{" + " viewer { kind }" * 700 + "}",
        "{" + " __typename" * 3_000 + "}",
        "{" + " viewer { ... { kind } }" * 700 + "}",
        "{ ...F0 }"
        + "".join(f" fragment F{n} on Query {{ viewer {{ kind }} {later(n)} }}" for n in range(50)),
    ],
    ids=["fields", "leaves", "inline fragments", "fragments"],
)
def test_fields_under_one_key_are_compared_so_often_and_no_more(text: str, known: Documents) -> None:
    """graphql-core compares each with each, in the end its own limit's worth: seconds of it."""
    document = known.document(text, introspects=True, signed_in=True)
    assert codes(document.errors) == ["QUERY_TOO_COMPLEX"]


def test_a_hundred_fields_under_one_key_are_no_more_than_frontends_ask_for(known: Documents) -> None:
    text = "{" + " viewer { kind }" * 100 + "}"
    assert not known.document(text, introspects=True, signed_in=True).errors


def test_what_is_wrong_is_told_by_the_first_who_looks(
    known: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = known.document("{ nothing }", introspects=True, signed_in=True)
    assert codes(document.errors) == ["GRAPHQL_VALIDATION_FAILED"]
    assert document.operation(None) is None
    unread = known.document("{", introspects=True, signed_in=True)
    assert isinstance(unread.errors[0], GraphQLError)
    assert unread.node is None


def test_what_weighs_more_than_all_may_is_not_kept_and_takes_nothing_with_it() -> None:
    kept: Newest[str, str] = Newest(10)
    kept.put("small", "small", 4)
    assert kept.put("large", "large", 11) == "large"
    assert kept.get("small") == "small"
    assert kept.get("large") is None
    kept.put("another", "another", 7)
    assert (kept.get("small"), len(kept)) == (None, 1)


async def _asked(known: Documents, text: str, variables: dict[str, Any]) -> Any:
    """Ask a document once, of a database that has nothing; the document's nodes."""

    async def fetch(*_: Any) -> Any:
        return {"data": str([[]] * 60), "version": 1}

    document = known.document(text, introspects=True, signed_in=True)
    operation = document.operation(None)
    assert operation is not None
    reading = Reading(schema._schema, Dialect.SQLITE, KEYS, known.memory)
    answered = await reading.answer(operation, variables, AN_ADMINISTRATOR, AN_ADMINISTRATOR.shape, fetch)
    assert answered is not None
    return document.node


async def test_of_a_long_document_nothing_is_kept(known: Documents) -> None:
    text = "query($n: Int = 5) { deals(first: $n) { nodes { id } } }"
    await _asked(known, text + "#" * LONGEST_DOCUMENT, {})
    assert (len(known.memory.asked), len(known.memory.plans), len(known._known)) == (0, 0, 0)
    await _asked(known, text, {})
    assert (len(known.memory.asked), len(known.memory.plans), len(known._known)) == (1, 1, 1)


async def test_what_is_kept_of_a_document_does_not_keep_the_document(known: Documents) -> None:
    node = weakref.ref(await _asked(known, "query($n: Int = 5) { deals(first: $n) { nodes { id } } }", {}))
    assert node() is not None
    known._known = Newest(1)
    gc.collect()
    assert (len(known.memory.asked), len(known.memory.plans)) == (1, 1)
    assert node() is None


async def test_plans_and_what_is_asked_weigh_as_much_as_they_take(known: Documents) -> None:
    await _asked(known, "{ deals { nodes { id } } }", {})
    small = known.memory.plans._weight, known.memory.asked._weight
    fields = " ".join(f"a{n}: deals(first: {n + 1}) {{ nodes {{ id title }} }}" for n in range(60))
    await _asked(known, "{" + fields + "}", {})
    assert known.memory.plans._weight > 30 * small[0]
    assert known.memory.asked._weight > 30 * small[1]


def test_an_operation_of_a_document_that_was_dropped_is_another(known: Documents) -> None:
    """Nothing that is kept is found by a document that only looks the same."""
    text = "{ deals { totalCount } }"
    first = known.document(text, introspects=True, signed_in=True).operation(None)
    known._known = Newest(1)
    second = known.document(text, introspects=True, signed_in=True).operation(None)
    assert first is not None
    assert second is not None
    assert first.number != second.number
