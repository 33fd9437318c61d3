"""Drives a server from another process: wrk where it is installed, else `bench.driver`."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.kept import ROOT

CONNECTIONS = 16


class Wrong(Exception):
    """A server answered something else under load than it did before."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one drive came to."""

    requests: int
    seconds: float
    median: float
    p99: float
    """Milliseconds."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class Driver(Protocol):
    """What sends the requests."""

    name: str

    def drive(
        self, port: int, requests: Sequence[bytes], seconds: float, count: int | None = None
    ) -> Measured:
        """Send these requests in turn, for as long, or until so many are answered. Raises Wrong."""


@contextmanager
def driving(name: str | None = None) -> Iterator[Driver]:
    """A driver: wrk or our own, as named; wrk where it is installed, if not."""
    wrk = shutil.which("wrk")
    if name == "wrk" or (name is None and wrk):
        yield Wrk(wrk or "wrk")
        return
    command = [sys.executable, "-m", "bench.driver"]
    process = subprocess.Popen(  # noqa: S603 our own driver
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Own(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Own:
    """`bench.driver`, a process that takes one task a line."""

    name = "bench.driver"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def drive(
        self, port: int, requests: Sequence[bytes], seconds: float, count: int | None = None
    ) -> Measured:
        """Send a task, and wait for what it came to."""
        task = {
            "port": port,
            "connections": CONNECTIONS,
            "requests": [each.decode() for each in requests],
            "seconds": seconds,
            "count": count,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        done = json.loads(self._process.stdout.readline() or '{"wrong": "the driver ended"}')
        if "wrong" in done:
            raise Wrong(done["wrong"])
        return Measured(**done)


_SCRIPT = """
local at, texts = 0, {{{texts}}}
request = function() at = at % #texts + 1; return texts[at] end
done = function(summary, latency)
  local e = summary.errors
  local form = '\\nDONE {{"requests": %d, "seconds": %f, "median": %f, "p99": %f, "errors": %d}}\\n'
  io.write(form:format(
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Wrk:
    """wrk, with a script for each query."""

    name = "wrk"

    def __init__(self, path: str) -> None:
        self._path = path

    def drive(
        self, port: int, requests: Sequence[bytes], seconds: float, count: int | None = None
    ) -> Measured:
        """Run it once; it counts seconds alone, and whole ones."""
        # What JSON escapes in these texts, Lua escapes alike.
        texts = ", ".join(json.dumps(each.decode(), ensure_ascii=False) for each in requests)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "query.lua"
            script.write_text(_SCRIPT.format(texts=texts), newline="")
            address = f"http://127.0.0.1:{port}/graphql"
            timing = ("-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "30s")
            done = subprocess.run(  # noqa: S603 asked for by whoever installed it
                [self._path, *timing, "-s", str(script), address], check=True, capture_output=True, text=True
            )
        line = next(each for each in done.stdout.splitlines() if each.startswith("DONE "))
        found = json.loads(line.removeprefix("DONE "))
        if found.pop("errors"):
            raise Wrong(done.stdout)
        return Measured(**found)
