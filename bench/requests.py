"""Requests as bytes, and their answers one at a time: for the driver, and for comparing."""

import http.client
from typing import Any

import orjson


class NoAnswer(Exception):
    """A server answered with something else than data."""


def body_of(document: str, variables: dict[str, Any]) -> bytes:
    """What a frontend sends."""
    return orjson.dumps({"query": document, "variables": variables})


def request_of(port: int, bearer: str, body: bytes) -> bytes:
    """A whole request, for a connection that is kept."""
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(port: int, bearer: str, document: str, variables: dict[str, Any]) -> Any:
    """The answer to one request. Raises NoAnswer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        connection.request("POST", "/graphql", body_of(document, variables), headers)
        response = connection.getresponse()
        said = response.read()
        if response.status != http.HTTPStatus.OK:
            raise NoAnswer(f"an answer that is none, with status {response.status}: {said.decode()[:1000]}")
        return orjson.loads(said)
    finally:
        connection.close()
