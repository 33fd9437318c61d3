"""Where a transfer leaves records: nobody puts one where they couldn't have put it by hand."""

from authz.compiling import Compiler
from authz.policies import placeable_records
from authz.predicate import ALWAYS
from authz.viewer import Viewer
from models.database import Session
from models.operations.record_type import MODELS
from models.operations.transfer_items import afterwards
from models.sql import Sql
from resolvers.act import Act, Forbidden


async def require_left(act: Act, items: Sql) -> None:
    """Raise Forbidden if one of the records would come to lie where whoever acts can't put it."""
    if await leaves_outside(act.session, act.viewer, items):
        raise Forbidden


async def leaves_outside(session: Session, viewer: Viewer, items: Sql) -> bool:
    """Whether one of the records would come to lie where the viewer can't put it."""
    for kind, model in MODELS.items():
        allowed = placeable_records(viewer, model._meta.db_table)
        if allowed == ALWAYS:
            continue
        condition = Compiler(session.dialect, viewer).sql(allowed, "v")
        outside = "SELECT 1 AS found FROM (" + afterwards(kind, items) + ") v WHERE NOT COALESCE("
        if await session.fetch(outside + condition + ", FALSE) LIMIT 1"):
            return True
    return False
