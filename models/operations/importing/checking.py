"""The first pass: header and encoding of every file, before anything is written."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from models.operations.importing.mapping import Mapping, SheetMapping
from models.operations.importing.refusal import Refusal, shown
from models.operations.importing.sheet import Broken, Fields, open_sheet, read_fields

MOST_TOLD = 20
"""Bytes that are not UTF-8 are all one mistake: this many of a file are told."""

_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


class BadFiles(Exception):
    """The files can't be imported as they are; nothing was written."""

    def __init__(self, faults: list[Refusal]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def check_files(directory: Path, mapping: Mapping) -> dict[str, int]:
    """How many rows each file has. Raises BadFiles with all that is wrong in any."""
    rows, faults = {}, []
    for sheet in mapping.sheets:
        counted, found = _check_file(directory / sheet.file, sheet, mapping.delimiter)
        rows[sheet.file] = counted
        faults += found
    if faults:
        raise BadFiles(faults)
    return rows


def _check_file(path: Path, sheet: SheetMapping, delimiter: str) -> tuple[int, list[Refusal]]:
    try:
        with open_sheet(path) as stream:
            rows = read_fields(stream, delimiter)
            header = next(rows, None)
            faults = list(_header_faults(header, sheet, delimiter))
            if faults or not isinstance(header, Fields):
                return 0, faults
            return _check_encoding(rows, header.fields, sheet)
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"can't be read: {error.strerror}"
        return 0, [Refusal(sheet.file, None, None, f"the file {reason} in {path.parent}")]


def _header_faults(header: Fields | Broken | None, sheet: SheetMapping, delimiter: str) -> Iterator[Refusal]:
    if header is None:
        yield Refusal(sheet.file, 1, None, "the file is empty; its first line names the columns")
    elif isinstance(header, Broken):
        yield Refusal(sheet.file, header.line, None, header.reason)
    elif any(map(_foreign, header.fields)):
        bad = next(filter(_foreign, header.fields))
        yield Refusal(sheet.file, header.line, None, f"the header is not UTF-8: {_told(bad)}")
    else:
        yield from _column_faults([field.strip() for field in header.fields], sheet, delimiter, header.line)


def _column_faults(names: list[str], sheet: SheetMapping, delimiter: str, line: int) -> Iterator[Refusal]:
    wanted = dict.fromkeys(sheet.columns.values())
    counted = Counter(names)
    missing = [column for column in wanted if not counted[column]]
    if missing and (other := _other_delimiter(names, delimiter)):
        mapped = _DELIMITERS.get(delimiter, shown(delimiter))
        reason = (
            f"the fields are parted by {_DELIMITERS[other]}, not by {mapped}; "
            f"save the file with the other, or write delimiter = {shown(other)} in the mapping file"
        )
        yield Refusal(sheet.file, line, None, reason)
        return
    for column in missing:
        yield Refusal(
            sheet.file, line, column, f"the column is missing; there are {', '.join(map(shown, names))}"
        )
    for column in wanted:
        if counted[column] > 1:
            yield Refusal(
                sheet.file,
                line,
                column,
                f"there are {counted[column]} columns of this name; rename all but one",
            )


def _other_delimiter(names: list[str], delimiter: str) -> str | None:
    whole = delimiter.join(names)
    others = [other for other in _DELIMITERS if other != delimiter and whole.count(other) >= len(names)]
    return max(others, key=whole.count, default=None)


def _check_encoding(
    rows: Iterator[Fields | Broken], names: list[str], sheet: SheetMapping
) -> tuple[int, list[Refusal]]:
    counted, bad, faults = 0, 0, []
    for row in rows:
        counted += 1
        if isinstance(row, Broken) or not (places := _foreign_places(row.fields)):
            continue
        bad += 1
        if bad <= MOST_TOLD:
            column = names[places[0]].strip() if places[0] < len(names) else None
            faults.append(
                Refusal(sheet.file, row.line, column, f"is not UTF-8: {_told(row.fields[places[0]])}")
            )
    if bad > MOST_TOLD:
        faults.append(Refusal(sheet.file, None, None, f"{bad - MOST_TOLD:,} more lines are not UTF-8"))
    return counted, faults


def _foreign_places(fields: list[str]) -> list[int]:
    return [place for place, field in enumerate(fields) if not field.isascii() and _foreign(field)]


def _foreign(field: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in field)


def _told(field: str) -> str:
    byte = next(ord(character) - 0xDC00 for character in field if "\udc80" <= character <= "\udcff")
    guess = "UTF-16" if byte in (0xFE, 0xFF) else "Latin-1 (ISO 8859-1)"
    return f"byte 0x{byte:02X}; the file may be {guess}. Save it as UTF-8"
