"""The composition root: settings, app, lifespan; and the command line.

python server.py --help
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import click
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tortoise.exceptions import OperationalError

from authz.key_sets import KeySets
from commands.account import account
from commands.agent import agent
from commands.demo import demo
from commands.import_ import import_directory
from commands.migrate import migrate
from commands.opening import opened
from commands.provider import provider
from commands.saying import said
from commands.schema import schema
from commands.serve import serve
from commands.tick import tick
from commands.token import token
from models.database import BadUrl, BadValue, Busy, Database, Unreachable
from models.migrating import pending
from models.operations.problem import Conflict, Problem
from models.operations.transfer_batch import go_on_with_all
from models.sql import Sql
from schema.errors import Unguarded
from settings import BadSettings, Settings


def app(settings: Settings) -> Starlette:
    """The application: GraphQL at /graphql, and /health. Its database is open while it lives."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # The schema takes a second to build, which other commands need not wait for.
        from resolvers.background import Background
        from resolvers.http import routes
        from resolvers.transfer_going_on import may_move

        database, background = await Database.open(settings.database_url), Background()
        try:
            app.state.database = database
            key_sets = KeySets(development=settings.development)
            app.router.routes += routes(
                database, settings.keys, key_sets, background, development=settings.development
            )
            background.spawn(partial(go_on_with_all, database, may_move))
            yield
        finally:
            await background.stop()
            await database.close()

    browsers = Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["x-request-id"],
    )
    # Where no page of another origin may ask, nothing needs to be said to browsers about it.
    middleware = [browsers] if settings.origins else []
    return Starlette(routes=[Route("/health", health)], middleware=middleware, lifespan=lifespan)


async def health(request: Request) -> JSONResponse:
    """200 while the database answers, 503 otherwise; nothing more is told."""
    try:
        async with asyncio.timeout(5), request.app.state.database.reading() as session:
            await session.fetch(Sql("SELECT 1"))
    except Exception:  # noqa: BLE001 whatever it is, it is not well
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok"})


class Commands(click.Group):
    """The command line. What went wrong is said in a line; exit status 1: a failure, 2: a wrong call."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and say what it could not do."""
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise said(problem) from problem
        except BadValue as error:
            raise click.UsageError(str(error)) from error
        except (BadSettings, BadUrl, Busy, Conflict, Unguarded, Unreachable) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            if left := asyncio.run(_pending()):
                message = f"the database lacks {', '.join(left)}: run `python server.py migrate` first"
                raise click.ClickException(message) from error
            raise


async def _pending() -> list[str]:
    async with opened() as database:
        return await pending(database)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Carteira: who owns which customer, and what each may see of it.

    Settings are CARTEIRA_DATABASE_URL, CARTEIRA_SECRET, CARTEIRA_ENV,
    CARTEIRA_ORIGINS, CARTEIRA_OUTBOX_HOURS and CARTEIRA_LOG. Answers go to
    standard output, talk to standard error. Exit status: 0, 1 for a failure, 2 for a wrong call.
    """
    ctx.obj = app


for command in (account, agent, demo, import_directory, migrate, provider, schema, serve, tick, token):
    cli.add_command(command)


if __name__ == "__main__":
    sys.exit(cli())
