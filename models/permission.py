"""The permissions that a role can hold, each with what it allows (authorization.md)."""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role allows, within what its holder may read and their scope holds."""

    SALES_MANAGE = "sales.manage"
    PORTFOLIO_ASSIGN = "portfolio.assign"
    PORTFOLIO_TRANSFER = "portfolio.transfer"
    REWARDS_MANAGE = "rewards.manage"
    PAYOUTS_MANAGE = "payouts.manage"
    PAYOUTS_APPROVE = "payouts.approve"
    PAYOUTS_EXPORT = "payouts.export"
    PEOPLE_MANAGE = "people.manage"
    ROLES_MANAGE = "roles.manage"
    ACCOUNT_MANAGE = "account.manage"
    AUDIT_READ = "audit.read"
