"""What the two worlds were asked, added up over all processes, and told at the end of a run."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

PROPERTY = "two worlds"
Count = dict[str, Any]
"""Of one kind of viewer: `dialect`, and how many requests were `asked`, `not_empty` and `judged`."""


def told(counts: Iterable[Count]) -> Iterator[str]:
    """A line for each database."""
    sums: dict[str, Counter[str]] = {}
    for count in counts:
        numbers = {name: number for name, number in count.items() if name != "dialect"}
        sums.setdefault(count["dialect"], Counter()).update({**numbers, "kinds": 1})
    for dialect, total in sorted(sums.items()):
        yield (
            f"{dialect}: {total['asked']} requests to two worlds by {total['kinds']} kinds of viewer, "
            f"{total['not_empty'] / total['asked']:.0%} of the answers not empty, "
            f"{total['judged']} compared with the judge's"
        )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell it, whichever process asked."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, ())]
    properties = [pair for one in reports for pair in getattr(one, "user_properties", ())]
    lines = list(told(count for name, count in properties if name == PROPERTY))
    if lines:
        terminalreporter.section("two worlds")
    for line in lines:
        terminalreporter.write_line(line)
