"""What the figures were measured on."""

import asyncio
import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import asyncpg

PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "tortoise-orm",
    "asyncpg",
    "aiosqlite",
    "uvicorn",
    "starlette",
)


def load() -> float:
    """How many processes were running or waiting to, over the last minute."""
    return os.getloadavg()[0]


def described(urls: list[str], driver: str, load_before: float) -> str:
    """The machine, the databases, the versions and the driver, in a few lines."""
    databases = [_database(url) for url in urls]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}. "
        f"Python {platform.python_version()}, {', '.join(databases)}. {packages}. "
        f"Driven by {driver}. Load before: {load_before:.1f}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "a processor without a name"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _database(url: str) -> str:
    if url.startswith("sqlite:"):
        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {asyncio.run(_postgres_version(url))}"


async def _postgres_version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        said: str = await connection.fetchval("SHOW server_version")
        return said.split()[0]
    finally:
        await connection.close()
