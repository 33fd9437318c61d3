"""A line of a sheet whose header is known: each field by what the mapping calls it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.operations.importing.mapping import SheetMapping
from models.operations.importing.refusal import Refusal, Refused, shown
from models.operations.importing.sheet import Broken, open_sheet, read_fields


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column that is asked for stands, and how many there are."""

    places: Mapping[str, int]
    columns: Mapping[str, str]
    width: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row. White space around a field is no part of it; an empty field is None."""

    number: int
    header: Header
    fields: list[str]

    def get(self, name: str) -> str | None:
        """The field that the mapping calls `name`, if any; raises Refused for what no column can hold."""
        place = self.header.places.get(name)
        if place is None or not (text := self.fields[place].strip()):
            return None
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise self.refused(name, "a byte here is not UTF-8")
        if "\0" in text:
            raise self.refused(name, "there is a NUL in it, which no text can hold")
        return text

    def require(self, name: str) -> str:
        """The field that the mapping calls `name`; raises Refused where it is empty."""
        text = self.get(name)
        if text is None:
            raise self.refused(name, "is empty")
        return text

    def short(self, name: str, text: str, longest: int) -> str:
        """`text`, which is in the field `name`; raises Refused when it is too long."""
        if len(text) > longest:
            raise self.refused(name, f"has {len(text):,} characters; {longest:,} at most are kept")
        return text

    def refused(self, name: str | None, reason: str) -> Refused:
        """The refusal of this row for the field that the mapping calls `name`."""
        return Refused(None if name is None else self.header.columns.get(name, name), reason)


def read_lines(directory: Path, sheet: SheetMapping, delimiter: str) -> Iterator[Line | Refusal]:
    """Every line of a sheet whose header was checked, below it; a refusal for each that is no row."""
    header: Header | None = None
    with open_sheet(directory / sheet.file) as stream:
        for row in read_fields(stream, delimiter):
            if isinstance(row, Broken):
                yield Refusal(sheet.file, row.line, None, row.reason)
            elif header is None:
                header = header_of(row.fields, sheet)
            elif len(row.fields) != header.width:
                yield Refusal(sheet.file, row.line, None, _misfit(row.fields, header))
            else:
                yield Line(row.line, header, row.fields)


def header_of(fields: list[str], sheet: SheetMapping) -> Header:
    """The header that the first line is."""
    names = [field.strip() for field in fields]
    places = {name: names.index(column) for name, column in sheet.columns.items() if column in names}
    return Header(places, sheet.columns, len(names))


def _misfit(fields: list[str], header: Header) -> str:
    kind = "few" if len(fields) < header.width else "many"
    start = shown(fields[0])
    return f"too {kind} fields: {len(fields)} where the header has {header.width} (it begins with {start})"
