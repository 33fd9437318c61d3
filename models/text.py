"""Text that compares case-folded, the same on every database.

SQLite folds only ASCII and PostgreSQL folds by locale, so the folded form is kept in a column of
its own beside the text and compared byte by byte (Unicode, section 3.13, default caseless matching).
"""

from typing import Any

from tortoise import Model, fields


def fold(text: str | None) -> str | None:
    """The form in which `text` is compared and searched; None stays None."""
    return None if text is None else text.casefold()


class FoldedField(fields.TextField):
    """The folded shadow of the text column `source`; it is computed whenever its row is written."""

    class _db_postgres:
        SQL_TYPE = 'TEXT COLLATE "C"'

    def __init__(self, source: str, **kwargs: Any) -> None:
        self.source = source
        super().__init__(**{"null": True, **kwargs})

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> str | None:
        return fold(getattr(instance, self.source) if isinstance(instance, Model) else value)


def folded_of(model: type[Model]) -> dict[str, str]:
    """The folded columns of a model, each with the column that it shadows."""
    fields_ = model._meta.fields_map.items()
    return {name: field.source for name, field in fields_ if isinstance(field, FoldedField)}
