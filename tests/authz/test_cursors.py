"""Cursors: what goes in comes out, in one place only, and nothing else does."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz import cursors
from authz.cursors import BadCursor
from authz.keys import Keys

KEYS = Keys.derive("a secret of some length")
OTHER_KEYS = Keys.derive("another secret of some length")

VALUES = st.lists(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.text(st.characters(exclude_categories=())),
        st.uuids(),
        st.datetimes(timezones=st.just(UTC)),
        st.dates(),
        st.decimals(allow_nan=False),
    ),
    max_size=6,
)


@given(VALUES, st.binary(max_size=40))
def test_values_come_back_as_they_were(values: list[Any], binding: bytes) -> None:
    opened = cursors.open(KEYS, binding, cursors.seal(KEYS, binding, values))
    assert opened == values
    assert [type(value) for value in opened] == [type(value) for value in values]


@given(VALUES, st.binary(max_size=40), st.binary(max_size=40))
def test_a_cursor_is_good_for_its_own_list_alone(values: list[Any], here: bytes, there: bytes) -> None:
    cursor = cursors.seal(KEYS, here, values)
    if here != there:
        _assert_bad(cursor, binding=there)
    _assert_bad(cursor, binding=here, keys=OTHER_KEYS)


@given(VALUES, st.data())
def test_every_change_is_found(values: list[Any], data: st.DataObject) -> None:
    cursor = cursors.seal(KEYS, b"deals", values)
    place = data.draw(st.integers(0, len(cursor) - 1))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    letter = data.draw(st.sampled_from(alphabet).filter(lambda it: it != cursor[place]))
    _assert_bad(cursor[:place] + letter + cursor[place + 1 :])
    _assert_bad(cursor[:place])
    _assert_bad(cursor[:place] + letter + cursor[place:])


@given(st.text(st.characters(exclude_categories=())))
def test_any_other_text_is_a_bad_cursor(text: str) -> None:
    _assert_bad(text)


@pytest.mark.parametrize("spoil", ["{}=", "{}==", "{}\n", " {}", "{}\0", "é{}"])
def test_only_one_spelling_is_good(spoil: str) -> None:
    _assert_bad(spoil.format(cursors.seal(KEYS, b"deals", [1])))


def test_an_endless_cursor_is_refused_unread() -> None:
    _assert_bad("A" * (cursors.LONGEST_CURSOR + 1))
    with pytest.raises(ValueError, match="shorter"):
        cursors.seal(KEYS, b"deals", ["x" * cursors.LONGEST_CURSOR])


def test_equal_values_give_equal_bytes_and_equal_instants_too() -> None:
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=9)))
    assert cursors.seal(KEYS, b"deals", [noon]) == cursors.seal(KEYS, b"deals", [elsewhere])


def test_nothing_can_be_read_in_it() -> None:
    value = UUID("12345678-1234-5678-1234-567812345678")
    sealed = cursors.seal(KEYS, b"deals", [value, "Ana", date(2024, 5, 1), Decimal("10.50")])
    assert sealed[:22] != cursors.seal(KEYS, b"contacts", [value])[:22]
    assert "Ana" not in sealed


def test_a_value_of_another_type_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="float"):
        cursors.seal(KEYS, b"deals", [1.5])


def _assert_bad(cursor: str, *, binding: bytes = b"deals", keys: Keys = KEYS) -> None:
    with pytest.raises(BadCursor):
        cursors.open(keys, binding, cursor)
