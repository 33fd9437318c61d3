"""What is asked: the documents, who asks them, and what is to be reached.

(f), the leaderboard, and (h), winning a deal, join when there is a ledger to ask about.
"""

from dataclasses import dataclass, field
from typing import Any

_DEAL = (
    "id title stage status amount { amount currency } createdAt wonAt expectedCloseOn "
    "owner { id name } contact { id name company }"
)
DEALS = f"query Deals($first: Int!) {{ deals(first: $first) {{ nodes {{ {_DEAL} }} }} }}"
DEAL_PAGES = (
    "query DealPages($first: Int!, $after: String) { deals(first: $first, after: $after) "
    f"{{ nodes {{ {_DEAL} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
CONTACTS = (
    "query Contacts($first: Int!, $deals: Int!) { contacts(first: $first) { nodes { id name company "
    "owner { id name } deals(first: $deals) { nodes { id title stage amount { amount currency } } } } } }"
)
DEAL_STATS = (
    "query DealStats($by: DealGroup!) { dealStats(groupBy: $by) "
    "{ key { id name } count amount { amount currency } leftOut } }"
)
VIEWER = "query Me { viewer { agent { id name } access { mode isolationMode scope reach } permissions } }"

PAGE = 20
DEEP = 50
"""Which page is the deep one."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question, as a frontend sends it: always the same document, its variables beside it."""

    letter: str
    says: str
    asker: str
    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    of_floor: float | None = None
    """The share of the floor's requests a second that is to be reached."""
    of_plain: float | None = None
    """How many times the plain server's requests a second are to be reached."""
    page: int = 1
    """Which page of the list; for another than the first, each server gives a cursor of its own."""


QUERIES = (
    Query("a", "a rep's first 20 deals", "rep", DEALS, {"first": 20}, of_floor=0.80),
    Query("b", "a rep's first 100 deals", "rep", DEALS, {"first": 100}, of_floor=0.85, of_plain=15),
    Query("c", "50 contacts, 5 deals of each", "rep", CONTACTS, {"first": 50, "deals": 5}, 0.85, 15),
    Query("d1", "a manager's deals, page 1", "manager", DEAL_PAGES, {"first": PAGE, "after": None}),
    Query("d", "a manager's deals, page 50", "manager", DEAL_PAGES, {"first": PAGE}, page=DEEP),
    Query(
        "e", "deals by owner, a whole account", "administrator", DEAL_STATS, {"by": "OWNER"}, of_floor=0.85
    ),
    Query("g", "who is signed in", "rep", VIEWER),
)
BY_LETTER = {query.letter: query for query in QUERIES}
SLOWEST = {("d", "d1"): 1.3}
"""How many times as long, at the median, the first may take as the second."""
