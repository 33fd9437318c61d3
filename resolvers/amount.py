"""Amounts of money in inputs, as operations take them."""

from typing import Any

from models.operations.amount import money_from
from models.operations.problem import Problems
from resolvers.act import Act


def noted_money_of(act: Act) -> dict[str, Any]:
    """The same for an amount that may be left out: what is wrong is noted, and told with all else."""
    problems = Problems(act.problems)
    return problems.check(money_of, act) or {}


def money_of(act: Act, name: str = "amount") -> dict[str, Any]:
    """The amount that the input gives, if it gives one. Raises Problem INVALID, TOO_PRECISE or TOO_LARGE."""
    if name not in act.given:
        return {}
    given: Any = act.given[name]
    return {name: None if given is None else money_from(given.amount, given.currency, name)}
