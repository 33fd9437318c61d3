"""What must hold whatever the code does: no overlapping ownership, no reference across accounts, sense."""

from tortoise import migrations

from migrations._rules import check, index, no_overlap, one_of, same_account, together

RECORDS = {"CONTACT": "contact", "CONVERSATION": "conversation", "DEAL": "deal"}
PLACE = {"owner_id": "agent", "team_id": "team", "inbox_id": "inbox"}
PERSON = {"agent_id": "agent", "partner_user_id": "partner_user"}
ONE_PERSON = "({agent_id} IS NULL) <> ({partner_user_id} IS NULL)"


class Migration(migrations.Migration):
    dependencies = [("models", "0002_indexes")]

    operations = [
        together(
            index("ownership_one_open", "ownership", "record_id", unique=True, where="ended_at IS NULL"),
            check("ownership_in_order", "ownership", "{ended_at} >= {started_at}"),
            no_overlap("ownership", "record_id", RECORDS),
            check("deal_money_whole", "deal", "({amount} IS NULL) = ({currency} IS NULL)"),
            check("deal_amount_not_negative", "deal", "{amount} >= 0"),
            check("deal_user_has_partner", "deal", "{assigned_user_id} IS NULL OR {partner_id} IS NOT NULL"),
            check("payment_amount_positive", "payment", "{amount} > 0"),
            check("conversation_has_inbox", "conversation", "{inbox_id} IS NOT NULL"),
            check("token_of_one_person", "token", ONE_PERSON),
            check("identity_of_one_person", "identity", ONE_PERSON),
            check("account_week_starts", "account", "{first_day_of_week} BETWEEN 1 AND 7"),
            check("account_year_starts", "account", "{fiscal_year_start_month} BETWEEN 1 AND 12"),
            one_of("account", "isolation_mode", "STRICT", "MASKED", "OPEN"),
            one_of("account", "unowned_visibility", "MANAGERS", "SCOPE"),
            one_of("agent", "status", "ACTIVE", "SUSPENDED", "DEACTIVATED"),
            one_of("role", "scope", "ACCOUNT", "TEAM", "INBOX"),
            one_of("role", "reach", "OWN", "SCOPE"),
            one_of("role", "built_in", "REP", "SALES_MANAGER", "ADMINISTRATOR"),
            one_of("conversation", "status", "OPEN", "CLOSED"),
            one_of("message", "direction", "INBOUND", "OUTBOUND", "NOTE"),
            one_of("deal", "status", "OPEN", "WON", "LOST"),
            one_of("payment", "kind", "PAYMENT", "REFUND"),
            one_of("token", "kind", "AGENT", "PORTAL", "API", "DISPLAY"),
            *(
                one_of(table, "record_type", *RECORDS)
                for table in ("ownership", "timeline_entry", "outbox_event")
            ),
            same_account("agent", {"role_id": "role", "main_team_id": "team"}),
            same_account("team_member", {"team_id": "team", "agent_id": "agent"}),
            same_account("inbox_member", {"inbox_id": "inbox", "agent_id": "agent"}),
            same_account("partner_user", {"partner_id": "partner"}),
            same_account("contact", PLACE),
            same_account("conversation", {**PLACE, "contact_id": "contact"}),
            same_account(
                "deal",
                {
                    **PLACE,
                    "contact_id": "contact",
                    "conversation_id": "conversation",
                    "partner_id": "partner",
                    "assigned_user_id": "partner_user",
                },
            ),
            same_account("message", {"conversation_id": "conversation", "author_id": "agent"}),
            same_account("payment", {"deal_id": "deal"}),
            same_account("ownership", {"owner_id": "agent", "team_id": "team"}),
            same_account("timeline_entry", {"author_id": "agent"}),
            same_account("audit_entry", {"actor_id": "agent", "actor_partner_user_id": "partner_user"}),
            same_account("token", PERSON),
            same_account("identity", {**PERSON, "provider_id": "identity_provider"}),
        )
    ]
