"""WebSocket connections that end when the server is done with them, whether their client reads or not.

uvicorn closes a connection once all that was written is read. A client who has stopped reading would
keep it, and up to one large message in memory, for as long as they like.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class CuttingProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, that cuts who does not take what they were sent."""

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """Whoever talked with them has given them up, or has said all there is."""
        super().on_task_complete(task)
        self._cut_if_stuck()

    def keepalive_timeout(self) -> None:
        """They have not answered a ping: the talk ends with the connection, not with the next message."""
        super().keepalive_timeout()
        self._cut_if_stuck()

    def _cut_if_stuck(self) -> None:
        if not self.writable.is_set():
            self.transport.abort()
