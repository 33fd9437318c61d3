"""A year of both companies, in one transaction: all of it is there, or nothing."""

import random
from datetime import timedelta

from commands.demonstration.company import COMPANIES, Company
from commands.demonstration.founding import Cast, found
from commands.demonstration.play import Play
from commands.demonstration.story import Story
from models import clock
from models.database import Database
from models.operations.suspend_agent import suspend_agent
from models.operations.update_agent import update_agent

SEED = 20_260
_YEAR = timedelta(days=360)
_LATELY = timedelta(days=12)


async def write_year(database: Database, seed: int = SEED) -> None:
    """Write both companies and their last year, ending now; the same seed makes the same."""
    play = Play(clock.now())
    chance = random.Random(seed)  # noqa: S311 - the same every time is wanted
    for company in COMPANIES:
        play.at(play.end - _YEAR, lambda company=company: _open(play, company, chance))  # type: ignore[misc]
    async with database.writing():
        await play.perform()


async def _open(play: Play, company: Company, chance: random.Random) -> None:
    """Found the company and plan its year: the contacts to come, and who will be away or suspended."""
    cast = await found(company, suspended_at=play.end - _LATELY)
    for number in range(company.contacts):
        comes = play.instant + chance.uniform(0.01, 0.96) * _YEAR
        story = Story(play, cast, number, seed=chance.randrange(2**32))
        if story.owner is None or story.owner.name != company.suspended or comes < cast.suspended_at:
            play.at(comes, story.begin)
    if company.suspended:
        play.at(cast.suspended_at, lambda: _suspend(cast))
    if company.away:
        play.at(play.end - timedelta(days=2), lambda: _away(cast))


async def _suspend(cast: Cast) -> None:
    await suspend_agent(cast.actor(), cast.agents[cast.company.suspended or ""])


async def _away(cast: Cast) -> None:
    await update_agent(cast.actor(), cast.agents[cast.company.away or ""], available=False)
