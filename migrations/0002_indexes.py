"""Indexes for the ways in which rows are found: by scope, by reference, newest first."""

from tortoise import migrations

from migrations._rules import index, together

RECORDS = ("contact", "conversation", "deal")


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [
        together(
            *(
                index(f"{table}_{column}", table, f"account_id, {column}_id")
                for table in RECORDS
                for column in ("owner", "team", "inbox")
            ),
            *(index(f"{table}_newest", table, "account_id, created_at, id") for table in RECORDS),
            index("conversation_contact", "conversation", "contact_id"),
            index("deal_contact", "deal", "contact_id"),
            index("deal_conversation", "deal", "conversation_id"),
            index("deal_partner", "deal", "partner_id"),
            index("deal_assigned_user", "deal", "assigned_user_id"),
            index("agent_account", "agent", "account_id"),
            index("agent_role", "agent", "role_id"),
            index("team_member_agent", "team_member", "agent_id"),
            index("inbox_member_agent", "inbox_member", "agent_id"),
            index("partner_user_partner", "partner_user", "partner_id"),
            index("token_agent", "token", "agent_id"),
            index("token_partner_user", "token", "partner_user_id"),
            index("identity_agent", "identity", "agent_id"),
            index("identity_partner_user", "identity", "partner_user_id"),
            index("ownership_owner", "ownership", "owner_id, started_at"),
        )
    ]
