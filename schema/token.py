"""API tokens: programs that act as their makers, within a shorter list of permissions."""

from datetime import datetime

from authz.access import IN_SIGHT, TOKEN_CONTENTS
from schema.enums import TokenKind
from schema.fields import column
from schema.node import Node
from schema.seen import table_type


@table_type("token")
class Token(Node):
    """A token given out; its secret is shown once, when it is made."""

    kind: TokenKind | None = column(IN_SIGHT)
    name: str | None = column(TOKEN_CONTENTS)
    permissions: list[str] | None = column(TOKEN_CONTENTS)
    created_at: datetime | None = column(TOKEN_CONTENTS)
    expires_at: datetime | None = column(TOKEN_CONTENTS)
    revoked_at: datetime | None = column(TOKEN_CONTENTS)
