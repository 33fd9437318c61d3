"""What the two worlds were asked, added up over all processes, and told at the end of a run."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

LEAST_NOT_EMPTY = 0.6
PROPERTY = "two worlds"
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


def too_empty(counts: Iterable[Count]) -> bool:
    """Whether too many answers were empty to prove anything."""
    return any(total["not_empty"] < LEAST_NOT_EMPTY * total["asked"] for total in _sums(counts).values())


def _sums(counts: Iterable[Count]) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = {}
    for count in counts:
        numbers = {name: number for name, number in count.items() if name != "dialect"}
        sums.setdefault(count["dialect"], Counter()).update({**numbers, "kinds": 1})
    return sums


def _counts(reporter: Any) -> list[Count]:
    reports = [one for outcome in ("passed", "failed") for one in reporter.stats.get(outcome, ())]
    properties = [pair for one in reports for pair in getattr(one, "user_properties", ())]
    return [count for name, count in properties if name == PROPERTY]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell it, whichever process asked."""
    counts = _counts(terminalreporter)
    if counts:
        terminalreporter.section("two worlds")
    for line in told(counts):
        terminalreporter.write_line(line)
    if too_empty(counts):
        terminalreporter.write_line(f"Fewer than {LEAST_NOT_EMPTY:.0%} not empty: the run fails.")


def pytest_sessionfinish(session: Any) -> None:
    """Fail a run whose answers were empty for the most part."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and too_empty(_counts(reporter)):
        session.exitstatus = session.exitstatus or 1
