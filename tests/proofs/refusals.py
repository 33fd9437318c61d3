"""For each policy: an act that it must refuse, to somebody who has all that it names in sight."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.database import Database
from tests.judge.answers import global_id
from tests.judge.oracle import TYPES, sight, viewer_can
from tests.judge.viewers import KINDS, Judged
from tests.judge.world import World
from tests.proofs.acting import judge_of
from tests.proofs.asking import Answer, SignedIn, ask, sign_in

Given = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A kind of viewer, a mutation, and an input for it, made from what the viewer has in sight."""

    kind: str
    mutation: str
    input: Callable[[Judged], Given]

    @property
    def policy(self) -> str:
        """The name of the policy that must refuse."""
        return judge_of(self.mutation).policy.name

    def sign_in(self, world: World) -> SignedIn:
        """The viewer, before their own settled copy of the world."""
        return sign_in(next(kind for kind in KINDS if kind.name == self.kind), world)

    async def ask(self, database: Database, who: SignedIn) -> Answer:
        """Try the act."""
        return await ask(database, who.unproved, document(self.mutation), {"input": self.input(who.viewer)})


def document(mutation: str) -> str:
    """A document that does a mutation, with its input in `$input`."""
    input_type = f"{mutation[0].upper()}{mutation[1:]}Input!"
    return f"mutation ($input: {input_type}) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"


def in_sight(viewer: Judged, type_name: str, *, update: bool | None = None) -> str:
    """The id of something in sight; of a record that may be changed (`update`), or may not."""
    table = TYPES[type_name]
    for row_id in sorted(sight(viewer, table)):
        row = viewer.world[table][row_id]
        if update is None or viewer_can(viewer, table, row)["update"] is update:
            return global_id(type_name, row_id)
    raise LookupError(f"no such {type_name} is in sight")


def agent(viewer: Judged, who: str) -> str:
    """The id of one of Aurora's agents."""
    return global_id("Agent", viewer.world.agent(f"{who}@aurora.example"))


def role(viewer: Judged, name: str) -> str:
    """The id of one of Aurora's roles."""
    return global_id("Role", _named(viewer, "role", name))


def _named(viewer: Judged, table: str, name: str) -> UUID:
    rows = viewer.world.rows(table, name=name, account_id=viewer.facts.account_id)
    found: UUID = rows[0]["id"]
    return found


def _own_token(viewer: Judged) -> str:
    assert viewer.token_id is not None
    return global_id("Token", viewer.token_id)


MASKED = "rep, masked"
MANAGER = "team manager"
LEAD = "team manager of own making"

REFUSALS = (
    Refusal(MASKED, "createDeal", lambda viewer: {"title": "Bikes", "ownerId": agent(viewer, "colleague")}),
    Refusal(MASKED, "archiveDeal", lambda viewer: {"id": in_sight(viewer, "Deal", update=False)}),
    Refusal(MASKED, "winDeal", lambda viewer: {"id": in_sight(viewer, "Deal", update=False)}),
    Refusal(MASKED, "archiveContact", lambda viewer: {"id": in_sight(viewer, "Contact", update=False)}),
    Refusal(
        "rep of two teams, open",
        "addMessage",
        lambda viewer: {"conversationId": in_sight(viewer, "Conversation", update=False), "body": "Hi"},
    ),
    Refusal("partner user", "archiveDeal", lambda viewer: {"id": in_sight(viewer, "Deal")}),
    Refusal(
        MASKED,
        "assignOwner",
        lambda viewer: {"recordId": in_sight(viewer, "Deal", update=True), "ownerId": None},
    ),
    Refusal(
        "account scope, own reach, masked",
        "assignTeam",
        lambda viewer: {"recordId": in_sight(viewer, "Deal", update=False), "teamId": None},
    ),
    Refusal(
        MASKED,
        "assignInbox",
        lambda viewer: {"recordId": in_sight(viewer, "Deal", update=True), "inboxId": None},
    ),
    Refusal(MANAGER, "eraseContact", lambda viewer: {"id": in_sight(viewer, "Contact", update=True)}),
    Refusal(MASKED, "createAgent", lambda viewer: {"name": "New", "roleId": role(viewer, "Rep")}),
    Refusal(MANAGER, "updateAgent", lambda viewer: {"id": agent(viewer, "rep"), "name": "New"}),
    Refusal(LEAD, "updateAgent", lambda viewer: {"id": agent(viewer, "manager"), "name": "New"}),
    Refusal(MANAGER, "suspendAgent", lambda viewer: {"id": agent(viewer, "rep")}),
    Refusal(MANAGER, "deactivateAgent", lambda viewer: {"id": agent(viewer, "rep"), "leaveUnowned": True}),
    Refusal(LEAD, "createTeam", lambda viewer: {"name": "New"}),
    Refusal(
        LEAD,
        "updateTeam",
        lambda viewer: {"id": global_id("Team", _named(viewer, "team", "North Łódź")), "name": "New"},
    ),
    Refusal(MANAGER, "updatePartner", lambda viewer: {"id": in_sight(viewer, "Partner"), "name": "New"}),
    Refusal(LEAD, "updatePartnerUser", lambda viewer: {"id": in_sight(viewer, "PartnerUser"), "name": "New"}),
    Refusal(LEAD, "createRole", lambda viewer: {"name": "New", "scope": "ACCOUNT", "reach": "OWN"}),
    Refusal(LEAD, "updateRole", lambda viewer: {"id": role(viewer, "Account lead"), "name": "New"}),
    Refusal(
        LEAD,
        "assignRole",
        lambda viewer: {"agentId": agent(viewer, "colleague"), "roleId": role(viewer, "Administrator")},
    ),
    Refusal(LEAD, "updateAccountSettings", lambda viewer: {"isolationMode": "OPEN"}),
    Refusal(
        MASKED,
        "setPassword",
        lambda viewer: {"agentId": agent(viewer, "colleague"), "password": "correct horse battery"},
    ),
    Refusal(MASKED, "createApiToken", lambda viewer: {"name": "New", "permissions": ["audit.read"]}),
    Refusal("API token", "revokeToken", lambda viewer: {"id": _own_token(viewer)}),
    Refusal(
        MASKED, "createDistributionPolicy", lambda viewer: {"members": [{"agentId": agent(viewer, "rep")}]}
    ),
    Refusal(
        MANAGER,
        "updateDistributionPolicy",
        lambda viewer: {"id": in_sight(viewer, "DistributionPolicy"), "teamId": None, "inboxId": None},
    ),
    Refusal(
        "account scope, own reach, masked",
        "distributeContacts",
        lambda viewer: {
            "policyId": in_sight(viewer, "DistributionPolicy"),
            "contactIds": [in_sight(viewer, "Contact", update=False)],
        },
    ),
    Refusal(
        MASKED,
        "setAvailability",
        lambda viewer: {"agentId": agent(viewer, "colleague"), "available": False},
    ),
    Refusal(
        MASKED,
        "transferPortfolio",
        lambda viewer: {"fromId": agent(viewer, "rep"), "to": [{"agentId": agent(viewer, "colleague")}]},
    ),
    Refusal(
        MASKED,
        "createTransferRule",
        lambda viewer: {
            "name": "New",
            "trigger": "OWNER_DEACTIVATED",
            "to": [{"agentId": agent(viewer, "colleague")}],
        },
    ),
)
