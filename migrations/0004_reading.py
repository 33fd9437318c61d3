"""Indexes in the order in which lists are read, so that a page is found without sorting its list.

Newest first, then by id: within an account, an owner's portfolio, and what belongs to one contact,
conversation or partner. No text of any length is indexed: PostgreSQL would refuse the long ones.
"""

from tortoise import migrations

from migrations._rules import index, no_index, together

RECORDS = ("contact", "conversation", "deal")
NEWEST = "created_at DESC, id"


class Migration(migrations.Migration):
    dependencies = [("models", "0003_rules")]

    operations = [
        together(
            *(no_index(f"{table}_newest", table, "account_id, created_at, id") for table in RECORDS),
            *(no_index(f"{table}_owner", table, "account_id, owner_id") for table in RECORDS),
            no_index("conversation_contact", "conversation", "contact_id"),
            no_index("deal_contact", "deal", "contact_id"),
            no_index("deal_conversation", "deal", "conversation_id"),
            no_index("deal_partner", "deal", "partner_id"),
            *(index(f"{table}_newest", table, f"account_id, {NEWEST}") for table in RECORDS),
            *(index(f"{table}_owner", table, f"owner_id, {NEWEST}") for table in RECORDS),
            index("conversation_contact", "conversation", f"contact_id, {NEWEST}"),
            index("deal_contact", "deal", f"contact_id, {NEWEST}"),
            index("deal_conversation", "deal", f"conversation_id, {NEWEST}"),
            index("deal_partner", "deal", f"partner_id, {NEWEST}"),
            # All that sums by owner need, so that no deal is looked up.
            index("deal_sums", "deal", "account_id, owner_id, status, currency, amount"),
            index("audit_entry_newest", "audit_entry", "account_id, at DESC, id"),
        )
    ]
