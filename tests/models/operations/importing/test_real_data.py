"""The real pipeline: its figures come out to the unit, as they are written beside the data."""

import os
from collections import Counter
from pathlib import Path

import pytest

from models import Agent, BuiltIn, Contact, DealStatus, Inbox, Ownership, Role, Team
from models.database import Database
from tests.models.operations.importing.exporting import Importer, everything, importer

CRM = Path(os.environ.get("CARTEIRA_TEST_CRM") or Path(__file__).parents[5] / "shared" / "data" / "crm")
pytestmark = pytest.mark.skipif(
    not (CRM / "sales_pipeline.csv").exists(),
    reason="the CRM sales opportunities are not here: set CARTEIRA_TEST_CRM to the folder of their files",
)

BY_MANAGER = {
    "Melvin Marxen": 2_251_930,
    "Summer Sewald": 1_964_750,
    "Rocco Neubert": 1_960_545,
    "Celia Rouche": 1_603_897,
    "Cara Losch": 1_130_049,
    "Dustin Brinkmann": 1_094_363,
}
TOP = {
    "Darcel Schlecht": 1_153_214,
    "Vicki Laflamme": 478_396,
    "Kary Hendrixson": 454_298,
    "Cassey Cress": 450_489,
    "Donn Cantrell": 445_860,
}


async def test_the_real_pipeline_comes_out_to_the_unit(database: Database) -> None:
    crm = await importer(database, CRM)
    counts, refusals = await crm.run()
    assert refusals == []
    assert counts["sales_pipeline.csv"] == (8800, 8800, 0, 0, 0)
    await people_places_and_contacts_are_all_there(crm)
    await the_figures_are_those_beside_the_data(crm)
    await a_second_import_changes_nothing(crm)


async def people_places_and_contacts_are_all_there(imported: Importer) -> None:
    roles = {role.id: role.built_in for role in await imported.rows(Role)}
    agents = await imported.rows(Agent)
    assert Counter(roles[agent.role_id] for agent in agents) == {
        BuiltIn.REP: 35,
        BuiltIn.SALES_MANAGER: 6,
        BuiltIn.ADMINISTRATOR: 1,
    }
    assert {team.name for team in await imported.rows(Team)} == set(BY_MANAGER)
    assert {inbox.name for inbox in await imported.rows(Inbox)} == {"Central", "East", "West"}
    contacts = await imported.rows(Contact)
    assert len(contacts) == 85
    assert {(one.owner_id, one.team_id, one.inbox_id) for one in contacts} == {(None, None, None)}


async def the_figures_are_those_beside_the_data(imported: Importer) -> None:
    deals = list((await imported.deals()).values())
    stages = Counter(deal.stage for deal in deals)
    assert stages == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
    won = [deal for deal in deals if deal.status is DealStatus.WON]
    owners = {agent.id: agent.name for agent in await imported.rows(Agent)}
    teams = {team.id: team.name for team in await imported.rows(Team)}
    by_owner: Counter[str] = Counter()
    by_team: Counter[str] = Counter()
    by_quarter: Counter[tuple[int, int]] = Counter()
    for deal in won:
        by_owner[owners[deal.owner_id]] += deal.amount or 0
        by_team[teams[deal.team_id]] += deal.amount or 0
        assert deal.won_at is not None
        by_quarter[deal.won_at.year, (deal.won_at.month + 2) // 3] += deal.amount or 0
    assert dict(by_owner.most_common(5)) == {name: amount * 100 for name, amount in TOP.items()}
    assert by_team == {name: amount * 100 for name, amount in BY_MANAGER.items()}
    assert by_quarter == {
        (2017, 1): 113_467_200,
        (2017, 2): 308_611_100,
        (2017, 3): 298_225_500,
        (2017, 4): 280_249_600,
    }
    assert sum(1 for deal in deals if deal.status is DealStatus.OPEN and deal.contact_id is None) == 1425
    assert len({deal.owner_id for deal in deals}) == 30
    assert len(await imported.rows(Ownership, ended_at=None)) == 8800


async def a_second_import_changes_nothing(imported: Importer) -> None:
    before = await everything(imported.database)
    counts, refusals = await imported.run()
    assert refusals == []
    assert counts["sales_pipeline.csv"] == (8800, 0, 0, 8800, 0)
    assert await everything(imported.database) == before
