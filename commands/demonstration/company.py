"""The demo's companies as they are to be: invented people in teams and inboxes, and what they sell."""

from dataclasses import dataclass

from models import BuiltIn, IsolationMode, Permission, Reach, Scope, UnownedVisibility

ROLES = {
    "Inbox lead": (Scope.INBOX, Reach.SCOPE, (Permission.PORTFOLIO_ASSIGN,)),
    "Auditor": (Scope.ACCOUNT, Reach.SCOPE, (Permission.AUDIT_READ,)),
}
"""Roles of an account's own making."""


@dataclass(frozen=True)
class Seat:
    """Someone of the company: name, role, the teams and inboxes they are in."""

    name: str
    role: BuiltIn | str
    teams: tuple[str, ...] = ()
    inboxes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Company:
    """One account. The first seat is its administrator's; prices are in whole units of its currency."""

    name: str
    domain: str
    time_zone: str
    currency: str
    isolation_mode: IsolationMode
    unowned_visibility: UnownedVisibility
    teams: tuple[str, ...]
    inboxes: tuple[str, ...]
    seats: tuple[Seat, ...]
    partner: str
    partner_users: tuple[tuple[str, bool], ...]
    products: tuple[tuple[str, int], ...]
    contacts: int
    away: str | None = None
    suspended: str | None = None

    def email(self, name: str) -> str:
        """The address of someone of the company; no such domain exists."""
        return f"{name.lower().replace(' ', '.').translate(_PLAIN)}@{self.domain}"


_PLAIN = str.maketrans("áãâàéêíóõôúçøå", "aaaaeeiooouc" + "oa")

VELA = Company(
    name="Vela Marine Supply",
    domain="vela.example",
    time_zone="America/Sao_Paulo",
    currency="USD",
    isolation_mode=IsolationMode.STRICT,
    unowned_visibility=UnownedVisibility.MANAGERS,
    teams=("Coast", "Rivers", "Lakes"),
    inboxes=("Web chat", "Phone", "Mail"),
    seats=(
        Seat("Helena Prado", BuiltIn.ADMINISTRATOR),
        Seat("Otto Brandão", BuiltIn.SALES_MANAGER, ("Coast", "Lakes"), ("Web chat",)),
        Seat("Miriam Tavares", BuiltIn.SALES_MANAGER, ("Rivers",), ("Phone",)),
        Seat("Ana Lobo", BuiltIn.REP, ("Coast",), ("Web chat",)),
        Seat("Davi Monteiro", BuiltIn.REP, ("Coast",), ("Web chat", "Mail")),
        Seat("Iara Nunes", BuiltIn.REP, ("Rivers",), ("Phone",)),
        Seat("Caio Serra", BuiltIn.REP, ("Rivers", "Lakes"), ("Phone", "Mail")),
        Seat("Lia Fontes", BuiltIn.REP, ("Lakes",), ("Mail",)),
        Seat("Rui Esteves", BuiltIn.REP, ("Lakes",), ("Mail",)),
        Seat("Vera Couto", "Inbox lead", (), ("Mail",)),
        Seat("Nuno Paz", "Auditor"),
    ),
    partner="Farol Brokers",
    partner_users=(("Teresa Farol", True), ("Gil Andrade", True), ("Sofia Reis", False)),
    products=(("Anchor winch", 4200), ("Deck light set", 380), ("Radar dome", 12900), ("Mooring line", 145)),
    contacts=60,
    away="Lia Fontes",
    suspended="Rui Esteves",
)

NORDLYS = Company(
    name="Nordlys Instruments",
    domain="nordlys.example",
    time_zone="Europe/Oslo",
    currency="EUR",
    isolation_mode=IsolationMode.MASKED,
    unowned_visibility=UnownedVisibility.SCOPE,
    teams=("Fjord", "Fjell"),
    inboxes=("Mail",),
    seats=(
        Seat("Ingrid Solheim", BuiltIn.ADMINISTRATOR),
        Seat("Jonas Dahl", BuiltIn.SALES_MANAGER, ("Fjord",), ("Mail",)),
        Seat("Kari Lunde", BuiltIn.REP, ("Fjord",), ("Mail",)),
        Seat("Ravi Menon", BuiltIn.REP, ("Fjord", "Fjell"), ("Mail",)),
        Seat("Chiara Neri", BuiltIn.REP, ("Fjell",)),
        Seat("Sven Berg", "Auditor"),
    ),
    partner="Polar Resale",
    partner_users=(("Elsa Vik", True), ("Bo Lind", False)),
    products=(("Frost sensor", 890), ("Tide gauge", 3150), ("Wind vane", 240)),
    contacts=24,
)

COMPANIES = (VELA, NORDLYS)
GUIDES = ("Ana Lobo", "Otto Brandão")
"""Those whom the README asks as: they come first wherever people are listed for a newcomer."""
