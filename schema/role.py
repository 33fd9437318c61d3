"""The role: a named set of permissions, a scope and a reach."""

from authz.access import NAME, ROLE_CONTENTS
from schema.enums import BuiltIn, Reach, Scope
from schema.fields import column
from schema.node import Node
from schema.seen import table_type


@table_type("role")
class Role(Node):
    """A role; `builtIn` is null for a role of the account's own making."""

    name: str | None = column(NAME)
    built_in: BuiltIn | None = column(ROLE_CONTENTS)
    permissions: list[str] | None = column(ROLE_CONTENTS)
    scope: Scope | None = column(ROLE_CONTENTS)
    reach: Reach | None = column(ROLE_CONTENTS)
    version: int | None = column(ROLE_CONTENTS)
