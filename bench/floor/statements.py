"""One statement for each query, written by hand for each database."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.floor.viewer import Viewer
from models.database import Dialect
from models.rules.money import EXPONENTS

_NAMED = re.compile(r"(?<!:):(\w+)")
_TEAMS = {Dialect.POSTGRES: "= ANY(:teams)", Dialect.SQLITE: "IN (SELECT value FROM json_each(:teams))"}
_DEAL = (
    "d.id, d.title, d.stage, d.status, d.amount, d.currency, d.created_at, d.won_at, d.expected_close_on, "
    "o.id, o.name, c.id, c.name, c.company"
)
_IN_ORDER = "ORDER BY d.created_at DESC, d.id"


class OtherScope(Exception):
    """The floor knows the scopes of the bench's own viewers alone."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with numbered holes, and what goes into them."""

    text: str
    names: tuple[str, ...]

    def params(self, viewer: Viewer, **given: Any) -> list[Any]:
        """The parameters, from the viewer or as given."""
        return [given[name] if name in given else getattr(viewer, name) for name in self.names]


def _written(text: str, dialect: Dialect) -> Statement:
    names = list(dict.fromkeys(_NAMED.findall(text)))
    sign = "$" if dialect is Dialect.POSTGRES else "?"
    return Statement(_NAMED.sub(lambda found: f"{sign}{names.index(found[1]) + 1}", text), tuple(names))


def kind_of_scope(viewer: Viewer) -> str:
    """Which of the scopes below is the viewer's. Raises OtherScope."""
    strict = viewer.isolation_mode == "STRICT" and viewer.unowned_visibility == "MANAGERS"
    if viewer.granular and viewer.reach == "OWN" and strict:
        return "OWN"
    if viewer.granular and viewer.reach == "SCOPE" and viewer.scope in ("TEAM", "ACCOUNT"):
        return viewer.scope
    raise OtherScope


def _scope(kind: str, alias: str, dialect: Dialect) -> str:
    if kind == "OWN":
        return f"{alias}.account_id = :account AND {alias}.owner_id = :id"
    if kind == "ACCOUNT":
        return f"{alias}.account_id = :account"
    mine = _TEAMS[dialect]
    return (
        f"{alias}.account_id = :account AND ({alias}.owner_id = :id OR {alias}.team_id {mine} "
        f"OR ({alias}.team_id IS NULL AND EXISTS (SELECT 1 FROM team_member m "
        f"WHERE m.agent_id = {alias}.owner_id AND m.team_id {mine})))"
    )


@cache
def deals(kind: str, dialect: Dialect, rows: int, *, beyond: bool) -> Statement:
    """A page of deals, newest first, with owner and contact.

    The number of rows is part of the statement: SQLite would take a parameter for any number, and scan
    all contacts beforehand to be ready for them.

    Packed into JSON: PostgreSQL's driver reads that faster than rows, by a quarter for a hundred, and
    SQLite's as fast.
    """
    place = "AND d.created_at <= :instant AND (d.created_at < :instant OR d.id > :last) " if beyond else ""
    page = (
        f"FROM (SELECT * FROM deal d WHERE {_scope(kind, 'd', dialect)} {place}"
        f"{_IN_ORDER} LIMIT {rows}) d LEFT JOIN agent o ON o.id = d.owner_id "
        f"LEFT JOIN contact c ON c.id = d.contact_id AND {_scope(kind, 'c', dialect)}"
    )
    if dialect is Dialect.POSTGRES:
        text = f"SELECT COALESCE(json_agg(json_build_array({_DEAL}) {_IN_ORDER}), '[]') {page}"
    else:
        arrays = f"SELECT json_array({_DEAL}) AS deal {page} {_IN_ORDER}"
        text = f"SELECT json_group_array(json(deal)) FROM ({arrays})"
    return _written(text, dialect)


@cache
def contacts(kind: str, dialect: Dialect, rows: int, deals: int) -> Statement:
    """A page of contacts, newest first, with owner and the newest deals of each, as JSON.

    That beats rows of a lateral join by a third on PostgreSQL, and of a window by half on SQLite.
    """
    build, aggregate, deal = _NESTED[dialect]
    ordered = f" {_IN_ORDER}" if dialect is Dialect.POSTGRES else ""
    text = (
        f"SELECT c.id, c.name, c.company, o.id, o.name, (SELECT {aggregate}({build}({deal}){ordered}) FROM "
        f"(SELECT * FROM deal d WHERE d.contact_id = c.id AND {_scope(kind, 'd', dialect)} "
        f"{_IN_ORDER} LIMIT {deals}) d) FROM (SELECT * FROM contact c WHERE {_scope(kind, 'c', dialect)} "
        f"ORDER BY c.created_at DESC, c.id LIMIT {rows}) c LEFT JOIN agent o ON o.id = c.owner_id "
        "ORDER BY c.created_at DESC, c.id"
    )
    return _written(text, dialect)


def _codes(places: int) -> str:
    return ", ".join(f"'{code}'" for code, held in EXPONENTS.items() if held == places)


_DECIMAL = " ".join(
    f"WHEN d.currency IN ({_codes(places)}) THEN round(d.amount * {10**-places:.{places}f}, {places})::text"
    for places in (2, 0, 3, 4)
)
_MONEY = (
    "CASE WHEN d.amount IS NOT NULL THEN json_build_object("
    f"'amount', CASE {_DECIMAL} END, 'currency', d.currency) END"
)


_NESTED = {
    Dialect.POSTGRES: (
        "json_build_object",
        "json_agg",
        "'id', encode(convert_to('Deal:' || d.id, 'UTF8'), 'base64'), 'title', d.title, 'stage', d.stage, "
        f"'amount', {_MONEY}",
    ),
    Dialect.SQLITE: (
        "json_array",
        "json_group_array",
        "d.id, d.title, d.stage, d.amount, d.currency",
    ),
}
"""How the database builds an object and a list, and what it puts into a deal: all, or what Python shapes."""


@cache
def deal_stats(kind: str, dialect: Dialect) -> Statement:
    """Counts and sums of the deals of each owner, by name; nobody's last."""
    text = (
        "SELECT s.owner_id, g.name, s.deals, s.total, s.left_out FROM (SELECT d.owner_id, count(*) AS deals, "
        "sum(CASE WHEN d.currency = :currency THEN d.amount END) AS total, "
        "count(CASE WHEN d.currency <> :currency THEN 1 END) AS left_out FROM deal d "
        f"WHERE {_scope(kind, 'd', dialect)} GROUP BY d.owner_id) s "
        "LEFT JOIN agent g ON g.id = s.owner_id ORDER BY g.name_folded NULLS LAST, g.id"
    )
    return _written(text, dialect)
