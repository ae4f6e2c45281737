"""A reader's page without a browser: it asks the server what the page's scripts would ask, in the same way."""

import json
from typing import Any

import httpx

PATIENCE = httpx.Timeout(600, connect=60)


class FailedError(RuntimeError):
    """The server answered a question of the page with an error."""


class Page:
    """One open page.

    Args:
        address: of the server, such as `http://127.0.0.1:7860`.
    """

    def __init__(self, address: str) -> None:
        # What a browser sends with every post of a page of this address.
        self.http = httpx.Client(base_url=address, timeout=PATIENCE, headers={"Origin": address})

    def ask(self, about: str, **question: Any) -> Any:
        """Ask a question, and wait for its answer.

        Raises:
            FailedError: the answer is an error.
        """
        with self.http.stream("POST", "/workbench/ask", json={"about": about, **question}) as response:
            if response.status_code != 200:
                raise FailedError(f"status {response.status_code}: {response.read().decode()[:200]}")
            for line in response.iter_lines():
                told = json.loads(line)
                if "error" in told:
                    raise FailedError(told["error"])
                if "answer" in told:
                    return told["answer"]
        raise FailedError("the stream ended before the answer")

    def close(self) -> None:
        """Leave."""
        self.http.close()
