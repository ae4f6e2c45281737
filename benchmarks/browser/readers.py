"""What readers of the page do: run texts and read maps, set caps, look at one map again and again."""

import re
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle

import httpx
import numpy as np

from benchmarks.browser.page import FailedError, Page
from gemma2_workbench.json_types import JsonObject

STAGES = ("attn_logits", "attn_scores", "attn_probs")
CAPS = ("5", "7", "9", "12", "15", "18", "22", "28", "36", "48", "60", "80", "100", "off")
WORDS = (
    *("Emma", "Bob", "Paris", "London", "Knightley", "Harriet", "Canada"),
    *("Minister", "Weston", "Jane", "Frank", "Hartfield", "Highbury"),
)


@dataclass
class Seen:
    """What came out, added up by all threads (appending to a list is safe)."""

    maps: list[tuple[str, str, int, int, bytes]] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)
    what_ifs: list[float] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Reader(threading.Thread):
    """Asks for the same map of the saved trace again and again, and keeps how long each answer took."""

    def __init__(self, address: str, run: str) -> None:
        super().__init__(daemon=True)
        self._url, self._done = f"{address}/attention/{run}/attn_probs/0/0", threading.Event()
        self.waits: list[float] = []
        self.wrong = 0

    def run(self) -> None:
        """Read until `stop`."""
        with httpx.Client(timeout=600) as http:
            while not self._done.wait(0.02):
                since = time.perf_counter()
                self.wrong += http.get(self._url).status_code != 200
                self.waits.append(time.perf_counter() - since)

    def stop(self) -> None:
        """End it and wait for its last answer."""
        self._done.set()
        self.join()

    def told(self) -> JsonObject:
        """The waits in milliseconds."""
        longest, p99 = 1000 * max(self.waits), 1000 * float(np.quantile(self.waits, 0.99))
        return {
            "reads": len(self.waits),
            "refused": self.wrong,
            "longest_wait_ms": round(longest),
            "p99_wait_ms": round(p99),
        }


def sentence(client: int, run: int) -> str:
    """A text that no other client and no other run has."""
    names = [WORDS[(client * 5 + run * 3 + at * 7) % len(WORDS)] for at in range(3 + run % 4)]
    return f"Reader {client} in run {run} saw {', '.join(names)} and the President of the United States."


def runs(address: str, client: int, count: int, seen: Seen) -> None:
    """One client: texts through the model, their maps read back."""
    page = Page(address)
    for number in range(count):
        text = sentence(client, number)
        since = time.perf_counter()
        try:
            run = page.ask("run", text=text, model="tiny")
            seen.runs.append(time.perf_counter() - since)
            if run["text"] != text:
                seen.mixed.append(f"asked for {text!r}, told of {run['text']!r}")
            for stage, layer, head in zip(STAGES, (0, 1, number % 4), (number % 4, 0, 1), strict=True):
                response = page.http.get(f"/attention/{run['id']}/{stage}/{layer}/{head}")
                response.raise_for_status()
                seen.maps.append((text, stage, layer, head, response.content))
        except (FailedError, httpx.HTTPError, ValueError, TypeError) as error:
            seen.failed.append(f"run: {error}")
    page.close()


def changed(page: Page, run: str, what: str, cap: str) -> None:
    """Set a cap of a run, and see what it changes; ValueError where the answer is not about this cap.

    Args:
        page, run: of whom.
        what: "cap" or "final".
        cap: how large, or "off".
    """
    words = "; ".join(page.ask("change", run=run, **{what: cap})["changes"])
    # As a number of its own, and not as a part of another one.
    if not re.search(rf"(?<![\d.]){re.escape(cap)}(?![\d.]|\w)", words):
        raise ValueError(f"asked about the cap {cap}, told {words[:200]}")


def what_ifs(address: str, name: str, what: str, seen: Seen, done: threading.Event) -> None:
    """A reader who sets one cap after the other on a saved trace until the others have finished."""
    page = Page(address)
    run = page.ask("saved", trace=name)["id"]
    for cap in cycle(CAPS):
        if done.is_set():
            break
        since = time.perf_counter()
        try:
            changed(page, run, what, cap)
            seen.what_ifs.append(time.perf_counter() - since)
        except ValueError as error:
            seen.mixed.append(str(error))
        except (FailedError, httpx.HTTPError) as error:
            seen.failed.append(f"what-if: {error}")
    page.close()
