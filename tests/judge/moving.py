"""Transfers, their rules and distribution, for a generated world."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.judge.world import World

Row = dict[str, Any]

RECORDS = ("contact", "conversation", "deal")
REASONS = ("Ana leaves", "new territory: Łódź", "  ", "🚲", None)
METHODS = ("ROUND_ROBIN", "LEAST_LOADED", "WEIGHTED")
PASSED_OVER = (
    *("SUSPENDED", "DEACTIVATED", "AWAY", "OUT_OF_HOURS", "AT_CAPACITY", "OUT_OF_SCOPE", "NOT_THEIR_TURN"),
)
OFFICE_HOURS = [{"day": day, "start": "09:00", "end": "18:00"} for day in (1, 2, 3)]
RULES = 5
TRANSFERS = 9
POLICIES = 5
DECISIONS = 8
"""For each policy."""


def add_moving(chance: random.Random, world: "World", account_id: UUID) -> None:
    """Give an account of `world` transfers, rules and distribution, and tell of them in its histories."""
    _Maker(chance, world, account_id).make()


class _Maker:
    """Makes rows of one account, drawing everything from one source of chance."""

    def __init__(self, chance: random.Random, world: "World", account_id: UUID) -> None:
        self.chance = chance
        self.world = world
        self.account_id = account_id
        self.start: datetime = world["account"][account_id]["created_at"]
        self.pools = self._pools()

    def _pools(self) -> list[list[UUID]]:
        """Agents who are likely to be named together: those of a team, of an inbox, and all."""
        everybody = [row["id"] for row in self.mine("agent")]
        shared = [
            [row["agent_id"] for row in self.mine(f"{of}_member") if row[f"{of}_id"] == place["id"]]
            for of in ("team", "inbox")
            for place in self.mine(of)
        ]
        return [*(pool for pool in shared if len(pool) > 1), everybody]

    def make(self) -> None:
        for _ in range(RULES):
            self.rule()
        for _ in range(TRANSFERS):
            self.transfer()
        for _ in range(POLICIES):
            self.policy()
        self.tell()
        self.audit()

    # Drawing

    def mine(self, table: str) -> list[Row]:
        return self.world.rows(table, account_id=self.account_id)

    def add(self, table: str, **columns: Any) -> Row:
        row = {"id": UUID(int=self.chance.getrandbits(128), version=4), "account_id": self.account_id}
        self.world[table][row["id"]] = row | columns
        return self.world[table][row["id"]]

    def some(self, among: Sequence[Any], most: int) -> list[Any]:
        return self.chance.sample(among, self.chance.randint(1, min(most, len(among))))

    def maybe(self, likelihood: float, among: Sequence[Any]) -> Any:
        return self.chance.choice(among) if among and self.chance.random() < likelihood else None

    def maybe_one(self, likelihood: float, table: str) -> UUID | None:
        found: UUID | None = self.maybe(likelihood, [row["id"] for row in self.mine(table)])
        return found

    def moment(self) -> datetime:
        return self.start + timedelta(days=self.chance.randint(0, 120), hours=self.chance.randint(0, 2))

    # Transfers

    def rule(self) -> None:
        pool = self.chance.choice(self.pools)
        trigger = self.chance.choice(("OWNER_DEACTIVATED", "IDLE", "TEAM_CHANGED"))
        row = self.add(
            "transfer_rule",
            name=self.chance.choice(("Leavers", "leavers", "Sleepers ☾", "ÉQUIPE", "Zulu")),
            trigger=trigger,
            idle_days=self.chance.choice((7, 30)) if trigger == "IDLE" else None,
            team_id=self.maybe_one(0.5, "team"),
            record_types=sorted(one.upper() for one in self.some(RECORDS, 3)),
            enabled=self.chance.random() < 0.7,
            saved_by_id=self.chance.choice(self.chance.choice(self.pools)),
            created_at=self.moment(),
            version=self.chance.randint(1, 4),
        )
        for agent_id in self.some(pool, 3):
            self.add(
                "transfer_rule_share",
                rule_id=row["id"],
                agent_id=agent_id,
                weight=self.chance.choice((1, 1, 3)),
            )

    def transfer(self) -> None:
        named = self.chance.sample(pool := self.chance.choice(self.pools), min(len(pool), 4))
        state = self.chance.choice(("RUNNING", "APPLIED", "APPLIED", "REVERTING", "REVERTED"))
        created = self.moment()
        by_rule = self.chance.random() < 0.3
        row = self.add(
            "transfer",
            from_agent_id=named[0],
            made_by_id=None if by_rule else self.chance.choice(self.chance.choice(self.pools)),
            reverted_by_id=self.maybe_one(1, "agent") if state in ("REVERTING", "REVERTED") else None,
            rule_id=self.maybe_one(1, "transfer_rule") if by_rule else None,
            state=state,
            reason=self.chance.choice(REASONS),
            carry_over={},
            preview=None,
            created_at=created,
            finished_at=None if state == "RUNNING" else created + timedelta(minutes=3),
            reverted_at=created + timedelta(days=2) if state == "REVERTED" else None,
            version=self.chance.randint(1, 4),
        )
        for agent_id in named[1:]:
            weight = self.chance.choice((1, 2))
            self.add("transfer_share", transfer_id=row["id"], agent_id=agent_id, weight=weight)
        self.items(row, named[1:])

    def items(self, transfer: Row, getting: list[UUID]) -> None:
        records = [(table, row) for table in RECORDS for row in self.mine(table)]
        for number, (table, row) in enumerate(self.some(records, 9), 1):
            self.add(
                "transfer_item",
                transfer_id=transfer["id"],
                record_type=table.upper(),
                record_id=row["id"],
                number=number,
                to_agent_id=self.chance.choice(getting),
                state=self.item_state(transfer, row),
                team_before_id=self.maybe_one(0.5, "team"),
                team_after_id=None,
                interval_id=None,
            )

    def item_state(self, transfer: Row, record: Row) -> str:
        waits = self.world.rows("transfer_item", record_id=record["id"], state="WAITING")
        if transfer["state"] == "RUNNING" and not waits:
            return "WAITING"
        return self.chance.choice(("MOVED", "LEFT", "RETURNING", "REVERTED", "KEPT"))

    # Distribution

    def policy(self) -> None:
        place = self.chance.choice(("team", "inbox", None))
        row = self.add(
            "distribution_policy",
            team_id=self.maybe_one(1, "team") if place == "team" else None,
            inbox_id=self.maybe_one(1, "inbox") if place == "inbox" else None,
            method=self.chance.choice(METHODS),
            enabled=self.chance.random() < 0.8,
            capacity=self.chance.choice((None, 20)),
            working_hours=self.chance.choice(([], OFFICE_HOURS)),
            turn=self.chance.randint(0, 3),
            saved_by_id=self.chance.choice(self.chance.choice(self.pools)),
            created_at=self.moment(),
            version=self.chance.randint(1, 4),
        )
        pool = self.chance.choice(self.pools)
        for number, agent_id in enumerate(self.some(pool, 4), 1):
            self.add(
                "distribution_member",
                policy_id=row["id"],
                agent_id=agent_id,
                number=number,
                weight=self.chance.choice((1, 2)),
                capacity=self.chance.choice((None, 5)),
                credit=self.chance.randint(-2, 2),
            )
        for _ in range(DECISIONS):
            self.decision(row, pool)

    def decision(self, policy: Row, pool: list[UUID]) -> None:
        # Who was in the pool then may not be now.
        candidates = self.some(pool, 4) if self.chance.random() < 0.8 else self.some(self.pools[-1], 3)
        chosen = self.maybe(0.8, candidates)
        row = self.add(
            "distribution_decision",
            policy_id=policy["id"],
            contact_id=self.chance.choice(self.mine("contact"))["id"],
            agent_id=chosen,
            made_by_id=self.maybe_one(0.4, "agent"),
            method=policy["method"],
            at=self.moment(),
        )
        for number, agent_id in enumerate(candidates, 1):
            self.add(
                "distribution_candidate",
                decision_id=row["id"],
                agent_id=agent_id,
                number=number,
                load=self.chance.randint(0, 30),
                passed_over=None if agent_id == chosen else self.chance.choice(PASSED_OVER),
            )

    # Histories

    def tell(self) -> None:
        """Some of what timelines tell was a transfer's doing, or done for a reason."""
        transfers = [row["id"] for row in self.mine("transfer")]
        for entry in self.mine("timeline_entry"):
            if self.chance.random() < 0.3:
                entry["reason"] = self.chance.choice(REASONS)
            if self.chance.random() < 0.3:
                entry["transfer_id"] = self.chance.choice(transfers)
                entry["kind"] = self.chance.choice(("TRANSFERRED", "TRANSFER_REVERTED"))

    def audit(self) -> None:
        for table in SUBJECTS:
            for row in self.mine(table):
                if self.chance.random() < 0.7:
                    self.add(
                        "audit_entry",
                        at=self.moment(),
                        actor_id=self.maybe_one(0.8, "agent"),
                        actor_partner_user_id=None,
                        request_id=f"r-{self.chance.randint(1, 30)}",
                        action=f"update_{table}",
                        outcome=self.chance.choice(("DONE", "DONE", "REFUSED")),
                        subject_type=table,
                        subject_id=row["id"],
                        changes=self.changes(table),
                    )

    def changes(self, table: str) -> dict[str, list[Any]]:
        teams = [str(row["id"]) for row in self.mine("team")]
        agents = [str(row["id"]) for row in self.mine("agent")]
        of_tables: dict[str, dict[str, list[Any]]] = {
            "transfer": {"state": ["RUNNING", "APPLIED"], "from_agent_id": [None, agents[0]]},
            "transfer_rule": {"name": ["a", "B"], "enabled": [True, False], "team_id": [None, teams[0]]},
            "distribution_policy": {"method": [METHODS[0], METHODS[1]], "team_id": [teams[0], None]},
        }
        name = self.chance.choice(sorted(of_tables[table]))
        return {name: of_tables[table][name]}


SUBJECTS = ("transfer", "transfer_rule", "distribution_policy")
"""What the audit tells of."""
