"""The one way in for writes: one transaction, in which the viewer is loaded, the act judged and done.

A mutation is declared with its policy, what its input names, and what it gives back:

    @mutation(CHANGE_RECORD, subject=Named("deal", "id"), links={"contact_id": "contact"}, gives=("deal",))
    async def update_deal(act: Act, input: UpdateDealInput) -> Model:
        return await update(act.by, await act.subject(Deal), **act.values("title", "stage"))
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from authz.policies import Policy
from models.names import camel
from resolvers.act import Links, Named
from resolvers.judge import Foretell, Holds, Judge, Prepare
from schema.context import Context
from schema.fields import GuardedField
from schema.payload import payload

Doer = Callable[..., Awaitable[Any]]

MUTATIONS: dict[str, GuardedField] = {}


def mutation(
    policy: Policy,
    *,
    gives: tuple[str, ...],
    subject: Named | None = None,
    links: Links | None = None,
    needs: tuple[str, ...] = (),
    leaves: Foretell | None = None,
    before: Prepare | None = None,
    plain: dict[str, Any] | None = None,
    holds: Holds | None = None,
) -> Callable[[Doer], Doer]:
    """Declare a mutation: its policy, what its input names, and the payload that it gives back.

    `needs`: fields of the input that may be null, but not left out. `leaves`: foretells the record that
    the act will leave, where it may lie elsewhere than before, so that it is judged before all else.
    `before`: what takes long, done before the transaction. `plain`: values given back beside the objects.
    `holds`: what else the act may come to change, since all is held in one order before it is judged.
    """

    def declare(doer: Doer) -> Doer:
        name = camel(doer.__name__)
        payload_type = payload(name, gives, plain)
        judge = Judge(policy, name, subject, links or {}, needs, leaves, before, gives, plain or {}, holds)
        made = GuardedField(
            graphql_name=name,
            type_annotation=StrawberryAnnotation(payload_type | None),
            metadata={"rule": policy, "reads": _Does(doer), "payload": payload_type},
            extensions=[judge],
            description=doer.__doc__,
        )
        made.arguments = [
            StrawberryArgument("input", None, StrawberryAnnotation(doer.__annotations__["input"]))
        ]
        MUTATIONS[doer.__name__] = made
        return doer

    return declare


@dataclass(frozen=True, slots=True)
class _Does:
    """The doing of a mutation, in the place of what a field reads."""

    doer: Doer

    async def resolve(self, field: GuardedField, source: Any, context: Context, given: dict[str, Any]) -> Any:
        """What the doer gives back."""
        return await self.doer(context.act, given["input"])
