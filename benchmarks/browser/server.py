"""The explorer as a process of its own: started, measured and stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import httpx
import psutil

START_SECONDS = 300


class Server:
    """`with Server(folder, ["--model", "tiny"]) as server:` the explorer on a free port of this machine.

    Args:
        folder: where its temporary files lie, and its output.
        arguments: further ones of `gemma2-workbench app`.
    """

    def __init__(self, folder: Path, arguments: Sequence[str]) -> None:
        self._arguments, self._log = arguments, folder / "server.log"
        self._temporary = folder / "tmp"
        self._temporary.mkdir()
        self.address = f"http://127.0.0.1:{_free_port()}"

    def __enter__(self) -> "Server":
        port = self.address.rpartition(":")[2]
        words = [sys.executable, "-m", "gemma2_workbench.apps.cli", "app", "--port", port, *self._arguments]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                words, stdout=log, stderr=log, env=os.environ | {"TMPDIR": str(self._temporary)}
            )
        self._measured = psutil.Process(self._process.pid)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__(None, None, None)
                raise RuntimeError(f"the server did not start: {self._log.read_text()[-500:]}")
            time.sleep(0.2)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return self._measured.memory_info().rss

    @property
    def files(self) -> int:
        """How many temporary files lie about."""
        return sum(path.is_file() for path in self._temporary.rglob("*"))

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/config", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
