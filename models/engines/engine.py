"""What `models.database` asks of a database, whichever it is."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from models.engines.tally import Tally


class Client(Protocol):
    """One connection in one transaction; Tortoise's models run on it too."""

    async def rows(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """What a statement with `?` placeholders answers, one at a time on this connection."""

    async def attempt(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """The same; where it raises, the transaction goes on as though nothing had been asked."""


class Engine(Protocol):
    """A database that is open."""

    config: dict[str, Any]
    """What Tortoise is told about it."""

    @property
    def share(self) -> int:
        """How many connections one person should use at once, so that others find some free."""

    def reading(self, tally: Tally) -> AbstractAsyncContextManager[Client]:
        """A connection in a read-only transaction that sees one snapshot."""

    async def row(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """The one row that a reading statement with `?` placeholders answers, outside any transaction.

        A statement sees one version of everything by itself, so beginning and ending would be for nothing.
        """

    def writing(self, tally: Tally) -> AbstractAsyncContextManager[Client]:
        """A connection in a transaction that is committed at the end, rolled back on any exception."""

    def migrating(self, tally: Tally) -> AbstractAsyncContextManager[Client]:
        """A connection in a transaction that may remake tables; one at a time, whatever the process."""

    async def analyze(self) -> None:
        """Let the database look at what its tables hold, so that it plans well."""

    def listening(self, wake: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Call `wake` whenever another process may have told something, as far as the database tells."""

    async def close(self) -> None:
        """Give back every connection."""
