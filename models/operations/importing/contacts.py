"""What a line of the contacts' sheet says: a contact, nobody's, in no team and no inbox."""

from datetime import datetime
from typing import Any

from models.operations import text
from models.operations.importing.arrival import Arrival
from models.operations.importing.line import Line
from models.operations.problem import Problem

_PLAIN = ("email", "phone", "address", "company", "notes")


def contact_arrival(line: Line, at: datetime) -> Arrival:
    """The contact, known again by its id, or by its name where the export has no ids. Raises Refused."""
    name = line.require("name")
    key = "id" if "id" in line.header.columns else "name"
    source_id = line.short(key, line.require(key), text.LONGEST_NAME)
    columns: dict[str, Any] = {"name": name}
    columns |= {column: line.get(column) for column in _PLAIN if column in line.header.columns}
    try:
        text.email(columns.get("email"))
    except Problem as problem:
        raise line.refused("email", problem.message) from None
    for column, value in columns.items():
        if value is not None:
            line.short(column, value, text.LONGEST)
    return Arrival(line.number, source_id, at, columns)
