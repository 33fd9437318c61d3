"""Every kind of actor, and a table of what each may do: one act tried by all of them in one account."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from models import AuditEntry, AuditOutcome, Permission, Reach, Scope
from models.database import Database
from tests.resolvers.support import Scene, Viewer, api_token, mutate

PEOPLE = (Permission.PEOPLE_MANAGE, Permission.ROLES_MANAGE)
DONE = "DONE"
FORBIDDEN = "FORBIDDEN"
NOT_FOUND = "NOT_FOUND"

Input = Callable[[], Awaitable[dict[str, Any]]]
"""Makes the input of one try, with whatever it needs made anew."""


async def actors(scene: Scene) -> dict[str, Viewer]:
    """One actor of each kind. The three of people's making have people.manage and roles.manage."""
    account = await scene.role(Scope.ACCOUNT, Reach.SCOPE, PEOPLE)
    team = await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)
    inbox = await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE)
    settings = await scene.role(Scope.ACCOUNT, Reach.OWN, [Permission.ACCOUNT_MANAGE])
    return {
        "rep": scene.ana,
        "manager": scene.max,
        "administrator": scene.administrator,
        "people in the account": await scene.agent(account),
        "people in a team": await scene.agent(team, [scene.north]),
        "people in an inbox": await scene.agent(inbox, inboxes=[scene.mail]),
        "settings": await scene.agent(settings),
        "partner user": scene.pia,
        "program": await api_token(scene.database, scene.administrator, Permission),
    }


def expected(**done: str) -> dict[str, str]:
    """The table's row: FORBIDDEN for everybody, but for those named, with underscores for spaces."""
    kinds = (
        "rep",
        "manager",
        "administrator",
        "people in the account",
        "people in a team",
        "people in an inbox",
        "settings",
        "partner user",
        "program",
    )
    named = {kind.replace("_", " "): outcome for kind, outcome in done.items()}
    assert named.keys() <= set(kinds)
    return {kind: named.get(kind, FORBIDDEN) for kind in kinds}


async def outcome(database: Database, viewer: Viewer, name: str, input: dict[str, Any]) -> str:
    """DONE, the code of the error, or that of the first userError."""
    payload, errors = await mutate(database, viewer, name, input, "__typename")
    if errors:
        assert len(errors) == 1
        assert payload is None
        code: str = errors[0]["extensions"]["code"]
        return code
    problems = payload["userErrors"]
    return problems[0]["code"] if problems else DONE


async def tried(scene: Scene, name: str, make: Input, who: Mapping[str, Viewer]) -> dict[str, str]:
    """What the act came to for each actor. Each refusal is audited, and each act that was done."""
    outcomes = {}
    for kind, viewer in who.items():
        input = await make()
        before = await audited(scene)
        outcomes[kind] = await outcome(scene.database, viewer, name, input)
        added = {made: count - before[made] for made, count in (await audited(scene)).items()}
        refused, done = added[AuditOutcome.REFUSED], added[AuditOutcome.DONE]
        assert refused == (outcomes[kind] == FORBIDDEN), kind
        assert (done > 0) == (outcomes[kind] == DONE), kind
    return outcomes


async def audited(scene: Scene) -> dict[AuditOutcome, int]:
    """How many entries of each outcome the audit has."""
    async with scene.database.reading():
        return {
            outcome: await AuditEntry.filter(account_id=scene.account.id, outcome=outcome).count()
            for outcome in AuditOutcome
        }


async def last_audit(scene: Scene) -> AuditEntry:
    """The audit's newest entry."""
    async with scene.database.reading():
        entry = await AuditEntry.filter(account_id=scene.account.id).order_by("-at").first()
    assert entry is not None
    return entry
