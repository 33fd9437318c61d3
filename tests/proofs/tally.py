"""What two worlds and two ways were asked, added up over all processes, and told at the end of a run."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.judge.viewers import KINDS

LEAST_NOT_EMPTY = 0.6
MOST_UNREAD = 0.02
"""SQLite's parser reads a hundred levels at most; what lies deeper is answered value by value."""
PROPERTY = "two worlds"
WAYS = "two ways"
Count = dict[str, Any]
"""Of one kind of viewer: `dialect`, and how many requests were `asked`, `not_empty` and `judged`."""


def told(counts: Iterable[Count]) -> Iterator[str]:
    """A line for each database."""
    for dialect, total in sorted(_sums(counts).items()):
        yield (
            f"{dialect}: {total['asked']} requests to two worlds by {total['kinds']} kinds of viewer, "
            f"{total['not_empty'] / total['asked']:.0%} of the answers not empty, "
            f"{total['judged']} compared with the judge's"
        )


def told_of_ways(counts: Iterable[Count]) -> Iterator[str]:
    """A line for each database."""
    for dialect, total in sorted(_sums(counts).items()):
        yield (
            f"{dialect}: {total['compared']} requests answered both ways, equal to the byte, "
            f"{total['unplanned']} of them for what no plan reads, {total['refused']} refused as a whole"
        )


def too_empty(counts: Iterable[Count]) -> bool:
    """Whether too many answers were empty to prove anything."""
    return any(total["not_empty"] < LEAST_NOT_EMPTY * total["asked"] for total in _sums(counts).values())


def too_deep(counts: Iterable[Count]) -> bool:
    """Whether too much of what every kind of viewer asks could not be read by a plan."""
    whole = [total for total in _sums(counts).values() if total["kinds"] >= len(KINDS)]
    return any(total["unread"] > MOST_UNREAD * total["compared"] for total in whole)


def _sums(counts: Iterable[Count]) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = {}
    for count in counts:
        numbers = {name: number for name, number in count.items() if name != "dialect"}
        sums.setdefault(count["dialect"], Counter()).update({"kinds": 1, **numbers})
    return sums


def _counts(reporter: Any, of: str = PROPERTY) -> list[Count]:
    reports = [one for outcome in ("passed", "failed") for one in reporter.stats.get(outcome, ())]
    properties = [pair for one in reports for pair in getattr(one, "user_properties", ())]
    return [count for name, count in properties if name == of]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell it, whichever process asked."""
    counts = _counts(terminalreporter)
    if counts:
        terminalreporter.section("two worlds")
    for line in told(counts):
        terminalreporter.write_line(line)
    ways = _counts(terminalreporter, WAYS)
    if ways:
        terminalreporter.section("two ways")
    for line in told_of_ways(ways):
        terminalreporter.write_line(line)
    if too_empty(counts):
        terminalreporter.write_line(f"Fewer than {LEAST_NOT_EMPTY:.0%} not empty: the run fails.")
    if too_deep(ways):
        terminalreporter.write_line(f"More than {MOST_UNREAD:.0%} too deep for a plan: the run fails.")


def pytest_sessionfinish(session: Any) -> None:
    """Fail a run whose answers were empty for the most part, or whose questions plans could not read."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (too_empty(_counts(reporter)) or too_deep(_counts(reporter, WAYS))):
        session.exitstatus = session.exitstatus or 1
