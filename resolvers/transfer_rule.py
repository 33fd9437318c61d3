"""Transfer rules: listing and writing them."""

import strawberry
from strawberry import ID, UNSET

from authz.transfer import TRANSFER_RULE, WRITE_TRANSFER_RULE
from models import RecordType, TransferTrigger
from models import TransferRule as RuleRow
from models.operations.create_transfer_rule import create_transfer_rule as create
from models.operations.update_transfer_rule import update_transfer_rule as update
from resolvers.act import Act, Named
from resolvers.filled import filled
from resolvers.transfer_choice import TransferShareInput, shares_of
from resolvers.writing import mutation
from schema.fields import each
from schema.seen import Seen
from schema.transfer_rule import TransferRule

NAMES = {"team_id": "team", "to.agent_id": "agent"}
WRITTEN = ("name", "trigger", "idle_days", "team_id", "record_types", "enabled")


@strawberry.type
class TransferRuleQueries(Seen):
    """What can be asked about transfer rules."""

    transfer_rules: list[TransferRule] | None = each(TRANSFER_RULE, "transfer_rule")


@strawberry.input
class CreateTransferRuleInput:
    """Which records go, when, and to whom. Without a team: those of every team; without kinds: all kinds.

    TEAM_CHANGED: when a record comes into the team, and its owner is not in it.
    """

    name: str
    trigger: TransferTrigger
    to: list[TransferShareInput]
    idle_days: int | None = UNSET
    team_id: ID | None = UNSET
    record_types: list[RecordType] | None = UNSET
    enabled: bool | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(WRITE_TRANSFER_RULE, links=NAMES, gives=("transfer_rule",))
async def create_transfer_rule(act: Act, input: CreateTransferRuleInput) -> RuleRow:
    """Let transfers make themselves, within the scope of who saves the rule."""
    filled(act, "record_types", "enabled")
    return await create(act.by, shares=shares_of(act), **act.values(*WRITTEN))


@strawberry.input
class UpdateTransferRuleInput:
    """What is to change; what is left out stays. Who gets is given whole."""

    id: ID
    name: str | None = UNSET
    trigger: TransferTrigger | None = UNSET
    to: list[TransferShareInput] | None = UNSET
    idle_days: int | None = UNSET
    team_id: ID | None = UNSET
    record_types: list[RecordType] | None = UNSET
    enabled: bool | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(WRITE_TRANSFER_RULE, subject=Named("transfer_rule"), links=NAMES, gives=("transfer_rule",))
async def update_transfer_rule(act: Act, input: UpdateTransferRuleInput) -> RuleRow:
    """Change a transfer rule, which then acts within the scope of who changed it."""
    filled(act, "to", "trigger", "record_types", "enabled")
    values = act.values(*WRITTEN, "expected_version")
    if "to" in act.given:
        values["shares"] = shares_of(act)
    return await update(act.by, await act.subject(RuleRow), **values)
