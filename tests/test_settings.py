"""Settings: what is missing or senseless is said by name; the secret is made once and kept to its owner."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from settings import BadSettings, Settings

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a secret of more than sixteen bytes"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_said_is_development_on_sqlite(folder: Path) -> None:
    settings = Settings.read({})
    assert (settings.database_url, settings.development) == ("sqlite://carteira.db", True)
    assert settings.log_level == "info"
    assert (folder / "carteira.db.secret").exists()


def test_what_is_said_counts() -> None:
    environ = {
        "CARTEIRA_DATABASE_URL": "postgres://db/x",
        "CARTEIRA_SECRET": SECRET,
        "CARTEIRA_ENV": "production",
        "CARTEIRA_ORIGINS": "https://app.example, http://localhost:3000",
        "CARTEIRA_LOG": "WARNING",
    }
    settings = Settings.read(environ)
    assert (settings.database_url, settings.development) == ("postgres://db/x", False)
    assert settings.log_level == "warning"


def test_a_secret_is_made_once_for_its_owner_alone(folder: Path) -> None:
    first, second = Settings.read({}), Settings.read({})
    assert first.keys == second.keys
    made = folder / "carteira.db.secret"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [each.name for each in folder.iterdir()] == [made.name]


def test_each_database_has_its_own(folder: Path) -> None:
    other = {"CARTEIRA_DATABASE_URL": f"sqlite://{folder}/other.db"}
    assert Settings.read({}).keys != Settings.read(other).keys
    assert (folder / "other.db.secret").exists()


def test_a_server_elsewhere_has_one_in_the_working_directory(folder: Path) -> None:
    Settings.read({"CARTEIRA_DATABASE_URL": "postgres://db/x"})
    assert (folder / "carteira.secret").exists()


def test_of_many_that_start_at_once_all_get_the_same(folder: Path) -> None:
    script = "from settings import Settings; print(Settings.read().keys.sign_in.hex())"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}
        )
        for _ in range(4)
    ]
    told = {each.communicate(timeout=60)[0] for each in started}
    assert len(told) == 1
    assert len(told.pop()) == 65


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"CARTEIRA_ENV": "production"}, "CARTEIRA_SECRET is missing"),
        ({"CARTEIRA_ENV": "staging"}, "CARTEIRA_ENV is 'staging'"),
        ({"CARTEIRA_LOG": "loud"}, "CARTEIRA_LOG is 'loud'"),
        ({"CARTEIRA_ORIGINS": "app.example"}, "CARTEIRA_ORIGINS names 'app.example'"),
        ({"CARTEIRA_SECRET": "short"}, "CARTEIRA_SECRET has 5 bytes"),
        ({"CARTEIRA_DATABASE_URL": "sqlite://"}, "names no file"),
        ({"CARTEIRA_DATABASE_URL": "sqlite:///no/such/folder/x.db"}, "no secret can be kept"),
    ],
)
def test_what_makes_no_sense_is_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        Settings.read(environ)


def test_a_secret_is_never_shown() -> None:
    settings = Settings.read({"CARTEIRA_SECRET": SECRET})
    assert SECRET not in repr(settings)
    assert settings.keys.sign_in.hex() not in repr(settings)
    assert repr(settings.keys.sign_in) not in repr(settings)


def test_how_long_the_outbox_is_kept() -> None:
    assert Settings.read({"CARTEIRA_SECRET": SECRET}).outbox_hours == 72
    assert Settings.read({"CARTEIRA_SECRET": SECRET, "CARTEIRA_OUTBOX_HOURS": "1"}).outbox_hours == 1


@pytest.mark.parametrize("hours", ["0", "-1", "1.5", "many", "99999"])
def test_hours_that_make_no_sense_are_refused(hours: str) -> None:
    with pytest.raises(BadSettings, match="CARTEIRA_OUTBOX_HOURS"):
        Settings.read({"CARTEIRA_SECRET": SECRET, "CARTEIRA_OUTBOX_HOURS": hours})
