"""What the surroundings say: the settings, from the environment.

CARTEIRA_DATABASE_URL  sqlite://PATH or postgres://…; sqlite://carteira.db where nothing is said
CARTEIRA_SECRET        what keys are derived from; made once beside the database in development
CARTEIRA_ENV           development (where nothing is said) or production
CARTEIRA_ORIGINS       frontends that browsers may let call, as https://app.example; none if nothing is said
CARTEIRA_OUTBOX_HOURS  how long who lost their connection may take to come back and miss nothing: 72
CARTEIRA_LOG           how much is logged: debug, info (where nothing is said), warning or error
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz.keys import Keys, WeakSecret
from models.database import BadUrl
from models.engines.sqlite import file_path

ENVIRONMENTS = ("development", "production")
OUTBOX_HOURS = 72
LONGEST_OUTBOX_HOURS = 24 * 366
LOG_LEVELS = ("debug", "info", "warning", "error")


class BadSettings(ValueError):
    """A setting is missing or makes no sense; its message says which one, and what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, read once, at the start."""

    database_url: str
    environment: str
    log_level: str
    keys: Keys = field(repr=False)
    origins: tuple[str, ...] = ()
    outbox_hours: int = OUTBOX_HOURS

    @property
    def development(self) -> bool:
        """Whether this is a developer's own installation, where anyone may introspect."""
        return self.environment == "development"

    @staticmethod
    def check(environ: Mapping[str, str] = os.environ) -> None:
        """See that what is said makes sense, for those who need no secret. Raises BadSettings."""
        _one_of(environ, "CARTEIRA_ENV", ENVIRONMENTS, "development")
        _one_of(environ, "CARTEIRA_LOG", LOG_LEVELS, "info")
        _origins(environ)

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that the environment gives. Raises BadSettings."""
        environment = _one_of(environ, "CARTEIRA_ENV", ENVIRONMENTS, "development")
        database_url = environ.get("CARTEIRA_DATABASE_URL") or "sqlite://carteira.db"
        secret = environ.get("CARTEIRA_SECRET") or _own_secret(environment, database_url)
        try:
            keys = Keys.derive(secret)
        except WeakSecret as error:
            raise BadSettings(str(error)) from error
        log_level = _one_of(environ, "CARTEIRA_LOG", LOG_LEVELS, "info")
        return cls(database_url, environment, log_level, keys, _origins(environ), outbox_hours_of(environ))


def _one_of(environ: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = (environ.get(name) or default).lower()
    if value not in known:
        raise BadSettings(f"{name} is {value!r}; write one of {', '.join(known)}")
    return value


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    origins = tuple((environ.get("CARTEIRA_ORIGINS") or "").replace(",", " ").split())
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s]+", origin):
            raise BadSettings(
                f"CARTEIRA_ORIGINS names {origin!r}; write origins without a path, as https://app.example"
            )
    return origins


def outbox_hours_of(environ: Mapping[str, str] = os.environ) -> int:
    """How long the outbox keeps what it tells, in hours. Raises BadSettings."""
    said = environ.get("CARTEIRA_OUTBOX_HOURS") or str(OUTBOX_HOURS)
    if not re.fullmatch("[0-9]{1,5}", said) or not 1 <= int(said) <= LONGEST_OUTBOX_HOURS:
        raise BadSettings(
            f"CARTEIRA_OUTBOX_HOURS is {said!r}; write whole hours, from 1 to {LONGEST_OUTBOX_HOURS}"
        )
    return int(said)


def _own_secret(environment: str, database_url: str) -> str:
    if environment != "development":
        raise BadSettings(
            "CARTEIRA_SECRET is missing: in production it is yours to make and keep, at random: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    try:
        return _kept_secret(_beside(database_url))
    except OSError as error:
        raise BadSettings(
            f"no secret can be kept beside the database: {error}. Set CARTEIRA_SECRET."
        ) from error


def _beside(database_url: str) -> Path:
    """`x.db.secret` beside a SQLite file `x.db`; for another database, in the working directory."""
    if not database_url.startswith("sqlite://"):
        return Path("carteira.secret")
    try:
        return Path(file_path(database_url) + ".secret")
    except BadUrl as error:
        raise BadSettings(str(error)) from error


def _kept_secret(path: Path) -> str:
    """What the file holds; made, for its owner's eyes alone, if it is not there."""
    if not path.exists():
        _make_secret(path)
    return path.read_text(encoding="ascii").strip()


def _make_secret(path: Path) -> None:
    """Written aside and then linked, so that of two who start at once both get the same, whole."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        draft.unlink()
