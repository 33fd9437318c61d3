"""The mapping: a small file that says which column of an export holds what Carteira asks for."""

import tomllib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.deal import DealStatus

DEFAULT = Path(__file__).with_name("mapping.toml")
"""The mapping that serves where no other is given."""

_PLAIN = {"source": "crm", "delimiter": ",", "dates": "YYYY-MM-DD", "decimal_mark": "."}
_NEEDED: dict[str, tuple[str, ...]] = {
    "products": ("name",),
    "people": ("agent",),
    "contacts": ("name",),
    "deals": ("id", "stage"),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "products": (),
    "people": ("manager", "inbox"),
    "contacts": ("id", "email", "phone", "address", "company", "notes"),
    "deals": (
        "title",
        "agent",
        "product",
        "contact",
        "engaged_on",
        "closed_on",
        "expected_close_on",
        "amount",
    ),
}
_TABLES = {("products", "aliases"), ("deals", "stages")}


class BadMapping(ValueError):
    """The mapping file can't be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class SheetMapping:
    """One file of the export. `columns`: what Carteira asks for → the name of the column that holds it."""

    file: str
    columns: Dict[str, str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole export. A sheet that is None is not part of it."""

    source: str
    delimiter: str
    dates: str
    decimal_mark: str
    products: SheetMapping | None = None
    people: SheetMapping | None = None
    contacts: SheetMapping | None = None
    deals: SheetMapping | None = None
    aliases: Dict[str, str] = field(default_factory=dict)
    stages: Dict[str, DealStatus] = field(default_factory=dict)

    @property
    def sheets(self) -> list[SheetMapping]:
        """The files, in the order in which they are read."""
        return [sheet for sheet in (self.products, self.people, self.contacts, self.deals) if sheet]


def load_mapping(path: Path = DEFAULT) -> Mapping:
    """The mapping in the file at `path`; raises BadMapping."""
    try:
        written = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadMapping(f"{path}: {error.strerror}; give the path of a mapping file") from None
    except UnicodeDecodeError:
        raise BadMapping(f"{path}: the file is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{path}: {error}") from None
    try:
        return _mapping(written)
    except BadMapping as error:
        raise BadMapping(f"{path}: {error}") from None


def _mapping(written: dict[str, Any]) -> Mapping:
    _known("the file", written, {*_PLAIN, *_NEEDED})
    plain = {key: _text(key, written.get(key, default)) for key, default in _PLAIN.items()}
    sheets = {name: _sheet(name, written[name]) if name in written else None for name in _NEEDED}
    mapping = Mapping(
        source=plain["source"],
        delimiter=plain["delimiter"],
        dates=plain["dates"],
        decimal_mark=plain["decimal_mark"],
        products=sheets["products"],
        people=sheets["people"],
        contacts=sheets["contacts"],
        deals=sheets["deals"],
        aliases=_texts("products.aliases", written.get("products", {}).get("aliases", {})),
        stages=_stages(written.get("deals", {}).get("stages", {})),
    )
    _check(mapping)
    return mapping


def _sheet(name: str, section: Any) -> SheetMapping:
    if not isinstance(section, dict):
        raise BadMapping(f"[{name}] is a section with one line for each column")
    tables = {table for owner, table in _TABLES if owner == name}
    _known(f"[{name}]", section, {"file", *_NEEDED[name], *_OPTIONAL[name], *tables})
    if missing := [key for key in ("file", *_NEEDED[name]) if key not in section]:
        raise BadMapping(f"[{name}] lacks the line {missing[0]} = …")
    lines = {key: _text(f"{name}.{key}", value) for key, value in section.items() if key not in tables}
    file = lines.pop("file")
    if Path(file).name != file:
        raise BadMapping(f"{name}.file is a file's name alone, without folders, not {file!r}")
    return SheetMapping(file, lines)


def _stages(section: Any) -> dict[str, DealStatus]:
    statuses = {}
    for stage, status in _texts("deals.stages", section).items():
        if status not in DealStatus.__members__:
            raise BadMapping(f"deals.stages: {stage} means OPEN, WON or LOST, not {status!r}")
        statuses[stage] = DealStatus[status]
    return statuses


def _check(mapping: Mapping) -> None:
    if not mapping.sheets:
        raise BadMapping("names no file: give at least one of [products], [people], [contacts], [deals]")
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n':
        raise BadMapping(f"delimiter is one character, not {mapping.delimiter!r}")
    if mapping.decimal_mark not in (".", ","):
        raise BadMapping(f'decimal_mark is "." or ",", not {mapping.decimal_mark!r}')
    if sorted(part for part in ("YYYY", "MM", "DD") if mapping.dates.count(part) == 1) != [
        "DD",
        "MM",
        "YYYY",
    ]:
        raise BadMapping(f'dates is made of YYYY, MM and DD, such as "DD/MM/YYYY", not {mapping.dates!r}')
    if mapping.deals:
        _check_deals(mapping, mapping.deals)


def _check_deals(mapping: Mapping, deals: SheetMapping) -> None:
    if not deals.columns.keys() & {"title", "product"}:
        raise BadMapping("[deals] lacks what a deal's title is made from: title = … or product = …")
    if not mapping.stages:
        raise BadMapping("[deals.stages] is missing: write each stage with OPEN, WON or LOST")
    if "closed_on" not in deals.columns and set(mapping.stages.values()) != {DealStatus.OPEN}:
        raise BadMapping("[deals] lacks closed_on = …: a deal is won or lost on a day")


def _known(place: str, section: dict[str, Any], keys: set[str]) -> None:
    if unknown := sorted(section.keys() - keys):
        raise BadMapping(
            f"{place} has a line that means nothing: {unknown[0]}; known are {', '.join(sorted(keys))}"
        )


def _texts(place: str, section: Any) -> dict[str, str]:
    if not isinstance(section, dict):
        raise BadMapping(f"[{place}] is a section with one line each")
    return {key: _text(f"{place}.{key}", value) for key, value in section.items()}


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip(" "):
        raise BadMapping(f"{place} is text between quotes, not {value!r}")
    return value
