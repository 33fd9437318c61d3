"""Names for what computed fields read, so that a plan can read it too (schema/reading/planned.py)."""

from enum import Enum, auto


class Mark(Enum):
    """What a computed field reads."""

    ID = auto()
    MASKED = auto()
    ACTIONS = auto()
    OWNERSHIPS = auto()
    RECORD_CHANGE = auto()
    OWNER_AT = auto()
    CHANGES = auto()
    SUBJECT = auto()
    PORTFOLIO_STATS = auto()
    DEAL_STATS = auto()
    NODE = auto()
    NODES = auto()
    PORTFOLIO = auto()
    VIEWER = auto()
    RECORD = auto()
    ITEM_RECORD = auto()
    TRANSFER_PROGRESS = auto()
    WORKING_HOURS = auto()
    LOAD = auto()
    TRANSFER = auto()
