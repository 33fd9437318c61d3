"""The command `import`: what it prints where, and its exit status."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.import_ import import_directory
from models.database import Database, Dialect
from models.operations.create_account import create_account
from tests.models.operations.importing.exports import DEALS, write_export

pytestmark = pytest.mark.parametrize("dialect", [Dialect.SQLITE])


@pytest.fixture
async def run(
    fresh_url: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Awaitable[Result]]:
    """Runs the command on a database with the account Acme."""
    url = await fresh_url()
    database = await Database.open(url)
    async with database.writing():
        await create_account(name="Acme", admin_email="root@acme.example")
    await database.close()
    monkeypatch.setenv("CARTEIRA_DATABASE_URL", url)

    async def invoke(*arguments: str) -> Result:
        # In a thread, since the command runs a loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, import_directory, list(arguments))

    return invoke


async def test_a_good_export(run: Callable[..., Awaitable[Result]], tmp_path: Path) -> None:
    result = await run(str(write_export(tmp_path / "export")), "--account", "Acme")
    assert (result.exit_code, result.exception) == (0, None)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [
        ["read", "created", "updated", "unchanged", "refused"],
        ["products.csv", "3", "0", "0", "3", "0"],
        ["sales_teams.csv", "3", "3", "0", "0", "0"],
        ["accounts.csv", "2", "2", "0", "0", "0"],
        ["sales_pipeline.csv", "4", "4", "0", "0", "0"],
    ]
    assert "4/4" in result.stderr


async def test_refused_rows(run: Callable[..., Awaitable[Result]], tmp_path: Path) -> None:
    export = write_export(tmp_path / "export", deals=[*DEALS, "A5,Ana Sá,[bold]\x1b[31mKyte,,Won,,,"])
    result = await run(str(export), "--account", "Acme")
    assert result.exit_code == 1
    assert "sales_pipeline.csv, line 6, column close_date: is empty, and the deal is won" in result.stdout
    export = write_export(tmp_path / "export", deals=[*DEALS, "A5,Ana Sá,[bold]\x1b[31mKyte,,Engaging,,,"])
    result = await run(str(export), "--account", "Acme")
    assert 'line 6, column product: "[bold]\\x1b[31mKyte" is no product' in result.stdout
    assert "\x1b[31m" not in result.output


async def test_bad_files(run: Callable[..., Awaitable[Result]], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = await run(str(tmp_path / "empty"), "--account", "Acme")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing was imported" in result.stderr
    assert "accounts.csv: the file is missing" in result.stderr


async def test_wrong_calls(run: Callable[..., Awaitable[Result]], tmp_path: Path) -> None:
    export = str(write_export(tmp_path / "export"))
    bad = tmp_path / "mapping.toml"
    bad.write_text("colour = 'red'")
    assert (await run(export)).exit_code == 2
    assert (await run(str(tmp_path / "nowhere"), "--account", "Acme")).exit_code == 2
    assert (await run(export, "--account", "Acme", "--mapping", str(tmp_path / "none.toml"))).exit_code == 2
    result = await run(export, "--account", "Acme", "--mapping", str(bad))
    assert result.exit_code == 2
    assert "colour" in result.stderr
    result = await run(export, "--account", "Nobody")
    assert result.exit_code == 1
    assert "there is no account Nobody" in result.stderr
