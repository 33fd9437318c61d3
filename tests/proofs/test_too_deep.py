"""A question that is nested too deep for the database is told so; it is no incident."""

import pytest

from tests.conftest import Databases
from tests.judge.viewers import KINDS
from tests.judge.world import generate
from tests.proofs.asking import ask, sign_in

INBOX_MANAGER = next(kind for kind in KINDS if kind.name == "inbox manager")


@pytest.mark.parametrize("levels", [1, 2, 3, 5, 8, 12, 16])
async def test_a_filter_of_many_levels_is_answered_or_called_too_complex(
    levels: int, databases: Databases
) -> None:
    database = await databases()
    who = sign_in(INBOX_MANAGER, generate(1))
    await who.world.store(database)
    nested = "{ status: { eq: OPEN } }"
    for _ in range(levels):
        nested = f"{{ contact: {{ is: {{ conversations: {{ some: {nested} }} }} }} }}"
    answer = await ask(database, who.unproved, f"{{ conversations(filter: {nested}) {{ nodes {{ id }} }} }}")
    assert answer.codes in ([], ["QUERY_TOO_COMPLEX"])
    assert levels > 1 or answer.codes == []
