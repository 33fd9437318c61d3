"""Finding whom the deals' sheet names: contacts by name, whatever their number; agents by their seat."""

from collections.abc import Iterable

from models.contact import Contact
from models.database import Session
from models.operations.actor import Actor
from models.operations.importing.known import known_ids
from models.text import fold


async def contacts_named(
    session: Session, by: Actor, source: str, names: Iterable[str]
) -> dict[str, Contact]:
    """The contact of each name: the one imported from `source` under it, else the only one called so."""
    wanted = {*names}
    if not wanted:
        return {}
    ids = await known_ids(session, by, Contact, source, wanted)
    contacts = {contact.id: contact for contact in await Contact.filter(id__in=list(ids.values()))}
    found = {name: contacts[contact_id] for name, contact_id in ids.items()}
    return found | await _only_ones(by, wanted - found.keys())


async def _only_ones(by: Actor, names: set[str]) -> dict[str, Contact]:
    if not names:
        return {}
    folded = {fold(name) for name in names}
    namesakes: dict[str | None, list[Contact]] = {}
    for contact in await Contact.filter(
        account_id=by.account_id, name_folded__in=list(folded), erased_at=None
    ):
        namesakes.setdefault(contact.name_folded, []).append(contact)
    return {name: namesakes[fold(name)][0] for name in names if len(namesakes.get(fold(name), [])) == 1}
