"""`accessExplanation`: to oneself, and to an agent's managers; of what is out of sight, nothing."""

from typing import Any
from uuid import uuid4

import pytest

from models import IsolationMode
from models.database import Database
from schema.global_id import to_global
from tests.resolvers.support import Scene, Viewer, codes, gid, make_scene, run

QUERY = """
query($record: ID!, $agent: ID, $field: String) {
  accessExplanation(recordId: $record, agentId: $agent, field: $field) {
    recordId agent { name } inSight field readable relation change
    steps { rule says outcome decided }
  }
}
"""


@pytest.fixture
async def scene(database: Database) -> Scene:
    """A small account."""
    return await make_scene(database)


async def explained(
    scene: Scene, asker: Viewer, record: Any, agent: Any = None, field: str | None = None
) -> Any:
    """The explanation; `record` and `agent` are rows, or ids as clients give them."""
    ids = [one if one is None or isinstance(one, str) else gid(one) for one in (record, agent)]
    variables = {"record": ids[0], "agent": ids[1], "field": field}
    data, errors = await run(scene.database, asker, QUERY, variables)
    assert errors == []
    return data["accessExplanation"]


def rules(answer: Any) -> list[tuple[str, str, bool]]:
    """The steps, without their words."""
    return [(step["rule"], step["outcome"], step["decided"]) for step in answer["steps"]]


async def test_an_owner_reads_their_deals_amount(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    answer = await explained(scene, scene.ana, deal, field="amount")
    assert (answer["recordId"], answer["agent"]) == (gid(deal), {"name": "Ana"})
    assert (answer["inSight"], answer["field"], answer["readable"]) == (True, "amount", True)
    assert answer["relation"] == "OWN"
    assert rules(answer) == [("own", "YES", False), ("record.money", "YES", True)]
    assert answer["change"] == "Leave the record without an owner."


async def test_a_masked_amount_is_told_with_what_would_show_it(scene: Scene) -> None:
    await scene.set(isolation_mode=IsolationMode.MASKED)
    deal = await scene.deal(owner=scene.ben, team=scene.north)
    answer = await explained(scene, scene.ana, deal, field="amount")
    assert (answer["inSight"], answer["readable"], answer["relation"]) == (True, False, "SHARED")
    assert rules(answer)[-2:] == [("isolation", "YES", False), ("record.money", "NO", True)]
    assert "MASKED" in answer["steps"][-1]["says"]
    assert answer["change"] == "Set isolationMode to OPEN."
    await scene.set(isolation_mode=IsolationMode.OPEN)
    assert (await explained(scene, scene.ana, deal, field="amount"))["readable"] is True


async def test_what_is_out_of_sight_may_not_exist(scene: Scene) -> None:
    hidden = await scene.deal(owner=scene.ben, team=scene.north)
    other = await make_scene(scene.database, "Other account")
    foreign = await other.deal(owner=other.ana, team=other.north)
    ids = [gid(hidden), gid(foreign), to_global("Deal", uuid4()), gid(scene.ana), "nonsense", ""]
    for field in (None, "title", "amount"):
        answers = [await explained(scene, scene.ana, id, field=field) for id in ids]
        assert [answer.pop("recordId") for answer in answers] == ids
        assert all(answer == answers[0] for answer in answers)
    assert answers[0] == {
        "agent": {"name": "Ana"},
        "inSight": False,
        "field": "amount",
        "readable": False,
        "relation": "NONE",
        "change": None,
        "steps": [
            {
                "rule": "in-sight",
                "says": "It may not exist, or it may be out of your sight.",
                "outcome": "NO",
                "decided": True,
            }
        ],
    }


async def test_managers_are_told_about_their_agents(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ben, team=scene.north)
    answer = await explained(scene, scene.max, deal, scene.ana)
    assert (answer["agent"], answer["inSight"], answer["readable"]) == ({"name": "Ana"}, False, None)
    assert answer["relation"] == "SHARED"
    assert rules(answer)[-1] == ("isolation", "NO", True)
    assert answer["change"] == "Set isolationMode to MASKED."
    assert (await explained(scene, scene.administrator, deal, scene.cid))["relation"] == "NONE"


async def test_an_agent_in_another_team_is_told_which_to_join(scene: Scene) -> None:
    await scene.set(isolation_mode=IsolationMode.OPEN)
    deal = await scene.deal(owner=scene.ben, team=scene.north)
    answer = await explained(scene, scene.administrator, deal, scene.cid, "amount")
    assert rules(answer) == [("own", "NO", False), ("scope", "NO", True)]
    assert answer["change"] == "Join the team North."


async def test_nobody_else_is_told_about_an_agent(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north, partner=scene.kin)
    for asker, agent in (
        (scene.ana, scene.ben),  # colleagues
        (scene.ana, scene.max),  # those above
        (scene.max, scene.cid),  # another team's
        (scene.pia, scene.ana),  # from outside
        (scene.max, to_global("Agent", uuid4())),
        (scene.max, "nonsense"),
        (scene.max, deal),
    ):
        assert await explained(scene, asker, deal, agent) is None
    assert (await explained(scene, scene.ana, deal, scene.ana))["inSight"] is True


async def test_a_manager_is_told_nothing_of_records_that_they_do_not_see(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.cid, team=scene.south)
    nothing = await explained(scene, scene.max, to_global("Deal", uuid4()), scene.ana)
    answer = await explained(scene, scene.max, deal, scene.ana)
    assert {**answer, "recordId": ""} == {**nothing, "recordId": ""}


async def test_who_is_suspended_sees_nothing_until_reactivated(scene: Scene) -> None:
    away = await scene.agent(teams=[scene.north], name="Dan", status="SUSPENDED")
    deal = await scene.deal(owner=away, team=scene.north)
    answer = await explained(scene, scene.max, deal, away)
    assert (answer["inSight"], answer["relation"]) == (False, "OWN")
    assert rules(answer) == [("active", "NO", True)]
    assert answer["change"] == "Reactivate the agent."


async def test_partner_users_are_told_about_themselves(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, partner=scene.kin)
    seen = await explained(scene, scene.pia, deal, field="amount")
    assert (seen["agent"], seen["relation"], seen["readable"]) == (None, "COMPANY", True)
    assert seen["change"] == "Take the partner off the deal."
    hidden = await explained(scene, scene.pia, deal, field="contact")
    assert rules(hidden) == [("company", "YES", False), ("record.place", "NO", True)]
    assert hidden["change"] is None
    assert (await explained(scene, scene.otto, deal))["inSight"] is False


async def test_a_field_that_there_is_not_is_refused(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana)
    for id in (gid(deal), to_global("Deal", uuid4())):
        _, errors = await run(scene.database, scene.ana, QUERY, {"record": id, "field": "email"})
        assert codes(errors) == ["BAD_USER_INPUT"]
        assert "amount" in errors[0]["message"]


async def test_nobody_signed_in_is_told_nothing(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana)
    data, errors = await run(scene.database, None, QUERY, {"record": gid(deal)})
    assert (data, codes(errors)) == ({"accessExplanation": None}, ["UNAUTHENTICATED"])


async def test_granular_permissions_off_are_told_as_they_are(scene: Scene) -> None:
    await scene.set(granular_permissions=False)
    deal = await scene.deal(owner=scene.ben, team=scene.north)
    answer = await explained(scene, scene.ana, deal, field="amount")
    assert rules(answer) == [
        ("own", "NO", False),
        ("account", "NO", False),
        ("team", "YES", False),
        ("record.money", "YES", True),
    ]
    assert answer["change"] == "Leave the team North."
