"""How many statements a session ran, its models' included."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """One session's count, and whether the session has ended."""

    statements: int = 0
    ended: bool = False

    def count(self) -> None:
        """One statement more. Raises RuntimeError when the session has ended."""
        if self.ended:
            raise RuntimeError(
                "this session has ended: a task that it started went on after it. "
                "Await such tasks inside `reading()` or `writing()`, or open a session in the task."
            )
        self.statements += 1
