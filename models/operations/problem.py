"""What an operation answers when it makes no sense. Raising either rolls the transaction back."""


class Problem(Exception):
    """A value that a form can mend; `field` is the input's name for it, in camelCase."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class Conflict(Exception):
    """The row has changed since the version that the writer has seen."""
