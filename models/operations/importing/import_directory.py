"""Importing a directory: the first pass checks every file, the second writes, one transaction a batch.

It can be stopped anywhere, killed too, and begun again: what was written is known again by its source
and id, or by its name, and stays as it is.
"""

from pathlib import Path
from uuid import UUID

from models.account import Account
from models.contact import Contact
from models.database import Database, Session
from models.deal import Deal
from models.operations.importing.arrival import Arrival, Outcome
from models.operations.importing.arriving import write_arrivals
from models.operations.importing.checking import check_files
from models.operations.importing.contacts import contact_arrival
from models.operations.importing.deals import DealLine, DealReader
from models.operations.importing.finding import contacts_named
from models.operations.importing.line import Line
from models.operations.importing.mapping import Mapping, SheetMapping
from models.operations.importing.notebook import Notebook
from models.operations.importing.people import Seat, managers_in, seat_by_line, seat_by_name
from models.operations.importing.refusal import Refused, shown
from models.operations.importing.report import FileReport, Report
from models.operations.importing.run import Item, Progress, Run, refusal_of
from models.text import fold


async def import_directory(
    database: Database,
    account: Account,
    directory: Path,
    mapping: Mapping,
    notebook: Notebook,
    progress: Progress = lambda report: None,
) -> Report:
    """Import the files in `directory` into the account, as the operator; the notebook is new, and open.

    Raises BadFiles before anything is written, when a file is missing, or its header or encoding is wrong.
    """
    rows = check_files(directory, mapping)
    steps = _Steps(Run(database, account, directory, mapping, notebook, progress))
    for sheet, step in (
        (mapping.products, steps.products),
        (mapping.people, steps.people),
        (mapping.contacts, steps.contacts),
        (mapping.deals, steps.deals),
    ):
        if sheet is not None:
            report = FileReport(sheet.file, rows[sheet.file])
            steps.run.report.files.append(report)
            await step(sheet, report)
    return steps.run.report


class _Steps:
    """The steps, one a file: each knows what those before it have found."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._products: set[str] = set()
        self._seats: dict[str | None, Seat | None] = {}

    async def products(self, sheet: SheetMapping, report: FileReport) -> None:
        """Keep the products' names; they make no records."""

        def read(line: Line) -> str:
            name = line.require("name")
            self.run.require_first(report, line, "name", name)
            return name

        for _, name in self.run.rows(sheet, report, read):
            self._products.add(name)
            report.unchanged += 1

    async def people(self, sheet: SheetMapping, report: FileReport) -> None:
        """Make agents, teams and inboxes, a line a transaction."""

        def read(line: Line) -> str:
            name = line.require("agent")
            self.run.require_first(report, line, "agent", str(fold(name)))
            return name

        managers = managers_in(self.run.lines(sheet)) if "manager" in sheet.columns else frozenset()

        async def write(session: Session, batch: list[Item[str]]) -> Outcome:
            [(line, name)] = batch
            try:
                self._seats[fold(name)], created, changed = await seat_by_line(self.run.by, line, managers)
            except Refused as refused:
                return Outcome(refusals=[refusal_of(report.file, line, refused)])
            return Outcome(int(created), int(changed and not created), int(not changed))

        await self.run.write_all(sheet, report, read, write, size=1)

    async def contacts(self, sheet: SheetMapping, report: FileReport) -> None:
        """Write the contacts."""
        key = "id" if "id" in sheet.columns else "name"

        def read(line: Line) -> Arrival:
            arrival = contact_arrival(line, self.run.at)
            self.run.require_first(report, line, key, arrival.source_id)
            return arrival

        async def write(session: Session, batch: list[Item[Arrival]]) -> Outcome:
            arrivals = [arrival for _, arrival in batch]
            return await write_arrivals(
                session, self.run.by, Contact, self.run.mapping.source, arrivals, self.run.at
            )

        await self.run.write_all(sheet, report, read, write)

    async def deals(self, sheet: SheetMapping, report: FileReport) -> None:
        """Write the deals, each with its agent's team and inbox."""
        products = frozenset(self._products) if self.run.mapping.products else None
        reader = DealReader(self.run.account, self.run.mapping, products, self.run.at)

        async def write(session: Session, batch: list[Item[DealLine]]) -> Outcome:
            names = {deal.contact for _, deal in batch if deal.contact}
            contacts = await contacts_named(session, self.run.by, self.run.mapping.source, names)
            arrivals, outcome = [], Outcome()
            for line, deal in batch:
                try:
                    arrival = await self._placed(deal, contacts)
                    self.run.require_first(report, line, "id", deal.source_id)
                    arrivals.append(arrival)
                except Refused as refused:
                    outcome.refusals.append(refusal_of(report.file, line, refused))
            return await self._written(session, report, batch, arrivals, outcome)

        await self.run.write_all(sheet, report, reader.read, write)

    async def _written(
        self,
        session: Session,
        report: FileReport,
        batch: list[Item[DealLine]],
        arrivals: list[Arrival],
        before: Outcome,
    ) -> Outcome:
        outcome = await write_arrivals(
            session, self.run.by, Deal, self.run.mapping.source, arrivals, self.run.at
        )
        inactive = {*outcome.inactive}
        for line, deal in batch:
            if line.number in inactive:
                reason = f"{shown(deal.agent or '')} is not active, and gets no new deals"
                before.refusals.append(refusal_of(report.file, line, line.refused("agent", reason)))
        outcome.refusals = before.refusals
        return outcome

    async def _placed(self, deal: DealLine, contacts: dict[str, Contact]) -> Arrival:
        """The deal with its owner, team, inbox and contact; raises Refused where one is unknown."""
        seat = await self._seat(deal)
        contact = self._contact(deal, contacts)
        columns = deal.columns | {
            "title": deal.titles[contact is not None and contact.erased_at is not None],
            "contact_id": _id(contact),
            "owner_id": seat and seat.agent_id,
            "team_id": seat and seat.team_id,
            "inbox_id": seat and seat.inbox_id,
        }
        return Arrival(deal.line.number, deal.source_id, deal.since, columns)

    async def _seat(self, deal: DealLine) -> Seat | None:
        if deal.agent is None:
            return None
        key = fold(deal.agent)
        if key not in self._seats:
            self._seats[key] = await seat_by_name(self.run.by, deal.agent)
        if self._seats[key] is None:
            raise deal.line.refused("agent", f"there is no agent {shown(deal.agent)}, or more than one")
        return self._seats[key]

    def _contact(self, deal: DealLine, contacts: dict[str, Contact]) -> Contact | None:
        if deal.contact is None:
            return None
        if deal.contact not in contacts:
            raise deal.line.refused("contact", f"there is no contact {shown(deal.contact)}, or more than one")
        return contacts[deal.contact]


def _id(contact: Contact | None) -> UUID | None:
    return contact.id if contact else None
