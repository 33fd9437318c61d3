"""Values that may be left out of an input, but are never null."""

from models.names import camel
from models.operations.problem import Problem, gathered
from resolvers.act import Act


def filled(act: Act, *names: str) -> None:
    """See that none of these fields, where it is given, is null. Raises Problem BLANK."""
    with gathered() as problems:
        for name in names:
            problems.check(_filled, act, name)


def _filled(act: Act, name: str) -> None:
    if name in act.given and act.given[name] is None:
        field = camel(name)
        raise Problem("BLANK", f"{field} can't be null; leave it out and it stays as it is.", field)
