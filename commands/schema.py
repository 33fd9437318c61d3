"""`schema`: the contract, as SDL."""

import click


@click.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from resolvers.schema import schema as built

    click.echo(built.as_str())
