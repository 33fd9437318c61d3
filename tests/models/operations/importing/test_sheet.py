"""Reading CSV: what is broken costs its own line and no other."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.operations.importing import sheet
from models.operations.importing.sheet import Broken, Fields, read_fields


def read(text: str, delimiter: str = ",") -> list[Fields | Broken]:
    return list(read_fields(io.StringIO(text, newline=""), delimiter))


def test_rows_know_the_line_where_they_begin() -> None:
    rows = read('a,b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n')
    assert rows == [Fields(1, ["a", "b"]), Fields(2, ["1", "two\r\nlines"]), Fields(5, ["3", "4"])]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ('"never closed,2', "never closed"),
        ('"two"words,2', "closing quote"),
        ("x" * (sheet.LONGEST_LINE + 5) + ",2", "more than 1,000,000 characters"),
        ("x" * 200_000 + ",2", "field larger"),
    ],
)
def test_a_broken_line_takes_no_other_with_it(bad: str, told: str) -> None:
    header, broken, *others = read(f"a,b\n{bad}\n3,4\n5,6\n")
    assert header == Fields(1, ["a", "b"])
    assert isinstance(broken, Broken)
    assert broken.line == 2
    assert told in broken.reason
    assert others == [Fields(3, ["3", "4"]), Fields(4, ["5", "6"])]


def test_a_quote_closed_by_a_later_line_s_quote_takes_no_line_with_it() -> None:
    rows = read('a,b\n"1,2\n3,4\n"5,6\n7,8\n')
    assert [row.line for row in rows if isinstance(row, Broken)] == [2, 4]
    assert [row for row in rows if isinstance(row, Fields)][1:] == [
        Fields(3, ["3", "4"]),
        Fields(5, ["7", "8"]),
    ]


def test_a_quote_that_stays_open_for_long_is_given_up() -> None:
    rows = read("a,b\n" + '"1,2\n' + "3,4\n" * 1000)
    assert rows[1] == Broken(2, "a quote is opened here and not closed within 200 lines; close it")
    assert len(rows) == 1002


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=2, max_size=2)
    )
)
def test_what_the_csv_module_writes_is_read_again(rows: list[list[str]]) -> None:
    import csv

    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    assert [row.fields for row in read(stream.getvalue()) if isinstance(row, Fields)][1:] == rows


@given(st.text('a,"\n', max_size=60))
def test_every_line_is_read_once(text: str) -> None:
    rows = read("a,b\n" + text)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
