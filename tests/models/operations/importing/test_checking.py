"""The first pass: what is wrong with files is told by file, line and column, before anything is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models.operations.importing.checking import MOST_TOLD, BadFiles, check_files
from models.operations.importing.mapping import load_mapping
from tests.models.operations.importing.exports import DEALS, write_export

DEALS_FILE = "sales_pipeline.csv"


def edited(path: Path, edit: Callable[[bytes], bytes]) -> None:
    path.write_bytes(edit(path.read_bytes()))


def faults(directory: Path) -> list[str]:
    with pytest.raises(BadFiles) as error:
        check_files(directory, load_mapping())
    return [str(fault) for fault in error.value.faults]


def test_good_files_are_counted(tmp_path: Path) -> None:
    rows = check_files(write_export(tmp_path), load_mapping())
    assert rows == {"products.csv": 3, "sales_teams.csv": 3, "accounts.csv": 2, DEALS_FILE: 4}


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    edited(write_export(tmp_path) / DEALS_FILE, lambda data: b"\xef\xbb\xbf" + data)
    assert check_files(tmp_path, load_mapping())[DEALS_FILE] == 4


def test_a_missing_file_is_told_and_so_are_the_others_faults(tmp_path: Path) -> None:
    (write_export(tmp_path) / "products.csv").unlink()
    edited(tmp_path / "accounts.csv", lambda data: data.replace(b"account,", b"company,"))
    missing, column = faults(tmp_path)
    assert missing.startswith("products.csv: the file is missing in ")
    assert column.startswith("accounts.csv, line 1, column account: the column is missing")


def test_a_directory_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (write_export(tmp_path) / "products.csv").unlink()
    (tmp_path / "products.csv").mkdir()
    assert "products.csv: the file can't be read" in faults(tmp_path)[0]


def test_every_missing_column_is_told(tmp_path: Path) -> None:
    write_export(tmp_path, deals=("opportunity_id,product", "A1,Kite"))
    told = faults(tmp_path)
    assert [fault.split(":")[0] for fault in told] == [
        f"{DEALS_FILE}, line 1, column {column}"
        for column in ("sales_agent", "account", "deal_stage", "engage_date", "close_date", "close_value")
    ]


def test_a_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    write_export(tmp_path, deals=(f"{DEALS[0]},account",))
    assert faults(tmp_path)[0].startswith(f"{DEALS_FILE}, line 1, column account: there are 2 columns")


@pytest.mark.parametrize(("delimiter", "told"), [(";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")])
def test_a_wrong_delimiter_is_told(tmp_path: Path, delimiter: str, told: str) -> None:
    write_export(tmp_path, deals=[line.replace(",", delimiter) for line in DEALS])
    [fault] = faults(tmp_path)
    assert fault.startswith(f"{DEALS_FILE}, line 1: the fields are parted by {told}, not by a comma")


def test_latin_1_is_told_by_line_and_column(tmp_path: Path) -> None:
    edited(write_export(tmp_path) / "accounts.csv", lambda data: data.decode().encode("latin-1"))
    [fault] = faults(tmp_path)
    assert fault == (
        "accounts.csv, line 3, column account: is not UTF-8: "
        "byte 0xD8; the file may be Latin-1 (ISO 8859-1). Save it as UTF-8"
    )


def test_latin_1_all_over_is_told_once_in_full(tmp_path: Path) -> None:
    rows = [f"A{number},Noé,Kite,,Prospecting,,," for number in range(100)]
    write_export(tmp_path, deals=[DEALS[0], *rows])
    edited(tmp_path / DEALS_FILE, lambda data: data.decode().encode("latin-1"))
    told = faults(tmp_path)
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == f"{DEALS_FILE}: 80 more lines are not UTF-8"


def test_utf_16_is_told(tmp_path: Path) -> None:
    edited(write_export(tmp_path) / DEALS_FILE, lambda data: data.decode().encode("utf-16"))
    assert "may be UTF-16" in faults(tmp_path)[0]


@pytest.mark.parametrize("text", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told(tmp_path: Path, text: bytes) -> None:
    edited(write_export(tmp_path) / DEALS_FILE, lambda _: text)
    assert faults(tmp_path) == [f"{DEALS_FILE}, line 1: the file is empty; its first line names the columns"]


def test_a_header_that_is_no_csv_is_told(tmp_path: Path) -> None:
    edited(write_export(tmp_path) / DEALS_FILE, lambda data: b'"' + data)
    assert faults(tmp_path)[0].startswith(f"{DEALS_FILE}, line 1: a quote is opened here and never closed")
