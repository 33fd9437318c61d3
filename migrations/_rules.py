"""Rules that the database holds itself, written once for SQLite and PostgreSQL.

SQLite can't add a check to a table that is there, so each rule is a trigger on it there; breaking
any of them is an IntegrityError on both. Migrations that are applied read this: add, don't change.
"""

from collections.abc import Mapping, Sequence

from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class Rule(TortoiseOperation):
    """Statements for each database, to make a rule and to take it back."""

    reversible = True

    def __init__(
        self,
        *,
        sqlite: Sequence[str],
        postgres: Sequence[str],
        sqlite_back: Sequence[str],
        postgres_back: Sequence[str],
    ) -> None:
        self.forward = {"sqlite": sqlite, "postgres": postgres}
        self.backward = {"sqlite": sqlite_back, "postgres": postgres_back}

    def describe(self) -> str:
        """What Tortoise shows."""
        return "A rule of the database's"

    def state_forward(self, app_label: str, state: State) -> None:
        """The models know nothing of it."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Make the rule."""
        await _run(state_editor, self.forward)

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Take the rule back."""
        await _run(state_editor, self.backward)


def together(*rules: Rule) -> Rule:
    """Many as one: Tortoise copies all that it knows of the models for each single operation."""
    back = rules[::-1]
    return Rule(
        sqlite=[each for rule in rules for each in rule.forward["sqlite"]],
        postgres=[each for rule in rules for each in rule.forward["postgres"]],
        sqlite_back=[each for rule in back for each in rule.backward["sqlite"]],
        postgres_back=[each for rule in back for each in rule.backward["postgres"]],
    )


async def _run(editor: BaseSchemaEditor | None, statements: Mapping[str, Sequence[str]]) -> None:
    if editor is not None:
        for statement in statements[editor.client.capabilities.dialect]:
            await editor.client.execute_script(statement)


def index(name: str, table: str, columns: str, *, unique: bool = False, where: str = "") -> Rule:
    """An index that the models do not have, perhaps a partial or unique one."""
    make = f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON {table} ({columns})"
    make += f" WHERE {where}" if where else ""
    back = [f"DROP INDEX {name}"]
    return Rule(sqlite=[make], postgres=[make], sqlite_back=back, postgres_back=back)


def check(name: str, table: str, condition: str) -> Rule:
    """Refuse rows for which `condition` is false; it names columns as `{column}`."""
    of_new = condition.replace("{", "NEW.").replace("}", "")
    of_row = condition.replace("{", "").replace("}", "")
    return Rule(
        sqlite=[
            f"CREATE TRIGGER {name}_{moment.lower()} BEFORE {moment} ON {table} FOR EACH ROW "
            f"WHEN NOT ({of_new}) BEGIN SELECT RAISE(ABORT, '{name}'); END;"
            for moment in ("INSERT", "UPDATE")
        ],
        sqlite_back=[f"DROP TRIGGER {name}_insert", f"DROP TRIGGER {name}_update"],
        postgres=[f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({of_row})"],
        postgres_back=[f"ALTER TABLE {table} DROP CONSTRAINT {name}"],
    )


def one_of(table: str, column: str, *values: str) -> Rule:
    """Refuse rows whose `column` holds anything but these values, or null."""
    listed = ", ".join(f"'{value}'" for value in values)
    return check(f"{table}_{column}_known", table, f"{{{column}}} IN ({listed})")


def same_account(table: str, references: Mapping[str, str], name: str | None = None) -> Rule:
    """Refuse rows that refer to a row of another account; `references` maps a column to its table.

    A row never changes accounts, so it is enough to look where a reference is set.
    """
    name = name or f"{table}_same_account"
    strays = {
        column: f"NEW.{column} IS NOT NULL AND NEW.account_id <> "
        f"(SELECT account_id FROM {target} WHERE id = NEW.{column})"
        for column, target in references.items()
    }
    columns = ", ".join(["account_id", *references])
    stray = " OR ".join(f"({each})" for each in strays.values())
    return Rule(
        sqlite=[
            f"CREATE TRIGGER {name}_{when.split()[0].lower()} BEFORE {when} ON {table} FOR EACH ROW "
            f"WHEN {stray} BEGIN SELECT RAISE(ABORT, '{name}'); END;"
            for when in ("INSERT", f"UPDATE OF {columns}")
        ],
        sqlite_back=[f"DROP TRIGGER {name}_insert", f"DROP TRIGGER {name}_update"],
        postgres=[
            _function(name, "".join(f"IF {each} THEN {_refuse(name)} END IF; " for each in strays.values())),
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {columns} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        postgres_back=[f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
    )


def no_overlap(table: str, key: str, records: Mapping[str, str]) -> Rule:
    """Refuse intervals [started_at, ended_at) of one `key` that overlap; an empty one overlaps nothing.

    PostgreSQL's writers are many, so there the record is locked first; `records` maps its type to its
    table. (An exclusion constraint would do, but needs an extension that not every owner may install.)
    """
    name = f"{table}_no_overlap"
    overlapping = (
        f"EXISTS (SELECT 1 FROM {table} o WHERE o.{key} = NEW.{key} AND o.id <> NEW.id "
        "AND (o.ended_at IS NULL OR o.ended_at > o.started_at) "
        "AND (NEW.ended_at IS NULL OR NEW.ended_at > NEW.started_at) "
        "AND (o.ended_at IS NULL OR NEW.started_at < o.ended_at) "
        "AND (NEW.ended_at IS NULL OR o.started_at < NEW.ended_at))"
    )
    hold = "".join(
        f"IF NEW.record_type = '{kind}' THEN "
        f"PERFORM 1 FROM {target} WHERE id = NEW.{key} FOR NO KEY UPDATE; END IF; "
        for kind, target in records.items()
    )
    columns = f"{key}, started_at, ended_at"
    return Rule(
        sqlite=[
            f"CREATE TRIGGER {name}_{when.split()[0].lower()} BEFORE {when} ON {table} FOR EACH ROW "
            f"WHEN {overlapping} BEGIN SELECT RAISE(ABORT, '{name}'); END;"
            for when in ("INSERT", f"UPDATE OF {columns}")
        ],
        sqlite_back=[f"DROP TRIGGER {name}_insert", f"DROP TRIGGER {name}_update"],
        postgres=[
            _function(name, f"{hold}IF {overlapping} THEN {_refuse(name)} END IF; "),
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {columns} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        postgres_back=[f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
    )


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}RETURN NEW; END $$"


def _refuse(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


def no_index(name: str, table: str, columns: str) -> Rule:
    """Drop an index that `index` made."""
    made = index(name, table, columns)
    return Rule(
        sqlite=made.backward["sqlite"],
        postgres=made.backward["postgres"],
        sqlite_back=made.forward["sqlite"],
        postgres_back=made.forward["postgres"],
    )


def told(name: str, table: str, moment: str) -> Rule:
    """Tell whoever listens on PostgreSQL that `table` has changed: once a transaction, at its end."""
    return Rule(
        sqlite=[],
        sqlite_back=[],
        postgres=[
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN PERFORM pg_notify('carteira', ''); RETURN NULL; END $$",
            f"CREATE TRIGGER {name} AFTER {moment} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ],
        postgres_back=[f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
    )


def numbered_by_transaction(table: str) -> Rule:
    """Let PostgreSQL write its transaction's number in the column `xact` of every new row."""
    name = f"{table}_xact"
    number = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
    return Rule(
        sqlite=[],
        sqlite_back=[],
        postgres=[
            _function(name, f"NEW.xact := {number}; "),
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        postgres_back=[f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
    )
