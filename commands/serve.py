"""`serve`: the server itself, as one process on uvloop and httptools."""

import asyncio
import json
import socket
from collections.abc import Callable
from datetime import timedelta

import click
import uvicorn
from starlette.applications import Starlette

from commands.demo import demo_people
from commands.opening import opened
from commands.token import token_for
from models.migrating import pending
from settings import Settings

TOKENS_LIVE = timedelta(days=30)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H", help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, metavar="P", type=click.IntRange(0, 65535))
@click.option("--show-tokens", is_flag=True, help="In development: print a token for each demo person.")
@click.pass_obj
def serve(app: Callable[[Settings], Starlette], host: str, port: int, show_tokens: bool) -> None:
    """Answer GraphQL at http://HOST:PORT/graphql until stopped; prints the address once it does."""
    settings = Settings.read()
    if show_tokens and not settings.development:
        raise click.UsageError("--show-tokens is for development; use `token` for one person's token.")
    _require_free(host, port)
    told = asyncio.run(_prepared(settings, show_tokens))
    config = uvicorn.Config(
        app(settings),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_level=settings.log_level,
        access_log=settings.log_level == "debug",
        server_header=False,
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
    """uvicorn's, that tells its address on standard output."""

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


async def _prepared(settings: Settings, show_tokens: bool) -> list[str]:
    """See that the database is ready; the lines to be told once the server answers."""
    async with opened() as database:
        if left := await pending(database):
            raise click.ClickException(
                f"the database lacks {', '.join(left)}: run `python server.py migrate` first"
            )
        if not show_tokens:
            return []
        lines = []
        for account, kind, name, email in await demo_people(database):
            agent, user = (None, email) if kind == "Partner user" else (email, None)
            bearer = await token_for(database, settings, account, agent, user, TOKENS_LIVE)
            lines += [
                "",
                f"{account}: {name} ({kind}, {email})",
                json.dumps({"Authorization": f"Bearer {bearer}"}),
            ]
        return lines
