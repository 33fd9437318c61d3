"""The servers, each a process of its own, started for the bench and ended by it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.kept import ROOT
from bench.people import SECRET

SERVERS: dict[str, tuple[str, ...]] = {
    "floor": ("-m", "bench.floor", "{port}"),
    "carteira": ("server.py", "serve", "--port", "{port}"),
    "plain": ("-m", "bench.plain", "{port}"),
}
"""What follows `python`, run in the project's folder."""

START_SECONDS = 60
END_SECONDS = 10
MOST_SAID = 3_000


class NotStarted(Exception):
    """A server ended, or did not answer in time; a note holds what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers; what it uses is asked of Linux's `/proc`."""

    name: str
    port: int
    pid: int

    def busy(self) -> float:
        """The seconds that it kept a processor busy since it began."""
        spent = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """The bytes of memory that it holds now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


@contextmanager
def serving(names: tuple[str, ...], url: str) -> Iterator[dict[str, Server]]:
    """These servers, all of them on this database, until the block ends. Raises NotStarted."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(running(name, url)) for name in names}


@contextmanager
def running(name: str, url: str, *before: str) -> Iterator[Server]:
    """One server; `before` comes between `python` and what it runs. Raises NotStarted."""
    port = _free_port()
    command = [sys.executable, *before, *(each.format(port=port) for each in SERVERS[name])]
    environment = {
        **os.environ,
        "CARTEIRA_DATABASE_URL": url,
        "CARTEIRA_SECRET": SECRET,
        "CARTEIRA_ENV": "production",
        "CARTEIRA_LOG": "warning",
    }
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(  # noqa: S603 our own servers
            command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            if not _answers(process, port):
                raise NotStarted(f"{name} did not start")
            yield Server(name, port, process.pid)
        except Exception as error:
            said.seek(0)
            error.add_note(f"{name} said:\n{said.read()[-MOST_SAID:]}")
            raise
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop as a person at the terminal does, so that a profiler can write what it saw."""
    process.send_signal(2)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
