"""Who asks: agents of the large account, each with a fresh token."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from authz.keys import Keys
from authz.tokens import issue_token
from models import Agent
from models.database import Database

SECRET = "the bench's secret, which guards nothing"  # noqa: S105 for databases of invented people alone
ASKERS = {
    "rep": "rep-1@bench.example",
    "manager": "sales-manager-1@bench.example",
    "administrator": "administrator-1@bench.example",
}
TOKENS_LIVE = timedelta(days=2)


def tokens(url: str, emails: Sequence[str]) -> list[str]:
    """A token for each of the agents, in the same order."""
    return asyncio.run(_tokens(url, emails))


async def _tokens(url: str, emails: Sequence[str]) -> list[str]:
    database = await Database.open(url)
    try:
        async with database.reading():
            agents = {agent.email: agent for agent in await Agent.filter(email__in=list(emails))}
        keys = Keys.derive(SECRET)
        return [
            await issue_token(database, keys, account=agent.account_id, agent=agent.id, ttl=TOKENS_LIVE)
            for agent in (agents[email] for email in emails)
        ]
    finally:
        await database.close()
