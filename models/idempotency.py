"""Idempotency: an act done under a key is done once; asked again, its outcome is read anew."""

from typing import Any

from tortoise import fields

from models.base import Row


class IdempotencyKey(Row):
    """A key that `actor_id` (an agent or partner user) has used, for which input, and what it made."""

    actor_id = fields.UUIDField()
    key = fields.TextField()
    mutation = fields.CharField(max_length=64)
    input_hash = fields.CharField(max_length=64)
    result: Any = fields.JSONField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("actor_id", "key"),)
