"""What every table shares: a random id, and the account that its rows belong to."""

from typing import Any

from tortoise import Model, fields

from models.ids import new_id


class Row(Model):
    """A row of some account's; nothing in it ever refers to a row of another account."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: Any

    class Meta:
        abstract = True


def reference(model: str, *, null: bool = True) -> Any:
    """A reference to a row of `model`; what is referred to is never deleted."""
    options: dict[str, Any] = {"related_name": False, "null": null, "on_delete": fields.RESTRICT}
    return fields.ForeignKeyField(f"models.{model}", **options)
