"""The proofs can fail: whatever scope, rule or policy says yes to everyone, some test of them notices."""

from tests.proofs.turned import turn_all


async def test_every_scope_rule_and_policy_that_is_turned_is_noticed() -> None:
    unnoticed = [f"{turned.what} {turned.name}" for turned in await turn_all() if turned.noticed_by is None]
    assert unnoticed == []
