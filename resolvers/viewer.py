"""Who is signed in."""

import strawberry

from authz.access import SIGNED_IN
from authz.viewer import Viewer as Asking
from schema.fields import computed
from schema.reading.marks import Mark
from schema.seen import Seen
from schema.viewer import Viewer, ViewerAccess


@strawberry.type
class ViewerQueries(Seen):
    """What can be asked about oneself."""

    @computed(SIGNED_IN, reads=Mark.VIEWER)
    def viewer(self, info: strawberry.Info) -> Viewer | None:
        """Whoever asks."""
        return viewer_of(info.context.known_viewer)


def viewer_of(asking: Asking) -> Viewer:
    """What whoever asks may know of themselves."""
    access = {
        "mode": asking.access_mode,
        "isolation_mode": asking.isolation_mode,
        "scope": asking.scope,
        "reach": asking.reach,
    }
    return Viewer.of(
        {
            "kind": asking.kind,
            "agent_id": asking.agent_id,
            "partner_user_id": asking.partner_user_id,
            "account_id": asking.account_id,
            "permissions": sorted(permission.value for permission in asking.permissions),
            "access": ViewerAccess.of(access),
        }
    )
