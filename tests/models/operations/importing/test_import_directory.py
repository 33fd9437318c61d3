"""What an import writes, what it refuses, and what it leaves alone."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from models import (
    Agent,
    AuditEntry,
    Contact,
    Deal,
    DealStatus,
    Inbox,
    InboxMember,
    OutboxEvent,
    Ownership,
    OwnershipCause,
    Role,
    Team,
    TeamMember,
)
from models.database import Database
from models.operations.assign_owner import assign_owner
from models.operations.erase_contact import erase_contact
from models.operations.importing.checking import BadFiles
from models.operations.importing.mapping import load_mapping
from models.operations.reopen_deal import reopen_deal
from models.operations.suspend_agent import suspend_agent
from models.operations.update_deal import update_deal
from tests.models.operations.importing.exporting import Importer, everything, importer
from tests.models.operations.importing.exports import ACCOUNTS, DEALS, TEAMS, write_export

FILE = "sales_pipeline.csv"


@pytest.fixture
async def export(database: Database, tmp_path: Path) -> Importer:
    """The usual export, not imported yet, and an account in a zone that has winter in July."""
    return await importer(database, write_export(tmp_path / "export"), time_zone="America/Sao_Paulo")


def rewrite(export: Importer, *lines: str, **sheets: Any) -> None:
    """Let the export have these deals instead."""
    write_export(export.directory, **({"deals": (DEALS[0], *lines)} if lines else {}), **sheets)


async def one(export: Importer, model: Any, name: str) -> Any:
    [row] = await export.rows(model, account_id=export.account.id, name=name)
    return row


async def test_a_row_is_a_deal(export: Importer) -> None:
    counts, refusals = await export.run()
    assert refusals == []
    assert counts[FILE] == (4, 4, 0, 0, 0)
    deals = await export.deals()
    ana, umbra = await one(export, Agent, "Ana Sá"), await one(export, Contact, "Umbra")
    team, inbox = await one(export, Team, "Bea Lim"), await one(export, Inbox, "North")
    won = deals["A1"]
    assert (won.title, won.stage, won.status) == ("Kite, Umbra", "Won", DealStatus.WON)
    assert (won.amount, won.currency) == (105_400, "USD")
    assert (won.owner_id, won.team_id, won.inbox_id, won.contact_id) == (ana.id, team.id, inbox.id, umbra.id)
    # Clocks went forward at midnight on 16 October 2016: after that, two hours behind UTC; in March, three.
    assert won.created_at == datetime(2016, 10, 20, 2, tzinfo=UTC)
    assert won.won_at == datetime(2017, 3, 1, 3, tzinfo=UTC)
    assert won.lost_at is None
    lost = deals["A2"]
    assert (lost.title, lost.status, lost.amount) == ("GTX Pro, Øster & Co", DealStatus.LOST, 0)
    assert lost.lost_at == datetime(2017, 3, 11, 3, tzinfo=UTC)
    assert (deals["A3"].title, deals["A3"].contact_id, deals["A3"].amount) == ("Sail", None, None)


async def test_ownership_timeline_and_outbox_come_along(export: Importer) -> None:
    await export.run()
    deals = await export.deals()
    [interval] = await export.rows(Ownership, record_id=deals["A1"].id)
    assert interval.cause is OwnershipCause.IMPORTED
    assert (interval.owner_id, interval.team_id) == (deals["A1"].owner_id, deals["A1"].team_id)
    assert (interval.started_at, interval.ended_at) == (deals["A1"].created_at, None)
    [later] = await export.rows(Ownership, record_id=deals["A4"].id)
    assert later.started_at == deals["A4"].created_at == deals["A4"].updated_at
    [entry] = await export.timeline(deals["A1"].id)
    assert (entry.number, entry.kind, entry.author_id) == (1, "IMPORTED", None)
    assert entry.changes["amount"] == [None, 105_400]
    assert entry.changes["owner_id"] == [None, str(deals["A1"].owner_id)]
    assert len(await export.rows(OutboxEvent)) == 6
    assert len(await export.rows(AuditEntry, action="import")) == 1


async def test_people_get_their_roles_teams_and_inboxes(export: Importer) -> None:
    counts, _ = await export.run()
    assert counts["sales_teams.csv"] == (3, 3, 0, 0, 0)
    roles = {role.id: role.built_in for role in await export.rows(Role)}
    agents = {agent.id: agent for agent in await export.rows(Agent, email=None)}
    assert {agent.name: roles[agent.role_id].value for agent in agents.values()} == {
        "Ana Sá": "REP",
        "Noé Ruiz": "REP",
        "Uma Rao": "REP",
        "Bea Lim": "SALES_MANAGER",
        "Cal Moe": "SALES_MANAGER",
    }
    bea = await one(export, Team, "Bea Lim")
    members = {agents[member.agent_id].name for member in await export.rows(TeamMember, team_id=bea.id)}
    assert members == {"Bea Lim", "Ana Sá", "Noé Ruiz"}
    assert all(agent.main_team_id for agent in agents.values())
    north = await one(export, Inbox, "North")
    members = {agents[member.agent_id].name for member in await export.rows(InboxMember, inbox_id=north.id)}
    assert members == {"Bea Lim", "Ana Sá", "Noé Ruiz"}


async def test_a_manager_with_a_line_of_their_own_is_a_manager(export: Importer) -> None:
    rewrite(export, teams=(*TEAMS, "Bea Lim,Cal Moe,South", "Cal Moe,Cal Moe,South"))
    counts, refusals = await export.run()
    assert refusals == []
    assert counts["sales_teams.csv"] == (5, 3, 1, 1, 0)
    roles = {role.id: role.built_in for role in await export.rows(Role)}
    for name in ("Bea Lim", "Cal Moe"):
        assert roles[(await one(export, Agent, name)).role_id].value == "SALES_MANAGER"


async def test_contacts_are_nobodys(export: Importer) -> None:
    await export.run()
    umbra = await one(export, Contact, "Umbra")
    assert (umbra.owner_id, umbra.team_id, umbra.inbox_id, umbra.address) == (None, None, None, "Kenya")


async def test_what_is_left_out_is_left_empty(export: Importer) -> None:
    rewrite(export, "A1,,Kite,,Engaging,,,", teams=(*TEAMS, "Ivo Paz,,"))
    counts, refusals = await export.run()
    assert (counts[FILE], refusals) == ((1, 1, 0, 0, 0), [])
    deal = (await export.deals())["A1"]
    assert (deal.title, deal.contact_id) == ("Kite", None)
    assert (deal.owner_id, deal.team_id, deal.inbox_id) == (None, None, None)
    person = await one(export, Agent, "Ivo Paz")
    for members in (TeamMember, InboxMember):
        assert await export.rows(members, agent_id=person.id) == []


async def test_twice_changes_nothing(export: Importer) -> None:
    await export.run()
    before = await everything(export.database)
    counts, refusals = await export.run()
    assert refusals == []
    assert counts[FILE] == (4, 0, 0, 4, 0)
    assert await everything(export.database) == before


BAD_ROWS = {
    "an unknown stage": ("B1,Ana Sá,Kite,Umbra,Maybe,2016-10-20,,", "deal_stage", '"Maybe" is no stage'),
    "no stage": ("B1,Ana Sá,Kite,Umbra,,2016-10-20,,", "deal_stage", "is empty"),
    "a close before the engagement": (
        "B1,Ana Sá,Kite,Umbra,Won,2017-10-20,2017-10-19,5",
        "close_date",
        "the deal closed on 2017-10-19, before it was engaged on 2017-10-20",
    ),
    "a negative amount": ("B1,Ana Sá,Kite,,Won,2016-10-20,2017-03-01,-5", "close_value", '"-5" is negative'),
    "a repeated id": ("A1,Ana Sá,Kite,,Engaging,,,", "opportunity_id", '"A1" is in line 2 already'),
    "no id": (",Ana Sá,Kite,,Engaging,,,", "opportunity_id", "is empty"),
    "an endless id": (f"{'B' * 201},Ana Sá,Kite,,Engaging,,,", "opportunity_id", "has 201 characters"),
    "an unknown agent": ("B1,Ana Sa,Kite,,Engaging,,,", "sales_agent", 'there is no agent "Ana Sa"'),
    "an unknown account": ("B1,Ana Sá,Kite,Nobody,Engaging,,,", "account", 'there is no contact "Nobody"'),
    "an unknown product": ("B1,Ana Sá,Kyte,,Engaging,,,", "product", '"Kyte" is no product of the list'),
    "a day that is none": (
        "B1,Ana Sá,Kite,,Engaging,2017-02-29,,",
        "engage_date",
        "is no day of the calendar",
    ),
    "a day written otherwise": ("B1,Ana Sá,Kite,,Engaging,29/02/2016,,", "engage_date", "written YYYY-MM-DD"),
    "a day to come": ("B1,Ana Sá,Kite,,Engaging,9999-12-31,,", "engage_date", "is still to come"),
    "won without a day": ("B1,Ana Sá,Kite,,Won,2016-10-20,,5", "close_date", "is empty, and the deal is won"),
    "open with a day of closing": (
        "B1,Ana Sá,Kite,,Engaging,2016-10-20,2016-10-21,",
        "close_date",
        "still open has a close date",
    ),
    "an amount in words": ("B1,Ana Sá,Kite,,Engaging,,,lots", "close_value", '"lots" is no amount'),
    "an amount with grouped digits": ('B1,Ana Sá,Kite,,Engaging,,,"1,054"', "close_value", "is no amount"),
    "other digits than ours": ("B1,Ana Sá,Kite,,Engaging,,,١٢", "close_value", "is no amount"),
    "more decimals than cents": ("B1,Ana Sá,Kite,,Engaging,,,1.005", "close_value", "2 decimal places"),
    "an amount beyond all": (f"B1,Ana Sá,Kite,,Engaging,,,{'9' * 40}", "close_value", "at most"),
    "too few fields": ("B1,Ana Sá,Kite", None, "too few fields: 3 where the header has 8"),
    "too many fields": ("B1,Ana Sá,Kite,,Engaging,,,,,", None, "too many fields: 10 where the header has 8"),
    "a NUL": ("B1,Ana Sá,Ki\0te,,Engaging,,,", "product", "NUL"),
    "an open quote": ('B1,"Ana Sá,Kite,,Engaging,,,', None, "a quote is opened here"),
}


async def test_bad_rows_are_told_and_take_no_other_with_them(export: Importer) -> None:
    rewrite(export, DEALS[1], *(row for row, _, _ in BAD_ROWS.values()), *DEALS[2:])
    counts, refusals = await export.run()
    assert counts[FILE] == (4 + len(BAD_ROWS), 4, 0, 0, len(BAD_ROWS))
    assert set(await export.deals()) == {"A1", "A2", "A3", "A4"}
    told = {refusal.line: refusal for refusal in refusals}
    for line, (case, (_, column, reason)) in enumerate(BAD_ROWS.items(), 3):
        assert (told[line].file, told[line].column) == (FILE, column), case
        assert reason in told[line].reason, case


async def test_an_id_is_not_taken_by_a_row_that_was_refused(export: Importer) -> None:
    rewrite(export, "A1,Ana Sá,Kite,,Maybe,,,", "A1,Ana Sá,Kite,,Engaging,,,")
    counts, _ = await export.run()
    assert counts[FILE] == (2, 1, 0, 0, 1)


async def test_nothing_is_written_when_a_file_is_bad(export: Importer) -> None:
    (export.directory / FILE).write_bytes("opportunity_id;Größe".encode("latin-1"))
    before = await everything(export.database)
    with pytest.raises(BadFiles):
        await export.run()
    assert await everything(export.database) == before


async def test_all_rows_refused_is_told_of_each(export: Importer) -> None:
    rewrite(export, *(f"B{number},Nobody,Kite,,Engaging,,," for number in range(2500)))
    counts, refusals = await export.run()
    assert counts[FILE] == (2500, 0, 0, 0, 2500)
    assert [refusal.line for refusal in refusals] == list(range(2, 2502))


async def test_repeated_people_and_contacts_are_refused(export: Importer) -> None:
    rewrite(export, teams=(*TEAMS, "ANA SÁ,Cal Moe,South"), accounts=(*ACCOUNTS, "Umbra,,,,,Chad,"))
    _, refusals = await export.run()
    assert [(refusal.file, refusal.line, refusal.column) for refusal in refusals] == [
        ("sales_teams.csv", 5, "sales_agent"),
        ("accounts.csv", 4, "account"),
    ]
    assert (await one(export, Contact, "Umbra")).address == "Kenya"


async def test_what_changed_in_the_file_changes_in_the_deal(export: Importer) -> None:
    await export.run()
    before = (await export.deals())["A3"]
    rewrite(export, *DEALS[1:3], "A3,Noé Ruiz,Sail,,Won,2016-11-03,2016-12-01,70.50", DEALS[4])
    counts, _ = await export.run()
    assert counts[FILE] == (4, 0, 1, 3, 0)
    deal = (await export.deals())["A3"]
    assert (deal.status, deal.stage, deal.amount, deal.version) == (DealStatus.WON, "Won", 7050, 2)
    assert deal.won_at == datetime(2016, 12, 1, 2, tzinfo=UTC)
    assert deal.updated_at > before.updated_at
    entry = (await export.timeline(deal.id))[-1]
    assert entry.changes["status"] == ["OPEN", "WON"]
    assert len(await export.rows(AuditEntry, action="import")) == 2
    assert (await export.run())[0][FILE] == (4, 0, 0, 4, 0)


async def test_a_won_deal_s_amount_changes_by_reopening_it(export: Importer) -> None:
    await export.run()
    rewrite(export, DEALS[1].replace("1054", "2000"), *DEALS[2:])
    await export.run()
    deal = (await export.deals())["A1"]
    assert (deal.status, deal.amount) == (DealStatus.WON, 200_000)
    told = await export.timeline(deal.id)
    assert [entry.kind for entry in told] == ["IMPORTED", "REOPENED", "IMPORTED"]
    assert told[1].changes["status"] == ["WON", "OPEN"]
    assert told[2].changes["status"] == ["OPEN", "WON"]
    assert told[2].changes["amount"] == [105_400, 200_000]


async def test_a_new_agent_in_the_file_owns_the_deal_from_the_import_on(export: Importer) -> None:
    await export.run()
    rewrite(export, *DEALS[1:4], DEALS[4].replace("Uma Rao", "Noé Ruiz"))
    await export.run()
    deal, noe = (await export.deals())["A4"], await one(export, Agent, "Noé Ruiz")
    assert (deal.owner_id, deal.team_id) == (noe.id, noe.main_team_id)
    first, second = sorted(await export.rows(Ownership, record_id=deal.id), key=lambda row: row.started_at)
    assert first.ended_at == second.started_at
    assert (second.owner_id, second.cause, second.ended_at) == (noe.id, OwnershipCause.IMPORTED, None)


async def test_what_was_changed_here_and_not_in_the_file_stays(export: Importer) -> None:
    await export.run()
    noe = await one(export, Agent, "Noé Ruiz")
    deals = await export.deals()
    async with export.database.writing():
        await reopen_deal(export.by, deals["A1"])
        await update_deal(export.by, deals["A3"], stage="Nearly there", expected_close_on=date(2027, 1, 1))
        await assign_owner(export.by, deals["A4"], owner_id=noe.id)
    before = await everything(export.database)
    assert (await export.run())[0][FILE] == (4, 0, 0, 4, 0)
    assert await everything(export.database) == before


async def test_a_deal_won_here_stays_won_until_the_file_says_otherwise(export: Importer) -> None:
    await export.run()
    async with export.database.writing():
        await reopen_deal(export.by, (await Deal.get(source_id="A1")))
    rewrite(export, DEALS[1].replace("1054", "2000"), *DEALS[2:])
    await export.run()
    deal = (await export.deals())["A1"]
    assert (deal.status, deal.amount) == (DealStatus.OPEN, 200_000)


async def test_who_is_suspended_gets_no_new_deals_and_keeps_the_old(export: Importer) -> None:
    await export.run()
    async with export.database.writing():
        await suspend_agent(export.by, await Agent.get(name="Ana Sá"))
    rewrite(export, *DEALS[1:], "A5,Ana Sá,Kite,,Engaging,,,")
    counts, [refusal] = await export.run()
    assert counts[FILE] == (5, 0, 0, 4, 1)
    assert str(refusal) == (
        f'{FILE}, line 6, column sales_agent: "Ana Sá" is not active, and gets no new deals'
    )


async def test_who_was_erased_stays_erased(export: Importer) -> None:
    await export.run()
    umbra = await one(export, Contact, "Umbra")
    async with export.database.writing():
        await erase_contact(export.by, umbra)
    rewrite(export, *DEALS[1:], "A5,Ana Sá,Kite,Umbra,Engaging,,,")
    counts, _ = await export.run()
    assert counts["accounts.csv"] == (2, 0, 0, 2, 0)
    assert await export.rows(Contact, name="Umbra") == []
    deal = (await export.deals())["A5"]
    assert (deal.contact_id, deal.title) == (umbra.id, "Kite")


async def test_namesakes_are_refused(export: Importer) -> None:
    await export.run()
    async with export.database.writing():
        ana = await Agent.get(name="Ana Sá")
        await Agent.create(account_id=export.account.id, name="ANA SÁ", role_id=ana.role_id)
    counts, refusals = await export.run()
    assert counts["sales_teams.csv"] == (3, 0, 0, 2, 1)
    assert "several agents" in refusals[0].reason
    assert {refusal.column for refusal in refusals} == {"sales_agent"}


async def test_two_accounts_import_the_same_export(export: Importer, tmp_path: Path) -> None:
    await export.run()
    async with export.database.writing():
        from models.operations.create_account import create_account

        other, _ = await create_account(name="Other", admin_email="root@other.example", currency="JPY")
    second = Importer(export.database, other, export.directory)
    counts, _ = await second.run()
    assert counts[FILE] == (4, 4, 0, 0, 0)
    assert ((await second.deals())["A1"].amount, (await export.deals())["A1"].amount) == (1054, 105_400)


async def test_another_crm_needs_a_mapping_and_no_code(database: Database, tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(
        'source = "other"\ndelimiter = ";"\ndates = "DD.MM.YYYY"\ndecimal_mark = ","\n'
        '[contacts]\nfile = "k.csv"\nid = "Nr"\nname = "Kunde"\nemail = "Mail"\n'
        '[deals]\nfile = "d.csv"\nid = "Nr"\ntitle = "Was"\ncontact = "Kunde"\nstage = "Stand"\n'
        'amount = "Wert"\n'
        'closed_on = "Schluss"\nexpected_close_on = "Plan"\nagent = "Wer"\n'
        '[deals.stages]\nOffen = "OPEN"\nGewonnen = "WON"\n',
        "utf-8",
    )
    (tmp_path / "k.csv").write_text("Nr;Kunde;Mail\n7;Groß AG;a@gross.example\n8;Klein;kein\n", "utf-8-sig")
    (tmp_path / "d.csv").write_text(
        "Nr;Was;Kunde;Stand;Wert;Schluss;Plan;Wer\n"
        "1;Drachen;Groß AG;Gewonnen;1054,50;01.03.2017;;root@acme.example\n"
        "2;Segel;;Offen;;;24.12.2030;\n",
        "utf-8",
    )
    other = await importer(database, tmp_path, currency="EUR")
    other.mapping = load_mapping(tmp_path / "mapping.toml")
    counts, refusals = await other.run()
    assert [str(refusal) for refusal in refusals] == [
        "k.csv, line 3, column Mail: email is no email address; write it as in ana@example.com."
    ]
    assert counts["d.csv"] == (2, 2, 0, 0, 0)
    deals = await other.deals()
    assert (deals["1"].title, deals["1"].amount, deals["1"].currency) == ("Drachen", 105_450, "EUR")
    assert deals["1"].contact_id == (await one(other, Contact, "Groß AG")).id
    assert deals["1"].owner_id is not None
    assert (deals["2"].owner_id, deals["2"].expected_close_on) == (None, date(2030, 12, 24))
    assert (await other.run())[0]["d.csv"] == (2, 0, 0, 2, 0)
