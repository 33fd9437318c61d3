"""Statements and JSON over several lines, for whoever reads them: nothing is changed but white space."""

import re
from collections.abc import Iterator

WIDTH = 100
_CLAUSE = re.compile(r"(?<= )(?=(FROM|WHERE|LEFT JOIN|ORDER BY|LIMIT) )")
_COMMA = re.compile(r"(?<=, )")
_ALSO = re.compile(r"(?<= )(?=(AND|OR) )")
_HEAD = re.compile("(SELECT|FROM|WHERE|LEFT JOIN|ORDER BY) ")
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|.""", re.DOTALL)


def laid_out(text: str) -> str:
    """The text, broken where a line would be too long."""
    return "\n".join(_lines(text, 0))


def _lines(text: str, indent: int) -> Iterator[str]:
    """What fits stays on one line; else by clauses, by commas, by conditions, and inside brackets."""
    if len(text) + indent <= WIDTH:
        yield " " * indent + text.rstrip()
        return
    parts, hanging = _parted(text)
    if len(parts) > 1:
        yield from _lines(parts[0], indent)
        for part in parts[1:]:
            yield from _lines(part, indent + 2 * hanging)
        return
    opening, closing = _longest(text)
    if not closing:
        yield " " * indent + text.rstrip()
        return
    yield " " * indent + text[: opening + 1]
    yield from _lines(text[opening + 1 : closing], indent + 2)
    yield " " * indent + text[closing:].rstrip()


def _parted(text: str) -> tuple[list[str], bool]:
    """The text in parts, where there are several, and whether they hang below the first."""
    outside = {place for place, depth in _depths(text) if depth == 0}
    for pattern in (_CLAUSE, _COMMA, _ALSO):
        cuts = [found.start() for found in pattern.finditer(text) if found.start() in outside]
        if cuts:
            parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
            return parts, pattern is not _CLAUSE and bool(_HEAD.match(text))
    return [text], False


def _longest(text: str) -> tuple[int, int]:
    """Where the longest of the outermost brackets opens and closes."""
    found, start = (0, 0), 0
    for place, depth in _depths(text):
        if depth == 0 and text[place] in "([{":
            start = place
        if depth == 1 and text[place] in ")]}" and place - start > found[1] - found[0]:
            found = (start, place)
    return found


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Each place in the text outside its quotes, and in how many brackets it is."""
    depth = 0
    for token in _TOKEN.finditer(text):
        yield token.start(), depth
        depth += (token[0] in tuple("([{")) - (token[0] in tuple(")]}"))
