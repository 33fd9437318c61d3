"""Exports of an invented CRM, as large and as broken as a test wants them."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

PRODUCTS = ("product,series,sales_price", "Kite,K,550", "GTX Pro,K,4821", "Sail,S,55")
TEAMS = (
    "sales_agent,manager,regional_office",
    "Ana Sá,Bea Lim,North",
    "Noé Ruiz,Bea Lim,North",
    "Uma Rao,Cal Moe,South",
)
ACCOUNTS = (
    "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
    "Umbra,retail,1996,1100.04,2822,Kenya,",
    "Øster & Co,retail,1999,251.41,495,Norway,Umbra",
)
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
DEALS = (
    HEADER,
    "A1,Ana Sá,Kite,Umbra,Won,2016-10-20,2017-03-01,1054",
    "A2,Ana Sá,GTXPro,Øster & Co,Lost,2016-10-25,2017-03-11,0",
    "A3,Noé Ruiz,Sail,,Engaging,2016-11-03,,",
    "A4,Uma Rao,Kite,Umbra,Prospecting,,,",
)


def write_export(directory: Path, **sheets: tuple[str, ...] | list[str]) -> Path:
    """The four files in `directory`; deals, accounts, teams and products may be other lines than usual."""
    directory.mkdir(exist_ok=True)
    files = {
        "products.csv": sheets.get("products", PRODUCTS),
        "sales_teams.csv": sheets.get("teams", TEAMS),
        "accounts.csv": sheets.get("accounts", ACCOUNTS),
        "sales_pipeline.csv": sheets.get("deals", DEALS),
    }
    for name, lines in files.items():
        (directory / name).write_text("\n".join([*lines, ""]), "utf-8")
    return directory


def write_large_export(directory: Path, rows: int, bad: int = 0) -> Path:
    """An export with so many deals, always the same, and so many bad lines, written a line at a time."""
    write_export(directory)
    with (directory / "sales_pipeline.csv").open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        stream.writelines(_deals(rows))
        stream.writelines(f"BAD{number:05X},Ana Sá,Kite,,Nowhere,,,\n" for number in range(bad))
    return directory


def _deals(rows: int) -> Iterator[str]:
    chance = random.Random(7)
    agents = [line.split(",")[0] for line in TEAMS[1:]]
    for number in range(rows):
        engaged = date(2016, 1, 1) + timedelta(days=chance.randrange(700))
        closed = engaged + timedelta(days=chance.randrange(200))
        stage = chance.choice(("Won", "Won", "Lost", "Engaging"))
        end = f"{closed},{chance.randrange(30_000)}" if stage != "Engaging" else ","
        account = chance.choice(("Umbra", "Øster & Co", ""))
        yield f"{number:08X},{chance.choice(agents)},Kite,{account},{stage},{engaged},{end}\n"
