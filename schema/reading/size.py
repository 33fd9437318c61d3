"""How long an answer may be: the same text may be asked for a thousand times over, and each is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from schema.errors import Code, CodedError

LARGEST_ANSWER = 20_000_000
"""Characters of an answer."""

_SHORT = 8
"""Characters that a number, a truth value or null is counted as, and what stands around any value."""


class TooLarge(CodedError):
    """An answer would be longer than LARGEST_ANSWER."""

    def __init__(self) -> None:
        message = f"The answer would be longer than {LARGEST_ANSWER:,} characters; ask for less at once."
        super().__init__(Code.QUERY_TOO_COMPLEX, message)


@dataclass(slots=True)
class Size:
    """What an answer comes to so far."""

    characters: int = 0

    def add(self, characters: int) -> None:
        """Count more of it. Raises TooLarge."""
        self.characters += characters
        if self.characters > LARGEST_ANSWER:
            raise TooLarge

    def data(self, data: Any) -> None:
        """Count data, whatever they hold. Raises TooLarge, before it has gone through more than that."""
        left = [data]
        while left:
            each = left.pop()
            if isinstance(each, dict):
                self.add(sum(map(len, each)) + _SHORT)
                left.extend(each.values())
            elif isinstance(each, list):
                self.add(_SHORT)
                left.extend(each)
            else:
                self.add(_SHORT + (len(each) if isinstance(each, str) else 0))

    def errors(self, errors: Iterable[GraphQLError]) -> None:
        """Count errors: each has its path, and paths are of names that the client chose. Raises TooLarge."""
        for error in errors:
            path = sum(len(str(name)) + _SHORT for name in error.path or ())
            self.add(len(error.message) + path + _SHORT)
