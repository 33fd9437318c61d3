"""What must hold of moving records; and PostgreSQL's word to whoever watches them."""

from tortoise import migrations

from migrations._rules import check, index, numbered_by_transaction, one_of, same_account, together, told

RECORDS = ("CONTACT", "CONVERSATION", "DEAL")


class Migration(migrations.Migration):
    dependencies = [("models", "0005_moving")]

    operations = [
        together(
            index(
                "transfer_item_waiting", "transfer_item", "record_id", unique=True, where="state = 'WAITING'"
            ),
            index("transfer_newest", "transfer", "account_id, created_at DESC, id"),
            index("transfer_from", "transfer", "from_agent_id"),
            index("transfer_going_on", "transfer", "account_id", where="state IN ('RUNNING', 'REVERTING')"),
            index("transfer_share_agent", "transfer_share", "agent_id"),
            index("transfer_item_record", "transfer_item", "record_id"),
            index("transfer_rule_account", "transfer_rule", "account_id"),
            index("distribution_policy_account", "distribution_policy", "account_id"),
            index("distribution_candidate_agent", "distribution_candidate", "agent_id"),
            one_of("transfer", "state", "RUNNING", "APPLIED", "REVERTING", "REVERTED"),
            one_of("transfer_item", "state", "WAITING", "MOVED", "LEFT", "RETURNING", "REVERTED", "KEPT"),
            one_of("transfer_item", "record_type", *RECORDS),
            one_of("transfer_rule", "trigger", "OWNER_DEACTIVATED", "IDLE", "TEAM_CHANGED"),
            one_of("distribution_policy", "method", "ROUND_ROBIN", "LEAST_LOADED", "WEIGHTED"),
            check("transfer_share_weight", "transfer_share", "{weight} > 0"),
            check("transfer_rule_share_weight", "transfer_rule_share", "{weight} > 0"),
            check("transfer_rule_idle", "transfer_rule", "({trigger} = 'IDLE') = ({idle_days} IS NOT NULL)"),
            check("transfer_rule_idle_days", "transfer_rule", "{idle_days} > 0"),
            check(
                "distribution_policy_place", "distribution_policy", "{team_id} IS NULL OR {inbox_id} IS NULL"
            ),
            check("distribution_policy_capacity", "distribution_policy", "{capacity} > 0"),
            check("distribution_member_capacity", "distribution_member", "{capacity} > 0"),
            check("distribution_member_weight", "distribution_member", "{weight} > 0"),
            same_account(
                "transfer",
                {
                    "from_agent_id": "agent",
                    "made_by_id": "agent",
                    "reverted_by_id": "agent",
                    "rule_id": "transfer_rule",
                },
            ),
            same_account("transfer_share", {"transfer_id": "transfer", "agent_id": "agent"}),
            same_account(
                "transfer_item",
                {
                    "transfer_id": "transfer",
                    "to_agent_id": "agent",
                    "team_before_id": "team",
                    "team_after_id": "team",
                },
            ),
            same_account(
                "timeline_entry", {"transfer_id": "transfer"}, "timeline_entry_transfer_same_account"
            ),
            same_account("transfer_rule", {"team_id": "team", "saved_by_id": "agent"}),
            same_account("transfer_rule_share", {"rule_id": "transfer_rule", "agent_id": "agent"}),
            same_account(
                "distribution_policy", {"team_id": "team", "inbox_id": "inbox", "saved_by_id": "agent"}
            ),
            same_account("distribution_member", {"policy_id": "distribution_policy", "agent_id": "agent"}),
            same_account(
                "distribution_decision",
                {
                    "policy_id": "distribution_policy",
                    "contact_id": "contact",
                    "agent_id": "agent",
                    "made_by_id": "agent",
                },
            ),
            same_account(
                "distribution_candidate", {"decision_id": "distribution_decision", "agent_id": "agent"}
            ),
            numbered_by_transaction("outbox_event"),
            told("outbox_event_told", "outbox_event", "INSERT"),
            told("access_version_told", "account", "UPDATE OF access_version"),
            told("transfer_told", "transfer", "UPDATE"),
        )
    ]
