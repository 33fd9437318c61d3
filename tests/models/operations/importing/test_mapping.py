"""The mapping file: what it may say, and how it is told what it may not."""

from pathlib import Path

import pytest

from models import DealStatus
from models.operations.importing.mapping import DEFAULT, BadMapping, load_mapping

SMALL = """
[deals]
file = "opportunities.csv"
id = "Id"
title = "Name"
stage = "Phase"
[deals.stages]
Open = "OPEN"
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "mapping.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_default_names_the_four_files_in_the_order_in_which_they_are_read() -> None:
    mapping = load_mapping()
    files = [sheet.file for sheet in mapping.sheets]
    assert files == ["products.csv", "sales_teams.csv", "accounts.csv", "sales_pipeline.csv"]
    assert mapping.stages["Engaging"] is DealStatus.OPEN
    assert mapping.aliases == {"GTXPro": "GTX Pro"}


def test_another_export_may_have_deals_alone(tmp_path: Path) -> None:
    mapping = load_mapping(written(tmp_path, SMALL))
    assert [sheet.file for sheet in mapping.sheets] == ["opportunities.csv"]
    assert mapping.delimiter == ","


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no file"),
        ("[deals", "Expected ']'"),
        ("colour = 'red'", "colour"),
        ("deals = 1", "[deals] is a section"),
        (SMALL.replace('id = "Id"', ""), "[deals] lacks the line id"),
        (SMALL.replace('"Id"', "7"), "deals.id is text"),
        (SMALL.replace('title = "Name"', ""), "title = … or product = …"),
        (SMALL.replace('"OPEN"', '"PERHAPS"'), "OPEN, WON or LOST, not 'PERHAPS'"),
        (SMALL.replace('"OPEN"', '"WON"'), "closed_on"),
        (SMALL.replace("[deals.stages]\nOpen", "Open"), "Open"),
        (SMALL.replace("opportunities.csv", "../secret.csv"), "without folders"),
        ('delimiter = "ab"\n' + SMALL, "delimiter is one character"),
        ('decimal_mark = "x"\n' + SMALL, "decimal_mark"),
        ('dates = "MM-DD"\n' + SMALL, "dates is made of"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadMapping) as error:
        load_mapping(written(tmp_path, text))
    assert told in str(error.value)
    assert "mapping.toml" in str(error.value)


def test_a_mapping_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes("source = 'Verkäufe'".encode("latin-1"))
    with pytest.raises(BadMapping, match="UTF-8"):
        load_mapping(path)


def test_the_guide_shows_the_default_whole() -> None:
    guide = Path(__file__).parents[4] / "docs" / "import.md"
    assert DEFAULT.read_text("utf-8") in guide.read_text("utf-8")
