"""Who acts: the viewer as a transaction has them, whatever was kept of them before; and for whom, where what
runs by itself is somebody's.
"""

from uuid import UUID

from authz.tokens import BadToken, prove
from authz.viewer import Viewer, agent_as_viewer, load_viewer
from models import Agent, AgentStatus
from models.database import Dialect, Session
from models.operations import access_version
from schema.context import Context
from schema.errors import Code, CodedError


async def viewer_in(session: Session, context: Context, *, exclusive: bool) -> Viewer:
    """The viewer as the transaction has them; what they are built from can't change before it ends.

    Raises CodedError UNAUTHENTICATED.
    """
    assert context.unproved is not None
    try:
        claim = await prove(session, context.unproved)
        if session.dialect is Dialect.POSTGRES:
            if exclusive:
                await access_version.hold(claim.account_id)
            else:
                await access_version.share(session, claim.account_id)
            claim = await prove(session, context.unproved)
        return await load_viewer(session, claim)
    except BadToken as error:
        raise CodedError(Code.UNAUTHENTICATED, str(error)) from None


async def viewer_seen(session: Session, context: Context) -> Viewer:
    """The viewer as a snapshot has them. Raises CodedError UNAUTHENTICATED."""
    assert context.unproved is not None
    try:
        return await load_viewer(session, await prove(session, context.unproved))
    except BadToken as error:
        raise CodedError(Code.UNAUTHENTICATED, str(error)) from None


async def agent_today(session: Session, account_id: UUID, agent_id: UUID) -> Viewer | None:
    """The agent as the transaction has them, for what runs in their name; None unless they are active."""
    agent = await Agent.get(id=agent_id)
    if agent.status is not AgentStatus.ACTIVE:
        return None
    try:
        return await agent_as_viewer(session, account_id, agent_id)
    except BadToken:
        return None
