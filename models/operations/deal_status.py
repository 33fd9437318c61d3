"""What a deal's status allows."""

from models.deal import Deal, DealStatus
from models.operations.problem import Problem


def require_open(deal: Deal) -> None:
    """Raise Problem ALREADY_WON or ALREADY_LOST unless the deal is open."""
    if deal.status is not DealStatus.OPEN:
        status = deal.status.lower()
        raise Problem(f"ALREADY_{deal.status}", f"The deal is {status} already; reopen it first.")


def require_won(deal: Deal) -> None:
    """Raise Problem NOT_WON unless the deal is won."""
    if deal.status is not DealStatus.WON:
        raise Problem("NOT_WON", "The deal is not won; win it first.")


def require_closed(deal: Deal) -> None:
    """Raise Problem ALREADY_OPEN unless the deal is won or lost."""
    if deal.status is DealStatus.OPEN:
        raise Problem("ALREADY_OPEN", "The deal is open already.")
