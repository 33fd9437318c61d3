"""The schema: every query and mutation put together, each field seen to carry a rule."""

from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from resolvers import account, assignment, record_change, sign_in, token, transfer_progress  # noqa: F401
from resolvers.agent import AgentQueries
from resolvers.audit import AuditQueries
from resolvers.contact import ContactQueries
from resolvers.conversation import ConversationQueries
from resolvers.deal import DealQueries
from resolvers.distribution import DistributionQueries
from resolvers.execution import Execution
from resolvers.explanation import ExplanationQueries
from resolvers.inbox import InboxQueries
from resolvers.node import NodeQueries
from resolvers.partner import PartnerQueries
from resolvers.portfolio import PortfolioQueries
from resolvers.role import RoleQueries
from resolvers.subscribing import SUBSCRIPTIONS
from resolvers.team import TeamQueries
from resolvers.transfer import TransferQueries
from resolvers.transfer_preview import TransferPreviewQueries
from resolvers.transfer_rule import TransferRuleQueries
from resolvers.viewer import ViewerQueries
from resolvers.writing import MUTATIONS
from schema import types  # noqa: F401
from schema.errors import Unguarded
from schema.fields import rule_of
from schema.filters import build_inputs
from schema.reading.executor import Executor
from schema.refusals import FIELD
from schema.scalars import SCALARS
from schema.seen import TYPES, Seen


class Schema(strawberry.Schema):
    """Strawberry's, that leaves the logging of errors to us: what clients get wrong is no incident."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here."""


@strawberry.type
class Query(
    ViewerQueries,
    NodeQueries,
    PortfolioQueries,
    ContactQueries,
    ConversationQueries,
    DealQueries,
    DistributionQueries,
    AgentQueries,
    TeamQueries,
    InboxQueries,
    RoleQueries,
    PartnerQueries,
    AuditQueries,
    ExplanationQueries,
    TransferQueries,
    TransferPreviewQueries,
    TransferRuleQueries,
):
    """What can be asked. Every answer is a function of what the viewer may see."""


def require_rules(schema: strawberry.Schema) -> None:
    """Raise Unguarded, naming it, if a field of any type has no access rule."""
    for type_ in schema._schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                if rule_of(field.extensions.get(FIELD)) is None:
                    raise Unguarded(
                        f"{type_.name}.{name} has no access rule: declare it with column, one, many, "
                        "each, find or computed, and a rule of authz/access.py."
                    )


def build_schema() -> strawberry.Schema:
    """The schema. Raises Unguarded."""
    build_inputs()
    mutation = strawberry.type(type("Mutation", (Seen,), dict(MUTATIONS)), description="What can be done.")
    subscription = strawberry.type(
        type("Subscription", (Seen,), dict(SUBSCRIPTIONS)), description="What can be listened to."
    )
    built = Schema(
        query=Query,
        mutation=mutation if MUTATIONS else None,
        subscription=subscription if SUBSCRIPTIONS else None,
        types=list(TYPES.values()),
        extensions=[Execution],
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    require_rules(built)
    return built


schema = build_schema()
