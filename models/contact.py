"""The contact: a person or company that the account sells to."""

from tortoise import fields

from models.record import Record
from models.text import FoldedField


class Contact(Record):
    """A customer. Nothing about it is unique: a clash would tell of contacts out of sight."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    email = fields.TextField(null=True)
    email_folded = FoldedField("email")
    phone = fields.TextField(null=True)
    phone_folded = FoldedField("phone")
    address = fields.TextField(null=True)
    address_folded = FoldedField("address")
    company = fields.TextField(null=True)
    company_folded = FoldedField("company")
    notes = fields.TextField(null=True)
    notes_folded = FoldedField("notes")
    erased_at = fields.DatetimeField(null=True)

    class Meta:
        table = "contact"
        unique_together = (("account", "source", "source_id"),)
