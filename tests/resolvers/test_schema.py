"""The schema as a whole: every field of every type carries a rule, and what may be null says so."""

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    is_introspection_type,
)

from authz.access import FRAME, IN_SIGHT, OUTCOME, PUBLIC, RULES
from authz.policies import POLICIES
from resolvers.schema import Query, require_rules, schema
from schema.errors import Unguarded
from schema.fields import column, rule_of
from schema.refusals import FIELD
from schema.seen import Seen

NEVER_REFUSED = {PUBLIC.name, IN_SIGHT.name, OUTCOME.name, FRAME.name}


def fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """Every field of every object and interface type that is ours."""
    for type_ in schema._schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(type_):
            for name, field in type_.fields.items():
                yield type_.name, name, field


EVERY_FIELD = [pytest.param(field, id=f"{type_}.{name}") for type_, name, field in fields()]


@pytest.mark.parametrize("field", EVERY_FIELD)
def test_every_field_carries_a_rule(field: GraphQLField) -> None:
    rule = rule_of(field.extensions[FIELD])
    assert rule.name in RULES or rule.name in POLICIES


@pytest.mark.parametrize("field", EVERY_FIELD)
def test_the_sdl_tells_the_rule(field: GraphQLField) -> None:
    declared = field.extensions[FIELD]
    shown = [directive.rule for directive in declared.directives if hasattr(directive, "rule")]
    assert shown == [rule_of(declared).name]


@pytest.mark.parametrize(
    "field", [pytest.param(field, id=f"{of}.{name}") for of, name, field in fields() if of != "Subscription"]
)
def test_what_may_be_refused_or_hidden_may_be_null(field: GraphQLField) -> None:
    """A subscription that is refused does not begin, so there is nothing to be null."""
    rule = rule_of(field.extensions[FIELD])
    assert rule.name in NEVER_REFUSED or not isinstance(field.type, GraphQLNonNull)


@pytest.mark.parametrize("root", ["Query", "Mutation"])
def test_every_root_field_may_be_null(root: str) -> None:
    type_ = schema._schema.type_map[root]
    assert isinstance(type_, GraphQLObjectType)
    assert [name for name, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)] == []


def test_a_field_without_a_rule_stops_the_start_and_is_named() -> None:
    @strawberry.type
    class Leak(Seen):
        guarded: str = column(PUBLIC)
        amount: str

    @strawberry.type
    class Leaking(Query):
        leak: Leak | None = column(PUBLIC)

    with pytest.raises(Unguarded, match=r"Leak\.amount has no access rule"):
        require_rules(strawberry.Schema(query=Leaking))


def test_names_of_the_contract_are_there() -> None:
    mutations: Any = schema._schema.type_map["Mutation"]
    queries: Any = schema._schema.type_map["Query"]
    assert set(MUTATIONS.split()) <= set(mutations.fields)
    assert set(QUERIES.split()) <= set(queries.fields)


MUTATIONS = """
    signIn setPassword createApiToken revokeToken
    createContact updateContact archiveContact unarchiveContact eraseContact
    createConversation updateConversation archiveConversation unarchiveConversation addMessage
    createDeal updateDeal archiveDeal winDeal loseDeal reopenDeal startDealContract
    recordPayment recordRefund setDealPartner assignOwner assignTeam assignInbox
    createPartner updatePartner createPartnerUser updatePartnerUser
    createAgent updateAgent suspendAgent reactivateAgent deactivateAgent
    createDistributionPolicy updateDistributionPolicy distributeContacts setAvailability
    createTeam updateTeam createInbox updateInbox createRole updateRole assignRole updateAccountSettings
"""
QUERIES = """
    viewer node nodes portfolio portfolios contact contacts conversation conversations deal deals dealStats
    agent agents teams inboxes roles accessExplanation partner partners auditLog
    distributionPolicies distributionDiagnosis
"""
