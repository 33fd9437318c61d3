"""Permission classes: one for each question that a field asks about its reader."""

from typing import Any

from strawberry.permission import BasePermission
from strawberry.types import Info


class IsSignedIn(BasePermission):
    """Whoever is signed in."""

    message = "Sign in to read this."

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        """Whether there is a viewer."""
        return info.context["viewer"] is not None


class SeesRecord(BasePermission):
    """Whoever has the record in sight."""

    message = "You may not read this."

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        """Whether the record in hand is in the viewer's sight."""
        viewer = info.context["viewer"]
        return bool(viewer is not None and viewer.sees(source))


class ReadsMoney(BasePermission):
    """Owners, and managers of the record."""

    message = "You may not read amounts."

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        """Whether the viewer may read this record's amount."""
        viewer = info.context["viewer"]
        if viewer is None or not viewer.sees(source):
            return False
        return bool(viewer.reach == "SCOPE" or source.owner_id == viewer.agent.id)
