"""The figures as tables: for the terminal, and in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table as Printed

from bench.measuring import Results
from bench.queries import BY_LETTER, SLOWEST, Query


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a head and lines of text; one whose first text is empty belongs to the one above."""

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    left: int = 2
    """How many columns are words; the others are figures."""

    def printed(self) -> Printed:
        """For the terminal."""
        table = Printed(title=self.title, title_justify="left", title_style="bold")
        for number, name in enumerate(self.head):
            table.add_column(name, justify="left" if number < self.left else "right")
        grouped = any(not line[0] for line in self.lines)
        for line, after in zip(self.lines, [*self.lines[1:], None], strict=True):
            table.add_row(*line, end_section=grouped and after is not None and bool(after[0]))
        return table

    def markdown(self) -> str:
        """For the docs."""
        rule = tuple("---" if number < self.left else "--:" for number, _ in enumerate(self.head))
        rows = (self.head, rule, *self.lines)
        return f"### {self.title}\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def of_results(title: str, queries: Sequence[Query], results: Results, names: Sequence[str]) -> Table:
    """A line for each query and server; beside the real server's the ratios, the goals and whether met."""
    head = ("query", "server", "req/s", "median ms", "p99 ms", "CPU ms", "/ floor", "/ plain", "goal", "met")
    lines = [_line(query, name, results, first=name == names[0]) for query in queries for name in names]
    return Table(title, head, tuple(lines))


def _line(query: Query, name: str, results: Results, *, first: bool) -> tuple[str, ...]:
    found = results[query.letter, name]
    figures = (f"{found.rate:,.0f}", f"{found.median:.1f}", f"{found.p99:.1f}", f"{found.work:.2f}")
    judged = _judged(query, results) if name == "carteira" else ("", "", "", "")
    return (f"({query.letter}) {query.says}" if first else "", name, *figures, *judged)


def _judged(query: Query, results: Results) -> tuple[str, ...]:
    of_floor = rate_ratio(query.letter, "floor", results)
    of_plain = rate_ratio(query.letter, "plain", results)
    goals = goals_of(query, results)
    return (
        "" if of_floor is None else f"{of_floor:.2f}",
        "" if of_plain is None else f"{of_plain:.1f}",
        ", ".join(says for says, _ in goals),
        "" if not goals else "yes" if all(met for _, met in goals) else "no",
    )


def rate_ratio(letter: str, other: str, results: Results) -> float | None:
    """How many requests a second the real server answers for one of another's."""
    ours, theirs = results.get((letter, "carteira")), results.get((letter, other))
    return None if ours is None or theirs is None else ours.rate_against(theirs)


def goals_of(query: Query, results: Results) -> list[tuple[str, bool]]:
    """The goals that can be judged by these results, and whether each is met."""
    goals: list[tuple[str, bool]] = []
    of_floor = rate_ratio(query.letter, "floor", results)
    of_plain = rate_ratio(query.letter, "plain", results)
    if query.of_floor is not None and of_floor is not None:
        goals.append((f"floor ≥ {query.of_floor:.2f}", of_floor >= query.of_floor))
    if query.of_plain is not None and of_plain is not None:
        goals.append((f"plain ≥ {query.of_plain:g}", of_plain >= query.of_plain))
    for (letter, other), most in SLOWEST.items():
        pair = results.get((letter, "carteira")), results.get((other, "carteira"))
        if letter == query.letter and pair[0] is not None and pair[1] is not None:
            times = pair[0].time_against(pair[1])
            page = BY_LETTER[other].page
            goals.append((f"≤ {most:g} times page {page}: {times:.2f}", times <= most))
    return goals
