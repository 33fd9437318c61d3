"""Values that may be left out of an input, but are never null."""

from models.operations.problem import Problem
from resolvers.writing import Act


def filled(act: Act, *names: str) -> None:
    """See that none of these fields, where it is given, is null. Raises Problem BLANK."""
    for name in names:
        if name in act.given and act.given[name] is None:
            field = _camel(name)
            raise Problem("BLANK", f"{field} can't be null; leave it out and it stays as it is.", field)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
