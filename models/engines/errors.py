"""What can go wrong with a database that is nobody's bug: each is one typed exception."""

from urllib.parse import urlsplit, urlunsplit


class BadUrl(ValueError):
    """The database's address can't be read."""


class Unreachable(Exception):
    """The database can't be opened; its message says which one, why, and what to look at."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(
            f"the database {without_password(url)} can't be opened: {reason}. "
            "Is it there and running, and is CARTEIRA_DATABASE_URL right?"
        )


class Busy(Exception):
    """Another process kept the database for longer than a writer waits."""


class Crossed(Exception):
    """Two writers waited for each other, and the database ended this one: it may begin again."""


class TooDeep(RecursionError):
    """A statement is nested deeper than the database can read."""


class TooLong(TooDeep):
    """A statement has more parameters than the database takes."""


class ForeignKeysBroken(Exception):
    """A migration would leave rows that refer to nothing; nothing was changed."""


class BadValue(ValueError):
    """A value that no column can hold: a number out of range, a NUL, half a surrogate pair, endless text."""


def without_password(url: str) -> str:
    """The address as it may be shown and logged."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:***@{host}"))
