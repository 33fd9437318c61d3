"""Values that may be left out of an input, but are never null."""

from models.names import camel
from models.operations.problem import Problem
from resolvers.act import Act


def filled(act: Act, *names: str) -> None:
    """See that none of these fields, where it is given, is null. Raises Problem BLANK."""
    for name in names:
        if name in act.given and act.given[name] is None:
            field = camel(name)
            raise Problem("BLANK", f"{field} can't be null; leave it out and it stays as it is.", field)
