"""Rows that are changed by the thousand end as those that are changed one at a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models import Contact, Deal, DealStatus, Ownership, TransferRule
from models.database import BadValue, Database, IntegrityError
from models.ids import new_id
from models.operations.create_contact import create_contact
from models.operations.create_deal import create_deal
from models.operations.updating import update_rows
from tests.models.operations.world import Clock, World

AT = datetime(2017, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
STRANGE = ("'; DROP TABLE deal; --", "$1 ? %s {}", "\\", "🚲 é e\u0301", "", '{"a": null}', "a" * 10_000)

VALUES: tuple[Mapping[str, Any], ...] = (
    *({"stage": text} for text in STRANGE),
    {"stage": None},
    {"status": DealStatus.WON, "won_at": AT},
    {"amount": 2**53 + 1, "currency": "JPY"},
    {"amount": None, "currency": None},
    {"expected_close_on": date(2028, 2, 29), "updated_at": AT - timedelta(days=40_000)},
    {"contract_started_at": AT.astimezone().replace(microsecond=0), "version": 7},
)


@pytest.mark.parametrize("values", VALUES, ids=lambda values: ",".join(values))
async def test_values_are_those_that_the_model_would_have_saved(
    world: World, time: Clock, values: Mapping[str, Any]
) -> None:
    async with world.writing() as session:
        usual, other, third = [await create_deal(world.by, title="D") for _ in range(3)]
        await Deal.filter(id=usual.id).update(**values)
        await update_rows(session, Deal, [{"id": other.id, **values}])
        saved = [vars(await Deal.get(id=one.id)) for one in (usual, other)]
        assert [{name: row[name] for name in values} for row in saved] == [dict(values)] * 2
        rest = {name for name in saved[0] if not name.startswith("_")} - {"id", "stage_folded"}
        assert {name: saved[0][name] for name in rest} == {name: saved[1][name] for name in rest}
        assert (await Deal.get(id=third.id)).stage is None


async def test_lists_and_switches_are_kept(world: World, time: Clock) -> None:
    async with world.writing() as session:
        rule = await TransferRule.create(
            account_id=world.account.id,
            name="Leavers",
            trigger="TEAM_CHANGED",
            saved_by_id=world.administrator.id,
        )
        row = {"id": rule.id, "record_types": ["DEAL", 'é"'], "enabled": False}
        await update_rows(session, TransferRule, [row])
        after = await TransferRule.get(id=rule.id)
        assert (after.record_types, after.enabled) == (["DEAL", 'é"'], False)


async def test_a_folded_text_follows_its_source(world: World, time: Clock) -> None:
    async with world.writing() as session:
        contact = await create_contact(world.by, name="Bo")
        await update_rows(session, Contact, [{"id": contact.id, "name": "STRASSE"}])
        assert (await Contact.get(id=contact.id)).name_folded == "strasse"


async def test_each_row_has_its_own_values(world: World, time: Clock) -> None:
    many = 1_500
    async with world.writing() as session:
        contacts = [Contact(account_id=world.account.id, name="Bo") for _ in range(many)]
        await Contact.bulk_create(contacts)
        rows = [
            {"id": one.pk, "phone": None if number % 7 == 0 else str(number), "version": number}
            for number, one in enumerate(contacts, 1)
        ]
        before = session.statements
        await update_rows(session, Contact, rows)
        assert session.statements - before < 20
        after: dict[Any, Contact] = {one.id: one for one in await Contact.all()}
        assert [(after[row["id"]].phone, after[row["id"]].version) for row in rows] == [
            (row["phone"], row["version"]) for row in rows
        ]


async def test_only_what_holds_and_what_is_set_of_itself(world: World, time: Clock) -> None:
    async with world.writing() as session:
        one, other = [await create_contact(world.by, name="Bo", phone=phone) for phone in ("1", "2")]
        rows = [{"id": row.id, "company": "Acme"} for row in (one, other)]
        await update_rows(session, Contact, rows, only="contact.phone = '1'", also="version = version + 1")
        await update_rows(session, Contact, [{"id": new_id(), "company": "Nobody's"}])
        await update_rows(session, Contact, [])
        found = [await Contact.get(id=row.id) for row in (one, other)]
        assert [(row.company, row.version) for row in found] == [("Acme", 2), (None, 1)]


async def test_rows_are_found_by_another_column(world: World, time: Clock) -> None:
    async with world.writing() as session:
        contacts = [await create_contact(world.by, name="Bo", owner_id=world.ana.id) for _ in range(2)]
        ended = time.forward(days=1)
        row = {"record_id": contacts[0].id, "ended_at": ended}
        await update_rows(session, Ownership, [row], key="record_id", only="ownership.ended_at IS NULL")
        found = [await Ownership.get(record_id=one.id) for one in contacts]
        assert [one.ended_at for one in found] == [ended, None]


async def test_what_no_column_can_hold_is_refused_and_nothing_written(
    database: Database, world: World
) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
    bad: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
        ({"company": "a\0b"}, BadValue),
        ({"company": "\ud800"}, BadValue),
        ({"created_at": datetime(2020, 1, 1)}, BadValue),  # noqa: DTZ001 (what is to be refused)
        ({"name": None}, IntegrityError),
        ({"owner_id": new_id()}, IntegrityError),
    )
    for values, error in bad:
        with pytest.raises(error):
            async with database.writing() as session:
                await update_rows(session, Contact, [{"id": contact.id, **values}])
    async with database.reading():
        assert (await Contact.get(id=contact.id)).updated_at == contact.updated_at
