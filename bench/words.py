"""Names for people, companies and sales: invented, some beyond ASCII, as in life."""


def _each(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _each(
    "Ana Bruno Carla Davi Elisa Fábio Gabriela Heitor Inês João Kátia Luís Marta Nuno Olívia Paulo "
    "Rita Sérgio Tânia Vítor"
)
LAST = _each(
    "Almeida Barbosa Cardoso Dias Esteves Ferreira Gonçalves Henriques Ibáñez Jardim Lima Moreira Neves "
    "Oliveira Pacheco Queirós Ramos Simões Teixeira Vasques"
)
COMPANY = _each(
    "Aurora Beacon Cobalt Delta Ember Falcon Granite Harbor Indigo Juniper Kestrel Lumen Meridian Nova"
)
TRADE = _each("Foods Freight Glass Health Motors Optics Paper Retail Steel Textiles Tools Tours Water")
PRODUCT = ("annual licence", "support contract", "pilot", "rollout", "renewal", "training", "migration")
STAGES = ("New", "Qualified", "Proposal", "Negotiation", "Closing")


def person(number: int) -> str:
    """A name; the first 400 differ, and after those some return."""
    return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"


def company(number: int) -> str:
    """A company's name."""
    return f"{COMPANY[number % len(COMPANY)]} {TRADE[number // len(COMPANY) % len(TRADE)]}"


def title(number: int) -> str:
    """What a deal is called."""
    return f"{company(number)}: {PRODUCT[number % len(PRODUCT)]}"


def subject(number: int) -> str:
    """What a conversation is about."""
    return f"About the {PRODUCT[number % len(PRODUCT)]} of {company(number)}"
