"""Writes anew what the docs have from the code: `.venv/bin/python -m docs.generate`.

The tables of docs/authorization.md come from the rules; statements and code in docs/reading-a-query.md
from asking its query of a demo (docs/walked.py).
"""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType

from authz.access import AccessRule
from authz.policies import Policy
from authz.tables import tables
from docs import walked
from resolvers.schema import schema
from schema.fields import rule_of
from schema.refusals import FIELD

PAGE = Path(__file__).with_name("authorization.md")
START = "<!-- What follows is made from the rules by `.venv/bin/python -m docs.generate`. -->\n"
END = "<!-- Here ends what is made from the rules. -->\n"


def generated() -> str:
    """The tables, as the rules now stand."""
    fields: dict[str, set[str]] = defaultdict(set)
    mutations: dict[str, set[str]] = defaultdict(set)
    for type_ in schema._schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            guard: Any = rule_of(field.extensions.get(FIELD))
            if isinstance(guard, Policy):
                mutations[guard.name].add(name)
            elif isinstance(guard, AccessRule) and not type_.name.endswith(("Connection", "Edge", "Payload")):
                fields[guard.name].add(f"{type_.name}.{name}")
    return tables(fields, mutations)


def page() -> str:
    """The whole page: its own words, and the tables as the rules now stand."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{generated()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    asyncio.run(walked.write())
