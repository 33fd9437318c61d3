"""Lists and sums over the view: three values, order, pages, quantifiers."""

from typing import Any
from uuid import UUID

import pytest

from tests.judge.answers import (
    Group,
    answer_list,
    answer_page,
    deal_stats,
    global_id,
    portfolio_list,
    portfolio_stats,
)
from tests.judge.small import Small
from tests.judge.viewers import Judged
from tests.judge.world import START, Row


class _Scene:
    """A rep in MASKED mode, with two deals of their own and one of a colleague's, masked."""

    def __init__(self) -> None:
        self.small = Small(isolation_mode="MASKED")
        small = self.small
        self.me = small.agent(teams=[small.north], name="Me")
        self.colleague = small.agent(teams=[small.north], name="Émile")
        mine = {"owner_id": self.me["id"], "team_id": small.north["id"]}
        self.low = small.deal(**mine, title="STRASSE", amount=100)
        self.euro = small.deal(**mine, title="b", amount=900, currency="EUR", stage=None)
        self.masked = small.deal(**mine | {"owner_id": self.colleague["id"]}, title="a", amount=500)
        columns: Row = {"kind": "PAYMENT", "currency": "USD", "paid_at": START}
        for deal in (self.low, self.masked):
            small.add("payment", deal_id=deal["id"], amount=5, **columns)

    @property
    def viewer(self) -> Judged:
        return self.small.look(self.me)

    def name(self, row_id: UUID) -> str:
        rows = {"low": self.low, "euro": self.euro, "masked": self.masked}
        return next(name for name, row in rows.items() if row["id"] == row_id)

    def found(self, where: Row) -> str:
        return " ".join(sorted(self.name(one) for one in answer_list(self.viewer, "Deal", where)))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "euro low masked"),
        ({"title": {"contains": "straß"}}, "low"),
        ({"title": {"in": ["A", "B"]}}, "euro masked"),
        ({"not": {"title": {"eq": "A"}}}, "euro low"),
        ({"amount": {"gte": "1.00"}}, "low"),
        ({"amount": {"lt": "1.00"}}, ""),
        ({"not": {"amount": {"gt": "0.5"}}}, ""),
        ({"amount": {"gt": "1", "currency": "EUR"}}, "euro"),
        ({"amount": {"isNull": True}}, "masked"),
        ({"stage": {"isNull": True}}, "euro"),
        ({"stage": {"ne": "x"}}, "low masked"),
        ({"status": {"in": []}}, ""),
        ({"not": {"stage": {"in": []}}}, "euro low masked"),
        ({"payments": {"some": {}}}, "low"),
        ({"payments": {"none": {}}}, "euro"),
        ({"not": {"payments": {"some": {}}}}, "euro"),
        ({"payments": {"every": {"amount": {"eq": "0.05"}}}}, "euro low"),
        ({"any": [{"title": {"eq": "b"}}, {"amount": {"eq": "1"}}]}, "euro low"),
        ({"all": [{"title": {"eq": "b"}}, {"stage": {"isNull": False}}]}, ""),
        ({"any": []}, ""),
        ({"search": "ENGAG"}, "low masked"),
        ({"not": {"search": "q"}}, "low masked"),
        ({"owner": {"is": {"name": {"contains": "É"}}}}, "masked"),
        ({"not": {"contact": {"is": {}}}}, "euro low masked"),
        ({"contact": {"isNull": True}}, "euro low masked"),
        ({"createdAt": {"lte": "2026-01-05T09:00:00Z"}, "title": {"gt": "A"}}, "euro low"),
    ],
)
def test_filters(where: Row, expected: str) -> None:
    assert _Scene().found(where) == expected


def test_filters_by_id() -> None:
    scene = _Scene()
    low, owner = global_id("Deal", scene.low["id"]), global_id("Agent", scene.colleague["id"])
    assert scene.found({"id": {"eq": low}}) == "low"
    assert scene.found({"id": {"ne": low}}) == "euro masked"
    assert scene.found({"id": {"in": [low, "nonsense", owner]}}) == "low"
    assert scene.found({"owner": {"eq": owner}}) == "masked"
    assert scene.found({"owner": {"ne": owner}}) == "euro low"


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ([{"field": "TITLE", "direction": "ASC"}], ["masked", "euro", "low"]),
        ([{"field": "TITLE", "direction": "DESC"}], ["low", "euro", "masked"]),
    ],
)
def test_text_is_ordered_case_folded(order_by: list[Row], expected: list[str]) -> None:
    scene = _Scene()
    assert [scene.name(one) for one in answer_list(scene.viewer, "Deal", None, order_by)] == expected


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_hidden_and_absent_come_last_both_ways_completed_by_id(direction: str) -> None:
    scene = _Scene()
    order: list[Row] = [{"field": "AMOUNT", "direction": direction}]
    listed = answer_list(scene.viewer, "Deal", None, order)
    assert listed == [scene.low["id"], *sorted([scene.euro["id"], scene.masked["id"]])]


def test_pages() -> None:
    viewer = _Scene().viewer
    whole = answer_list(viewer, "Deal")
    first = answer_page(viewer, "Deal", first=2)
    assert (first.ids, first.total, first.has_previous, first.has_next) == (whole[:2], 3, False, True)
    rest = answer_page(viewer, "Deal", first=2, after=1)
    assert (rest.ids, rest.has_previous, rest.has_next) == (whole[2:], True, False)
    assert answer_list(viewer, "Deal", last=1) == whole[-1:]
    assert answer_list(viewer, "Deal", last=1, before=2) == whole[1:2]


def test_lists_under_a_parent() -> None:
    scene = _Scene()
    viewer = scene.viewer
    assert len(answer_list(viewer, "Payment", parent=("Deal", scene.low["id"], "payments"))) == 1
    assert answer_list(viewer, "Payment", parent=("Deal", scene.masked["id"], "payments")) == []
    colleagues = answer_list(viewer, "Deal", parent=("Portfolio", scene.colleague["id"], "deals"))
    assert colleagues == [scene.masked["id"]]


def test_sums_are_null_where_a_value_is_hidden() -> None:
    scene = _Scene()
    viewer = scene.viewer
    assert deal_stats(viewer) == {None: Group(None, 3, None, None)}
    by_owner = deal_stats(viewer, None, "OWNER")
    assert by_owner == {
        global_id("Agent", scene.me["id"]): Group("Me", 2, 100, 1),
        global_id("Agent", scene.colleague["id"]): Group("Émile", 1, None, None),
    }
    scene.masked |= {"amount": None, "currency": None}
    assert deal_stats(scene.viewer) == {None: Group(None, 3, None, None)}


def test_stats_of_nothing() -> None:
    nothing: dict[str, Any] = {"title": {"eq": "none such"}}
    assert deal_stats(_Scene().viewer, nothing) == {None: Group(None, 0, 0, 0)}
    assert deal_stats(_Scene().viewer, nothing, "STAGE") == {}


def test_a_portfolio_counts_what_is_in_sight() -> None:
    scene = _Scene()
    stranger = scene.small.agent(name="Zoe")
    scene.small.deal(owner_id=stranger["id"])
    assert portfolio_stats(scene.viewer, stranger["id"]) is None
    assert portfolio_stats(scene.viewer, scene.colleague["id"]) == {
        "contacts": 0,
        "conversations": 0,
        "deals": 1,
        "openAmount": None,
        "wonAmount": 0,
        "leftOut": None,
    }
    assert portfolio_list(scene.viewer) == [scene.me["id"], scene.colleague["id"]]
