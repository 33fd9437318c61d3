"""One uvicorn process, as the real server runs in production: uvloop, httptools, no access log."""

import uvicorn
from starlette.applications import Starlette


def serve(app: Starlette, port: int) -> None:
    """Answer on this port until stopped."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
