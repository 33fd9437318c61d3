"""A rep leaves: the portfolio goes to two others with its history, and the next lead to the next in line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from authz.tokens import Signed
from models import BuiltIn, Record, Role, Token, TokenKind, clock
from models.database import Database
from models.operations.add_message import add_message
from models.operations.create_agent import create_agent
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.rules.money import Money
from tests.judge.answers import global_id
from tests.judge.world import START
from tests.models.operations.world import make_world
from tests.proofs.asking import Answer, ask

EXPIRES = datetime(2100, 1, 1, tzinfo=UTC)
PREVIEW = """query ($input: TransferInput!) { transferPreview(input: $input) {
    records { contacts conversations deals } shares { agent { id } records { contacts } }
    parting { conversations deals } token userErrors { code field }
} }"""
TRANSFER = """mutation ($input: TransferPortfolioInput!) { transferPortfolio(input: $input) {
    transfer { id state progress { total moved waiting left } } userErrors { code field message }
} }"""
OWNED = """{
    contacts(first: 50) { nodes { id name owner { id } timeline(first: 50) { nodes { kind author { id } reason
        transfer { id } } } ownerships { owner { id } end } } }
    conversations(first: 50) { nodes { id owner { id } messages(first: 5) { nodes { body author { id } } } } }
    deals(first: 50) { nodes { id owner { id } amount { amount } } }
}"""
POLICY = """mutation ($input: CreateDistributionPolicyInput!) { createDistributionPolicy(input: $input) {
    distributionPolicy { id } userErrors { code field message }
} }"""
LEAD = """mutation ($input: CreateContactInput!) { createContact(input: $input) {
    contact { id owner { id name } team { id } } userErrors { code field message }
} }"""
LEAVE = """mutation ($input: DeactivateAgentInput!) { deactivateAgent(input: $input) {
    agent { id status } userErrors { code field message }
} }"""
LOG = "{ auditLog(first: 100) { nodes { action outcome actor { id } subject { __typename id } } } }"


@dataclass
class Office:
    """The people of a team, each with a token; and what Ana owns."""

    database: Database
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Signed] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    draws: int = 0

    async def ask(self, who: str, document: str, **given: Any) -> Answer:
        """What they are answered; `given` is the input."""
        self.draws += 1
        variables = {"input": given} if given else None
        return await ask(self.database, self.tokens[who], document, variables, draws=self.draws)

    async def told(self, who: str, document: str, **given: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(who, document, **given)
        assert answer.errors == []
        return answer.data


@pytest.fixture
async def office(database: Database) -> Office:
    office = Office(database)
    clock.tell_time_with(lambda: START)
    async with database.writing():
        world = await make_world(database)
        manager_role = await Role.get(account_id=world.account.id, built_in=BuiltIn.SALES_MANAGER)
        people = {"root": world.administrator, "ana": world.ana}
        for name, role in (("manager", manager_role), ("bea", world.rep), ("cai", world.rep)):
            people[name] = await create_agent(
                world.by, name=name.title(), role_id=role.id, team_ids=[world.north.id]
            )
        for name, agent in people.items():
            token = await Token.create(
                account_id=world.account.id, kind=TokenKind.AGENT, agent_id=agent.id, expires_at=EXPIRES
            )
            office.ids[name] = global_id("Agent", agent.id)
            office.tokens[name] = Signed(token.id, world.account.id, agent.id, TokenKind.AGENT, EXPIRES)
        office.ids["north"] = global_id("Team", world.north.id)
        placed: dict[str, Any] = {"owner_id": world.ana.id, "team_id": world.north.id}
        for number in range(4):
            contact = await create_contact(world.by, name=f"Customer {number}", **placed)
            talk = await create_conversation(
                world.by, contact_id=contact.id, inbox_id=world.inbox.id, **placed
            )
            await add_message(world.by, talk, direction="OUTBOUND", body="Hello")  # type: ignore[arg-type]
            deal = await create_deal(
                world.by, title="Bikes", amount=Money(5_000, "USD"), contact_id=contact.id, **placed
            )
            office.records += [contact, talk, deal]
    clock.tell_time_with(None)
    return office


async def _preview_and_transfer(office: Office) -> str:
    to = [{"agentId": office.ids[name], "weight": 1} for name in ("bea", "cai")]
    what: dict[str, Any] = {
        "fromId": office.ids["ana"],
        "to": to,
        "carryOver": {"openConversations": True, "openDeals": True},
    }
    preview = (await office.told("manager", PREVIEW, **what))["transferPreview"]
    assert preview["userErrors"] == []
    assert preview["records"] == {"contacts": 4, "conversations": 4, "deals": 4}
    assert [share["records"]["contacts"] for share in preview["shares"]] == [2, 2]
    assert preview["parting"] == {"conversations": 0, "deals": 0}
    transfer: dict[str, Any] = {**what, "token": preview["token"], "reason": "Ana leaves"}
    done = (await office.told("manager", TRANSFER, **transfer))["transferPortfolio"]
    assert done["userErrors"] == []
    assert done["transfer"]["state"] == "APPLIED"
    assert done["transfer"]["progress"] == {"total": 12, "moved": 12, "waiting": 0, "left": 0}
    again = (await office.told("manager", TRANSFER, **transfer))["transferPortfolio"]
    assert again["transfer"] is None
    assert again["userErrors"]
    return str(done["transfer"]["id"])


async def test_a_rep_leaves(office: Office) -> None:
    refused = await office.ask("bea", PREVIEW, fromId=office.ids["ana"], to=[{"agentId": office.ids["bea"]}])
    assert refused.codes == ["FORBIDDEN"]
    before = await office.told("ana", OWNED)
    assert [len(before[kind]["nodes"]) for kind in before] == [4, 4, 4]
    assert (await office.told("bea", OWNED))["contacts"]["nodes"] == []
    transfer_id = await _preview_and_transfer(office)

    for name in ("bea", "cai"):
        now = await office.told(name, OWNED)
        assert [len(now[kind]["nodes"]) for kind in now] == [2, 2, 2]
        for contact in now["contacts"]["nodes"]:
            # The history came along; that a transfer did it they are told, but not which.
            told = contact["timeline"]["nodes"]
            assert [(one["kind"], one["reason"], one["transfer"]) for one in told] == [
                ("CREATED", None, None),
                ("TRANSFERRED", "Ana leaves", None),
            ]
            assert [one["owner"]["id"] for one in contact["ownerships"]] == [
                office.ids["ana"],
                office.ids[name],
            ]
        assert [one["messages"]["nodes"][0]["body"] for one in now["conversations"]["nodes"]] == ["Hello"] * 2
    seen = (await office.told("manager", OWNED))["contacts"]["nodes"][0]["timeline"]["nodes"][-1]
    assert (seen["transfer"], seen["author"]) == ({"id": transfer_id}, {"id": office.ids["manager"]})
    left = await office.told("ana", OWNED)
    assert [left[kind]["nodes"] for kind in left] == [[], [], []]

    gone = (await office.told("root", LEAVE, id=office.ids["ana"]))["deactivateAgent"]
    assert (gone["agent"], gone["userErrors"]) == ({"id": office.ids["ana"], "status": "DEACTIVATED"}, [])
    assert (await office.ask("ana", OWNED)).codes == ["UNAUTHENTICATED"]

    members = [{"agentId": office.ids[name], "weight": 1} for name in ("bea", "cai")]
    policy = await office.told("manager", POLICY, members=members, teamId=office.ids["north"])
    assert policy["createDistributionPolicy"]["userErrors"] == []
    owners = []
    for number in range(4):
        lead = await office.told(
            "root", LEAD, name=f"Lead {number}", ownerId=None, teamId=office.ids["north"]
        )
        owners.append(lead["createContact"]["contact"]["owner"]["name"])
    assert owners == ["Bea", "Cai", "Bea", "Cai"]
    assert len((await office.told("bea", OWNED))["contacts"]["nodes"]) == 4

    await _every_step_stands_in_the_audit(office, transfer_id, policy)


async def _every_step_stands_in_the_audit(office: Office, transfer_id: str, policy: Any) -> None:
    log = (await office.told("root", LOG))["auditLog"]["nodes"]
    acts = [(one["action"], one["outcome"], (one["actor"] or {}).get("id")) for one in log]
    about = {one["subject"]["id"]: one for one in log if one["subject"]}
    manager, root = office.ids["manager"], office.ids["root"]
    assert about[transfer_id]["actor"]["id"] == manager
    assert sum(one["subject"] == {"__typename": "Transfer", "id": transfer_id} for one in log) == 1
    assert about[policy["createDistributionPolicy"]["distributionPolicy"]["id"]]["actor"]["id"] == manager
    assert ("deactivate_agent", "DONE", root) in acts
    assert sum(act == ("create_contact", "DONE", root) for act in acts) == 4 + 4
