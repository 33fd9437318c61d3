"""Where a record or payment came from: a source and the source's own id, both or neither."""

from models.operations import text
from models.operations.problem import Problem


def from_source(source: str | None, source_id: str | None) -> dict[str, str | None]:
    """Both as columns; raises Problem BLANK, INVALID or TOO_LONG."""
    if (source is None) != (source_id is None):
        field = "source" if source is None else "sourceId"
        raise Problem("BLANK", "A source and its own id are given together.", field)
    if source is None:
        return {"source": None, "source_id": None}
    return {"source": text.name(source, "source"), "source_id": text.name(source_id, "sourceId")}
