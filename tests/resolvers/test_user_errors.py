"""User errors: a form is told at once all that is wrong with it, and nothing is written."""

from typing import Any

import pytest

from models import AuditEntry, AuditOutcome, Deal, Reach, Scope
from models.database import Database
from tests.resolvers.support import Scene, gid, make_scene, mutate

BAD_SPANS = [{"day": 8, "start": "9", "end": "25:00"}, {"day": 1, "start": "10:00", "end": "09:00"}]
FORMS: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "createContact": (
        {"name": " ", "email": "no email", "phone": "\0"},
        {("BLANK", "name"), ("INVALID", "email"), ("INVALID", "phone")},
    ),
    "createDeal": (
        {"title": "", "stage": "\0", "amount": {"amount": "-1", "currency": "USD"}},
        {("BLANK", "title"), ("INVALID", "stage"), ("INVALID", "amount")},
    ),
    "updateDeal": (
        {"id": "deal", "title": "", "amount": {"amount": "1.234", "currency": "USD"}},
        {("BLANK", "title"), ("TOO_PRECISE", "amount")},
    ),
    "recordPayment": (
        {
            "dealId": "deal",
            "amount": {"amount": "0", "currency": "USD"},
            "paidAt": "2999-01-01T00:00:00Z",
        },
        {("INVALID", "amount"), ("IN_FUTURE", "paidAt")},
    ),
    "createAgent": (
        {"name": "", "email": "@", "roleId": "role"},
        {("BLANK", "name"), ("INVALID", "email")},
    ),
    "updateAgent": (
        {"id": "ana", "available": None, "teamIds": None},
        {("BLANK", "available"), ("BLANK", "teamIds")},
    ),
    "updateAccountSettings": (
        {"timeZone": "Nowhere", "firstDayOfWeek": 0, "fiscalYearStartMonth": 13},
        {("INVALID", "timeZone"), ("INVALID", "firstDayOfWeek"), ("INVALID", "fiscalYearStartMonth")},
    ),
    "createDistributionPolicy": (
        {
            "teamId": "north",
            "inboxId": "mail",
            "members": [{"agentId": "ana", "weight": 0, "capacity": -1}],
            "capacity": 0,
            "workingHours": BAD_SPANS,
        },
        {
            ("INVALID", "inboxId"),
            ("INVALID", "members.0.weight"),
            ("INVALID", "members.0.capacity"),
            ("INVALID", "capacity"),
            ("INVALID", "workingHours.0.day"),
            ("INVALID", "workingHours.0.start"),
            ("INVALID", "workingHours.0.end"),
            ("INVALID", "workingHours.1.end"),
        },
    ),
    "createTransferRule": (
        {
            "name": "",
            "trigger": "IDLE",
            "recordTypes": [],
            "to": [{"agentId": "ana"}],
        },
        {("BLANK", "name"), ("INVALID", "idleDays"), ("BLANK", "recordTypes")},
    ),
    "createApiToken": (
        {"name": "", "expiresAt": "2001-01-01T00:00:00Z"},
        {("BLANK", "name"), ("IN_PAST", "expiresAt")},
    ),
}


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account."""
    return await make_scene(database)


@pytest.mark.parametrize("name", FORMS)
async def test_all_that_is_wrong_is_told_at_once(scene: Scene, name: str) -> None:
    deal = await scene.deal(owner=scene.ana)
    role = await scene.role(Scope.TEAM, Reach.OWN)
    input, expected = FORMS[name]
    known = {
        "deal": gid(deal),
        "role": gid(role),
        "ana": gid(scene.ana),
        "north": gid(scene.north),
        "mail": gid(scene.mail),
    }
    payload, errors = await mutate(scene.database, scene.administrator, name, _named(input, known), "")
    assert errors == []
    told = [(each["code"], each["field"]) for each in payload["userErrors"]]
    assert (set(told), len(told)) == (expected, len(expected))
    async with scene.database.reading():
        assert await AuditEntry.filter(account_id=scene.account.id, outcome=AuditOutcome.DONE).count() == 0
        assert (await Deal.get(id=deal.id)).version == 1


def _named(input: Any, known: dict[str, str]) -> Any:
    if isinstance(input, dict):
        return {key: _named(value, known) for key, value in input.items()}
    if isinstance(input, list):
        return [_named(each, known) for each in input]
    return known.get(input, input) if isinstance(input, str) else input
