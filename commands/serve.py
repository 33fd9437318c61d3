"""`serve`: the server itself, as one process on uvloop and httptools."""

import asyncio
import json
import socket
from collections.abc import Callable
from datetime import timedelta

import click
import uvicorn
from starlette.applications import Starlette

from commands.cutting import CuttingProtocol
from commands.demo import Person, demo_people, shut_out
from commands.demonstration.company import GUIDES
from commands.opening import opened
from commands.token import token_for
from models.database import Database
from models.migrating import pending
from settings import Settings

TOKENS_LIVE = timedelta(days=30)

LARGEST_MESSAGE = 2 * 1024 * 1024
"""Bytes of a message over a WebSocket: as much as a request over HTTP."""

STOPPING_SECONDS = 5
"""How long a server that stops waits for requests; streams, which never end by themselves, are cut."""


class Port(click.IntRange):
    """A port's number."""

    name = "port number"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H", help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, metavar="P", type=Port(0, 65535))
@click.option("--show-tokens", is_flag=True, help="In development: print a token for each demo person.")
@click.pass_obj
def serve(app: Callable[[Settings], Starlette], host: str, port: int, show_tokens: bool) -> None:
    """Answer GraphQL at http://HOST:PORT/graphql until stopped; prints the address once it does."""
    settings = Settings.read()
    if show_tokens and not settings.development:
        raise click.UsageError("--show-tokens is for development; use `token` for one person's token.")
    _require_free(host, port)
    told = asyncio.run(_prepared(settings, show_tokens))
    # Built before uvicorn is there: what is wrong with it is said in a line.
    import resolvers.schema  # noqa: F401

    config = uvicorn.Config(
        app(settings),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=CuttingProtocol,
        log_level=settings.log_level,
        access_log=settings.log_level == "debug",
        server_header=False,
        timeout_graceful_shutdown=STOPPING_SECONDS,
        ws_max_size=LARGEST_MESSAGE,
        # What is told is short; to compress it would cost each of a thousand listeners their own memory.
        ws_per_message_deflate=False,
    )
    server = Server(config, told)
    try:
        server.run()
    except SystemExit as ended:
        # uvicorn has said why, with a status of its own.
        raise SystemExit(1 if ended.code else 0) from ended


def _require_free(host: str, port: int) -> None:
    """Say beforehand that the port is taken, and what to do. Raises ClickException."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"can't listen on {host}, port {port}: {error.strerror}. "
                "Choose another with --port (or `make run PORT=8001`)."
            ) from error


class Server(uvicorn.Server):
    """uvicorn's, that tells its address on standard output, and below what else is told, once more."""

    def __init__(self, config: uvicorn.Config, told: list[str]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            click.echo(f"http://{host}:{port}/graphql")
            for line in self._told:
                click.echo(line)
            if self._told:
                click.echo(f"Open http://{host}:{port}/graphql, and paste a line with a token under Headers.")


async def _prepared(settings: Settings, show_tokens: bool) -> list[str]:
    """See that the database is ready; the lines to be told once the server answers."""
    async with opened() as database:
        if left := await pending(database):
            raise click.ClickException(
                f"the database lacks {', '.join(left)}: run `python server.py migrate` first"
            )
        if not show_tokens:
            return []
        people = sorted(await demo_people(database), key=_place)
        return [line for person in people for line in await _introduction(database, settings, person)] + [
            f"No token: {', '.join(told)}." for told in [await shut_out(database)] if told
        ]


def _place(person: Person) -> int:
    name = person[2]
    return GUIDES.index(name) if name in GUIDES else len(GUIDES)


async def _introduction(database: Database, settings: Settings, person: Person) -> list[str]:
    account, kind, name, email = person
    agent, user = (None, email) if kind == "Partner user" else (email, None)
    bearer = await token_for(database, settings, account, agent, user, TOKENS_LIVE)
    return [
        f"{name}, {kind}, {account}, {email}",
        json.dumps({"Authorization": f"Bearer {bearer}"}, separators=(",", ":")),
    ]
