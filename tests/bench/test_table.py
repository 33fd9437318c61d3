"""What is made of the figures: ratios side by side, goals, and where answers part."""

from typing import Any

import pytest

from bench.comparing import difference, empty, without_cursors
from bench.driving import Measured
from bench.measuring import Result, Results
from bench.queries import BY_LETTER
from bench.table import Table, goals_of, of_results

NAMES = ("floor", "carteira", "plain")


def result(*rates: float, median: float = 1.0) -> Result:
    """Rounds of these rates."""
    measured = {number: Measured(int(rate), 1.0, median, 2 * median) for number, rate in enumerate(rates)}
    return Result(measured, dict.fromkeys(measured, 0.5))


def results(letter: str, floor: Result, carteira: Result, plain: Result) -> Results:
    """The results of one query."""
    return {(letter, "floor"): floor, (letter, "carteira"): carteira, (letter, "plain"): plain}


def test_a_ratio_is_the_median_of_what_each_round_says() -> None:
    # A machine that was disturbed in one round disturbs one round's ratio alone.
    assert result(80, 8, 90).rate_against(result(100, 100, 100)) == 0.8
    assert result(100).time_against(result(100, median=2.0)) == 0.5


def test_a_server_that_took_part_in_few_rounds_is_held_against_those() -> None:
    assert result(80, 8, 90).rate_against(result(40)) == 2
    assert result(100, 400).work == 2.0


def test_goals_are_met_or_not() -> None:
    given = results("b", result(1000), result(900), result(10))
    assert [met for _, met in goals_of(BY_LETTER["b"], given)] == [True, True]
    given = results("b", result(1000), result(840), result(100))
    assert [met for _, met in goals_of(BY_LETTER["b"], given)] == [False, False]


def test_a_deep_page_is_held_against_the_first() -> None:
    given = results("d", result(1), result(1, median=1.4), result(1))
    assert goals_of(BY_LETTER["d"], given) == []
    given |= results("d1", result(1), result(1, median=1.0), result(1))
    assert [met for _, met in goals_of(BY_LETTER["d"], given)] == [False]


def test_a_goal_that_nothing_was_measured_for_is_left_out() -> None:
    table = of_results("A title", [BY_LETTER["a"]], {("a", "carteira"): result(100)}, ["carteira"])
    assert table.lines[0][-2:] == ("", "")


def test_a_table_in_markdown_has_as_many_columns_in_every_line() -> None:
    table = of_results("A title", [BY_LETTER["a"]], results("a", result(9), result(8), result(1)), NAMES)
    lines = table.markdown().splitlines()
    assert lines[0] == "### A title"
    assert len({line.count("|") for line in lines[2:]}) == 1
    assert "| yes |" in table.markdown()
    assert table.printed().row_count == len(NAMES)


def test_a_table_without_groups() -> None:
    assert Table("T", ("n",), (("1",), ("2",)), left=0).printed().row_count == 2


def test_cursors_are_left_out_wherever_they_are() -> None:
    answer = {"deals": {"edges": [{"cursor": "x", "node": 1}], "pageInfo": {"endCursor": "y", "more": True}}}
    assert without_cursors(answer) == {"deals": {"edges": [{"node": 1}], "pageInfo": {"more": True}}}


@pytest.mark.parametrize("data", [None, {}, {"deals": None}, {"deals": {"nodes": [], "more": False}}])
def test_an_answer_without_anything_in_it(data: Any) -> None:
    assert empty(data)


def test_a_difference_shows_both_sides() -> None:
    text = difference("a", "floor", {"name": "Ana"}, "plain", {"name": "Rita"})
    assert "(a) floor and plain differ" in text
    assert '-  "name": "Ana"' in text
    assert '+  "name": "Rita"' in text
