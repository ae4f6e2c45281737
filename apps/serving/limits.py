"""How much one reader may ask for: sizes, requests at once, and requests per minute where others may come in.

The numbers are generous: whoever looks at attention maps, on however many pages, does not meet them.
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gemma2_workbench.apps.serving.refusal import Refusal

# Where files are sent to: gradio's own, and traces.
UPLOAD = ("/gradio_api/upload", "/workbench/trace")
OURS = ("/attention/", "/cell/", "/workbench/")
# Larger traces, as of long texts through large models, are opened from the command line, where nothing is copied.
MAX_UPLOAD = 512 << 20
ENVELOPE = 1 << 20  # the lines of a form around its file
# All that is posted but files: texts, places in them, settings.
MAX_BODY = 8 << 20
MAX_CHARACTERS = 200_000
MAX_QUERY = 48 << 10
MAX_AT_ONCE = 256
# Costs of requests, how many may be saved up, and what is added per second.
READING, ASKING, UPLOADING = 1, 10, 600
SAVED_UP, PER_SECOND = 6000, 200
MOST_CLIENTS = 4096


class Buckets:
    """A token bucket for every client; those of clients that were away longest are forgotten.

    Args:
        capacity: what a client may spend at once.
        per_second: what is added.
        clock: seconds.
    """

    def __init__(self, capacity: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity, self._per_second, self._clock = capacity, per_second, clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how much, and when that was so

    def wait(self, client: str, cost: float) -> int:
        """Whole seconds until the client may spend `cost`, 0 for now."""
        over = self._now_spent(client) + cost - self._capacity
        return max(0, math.ceil(over / self._per_second))

    def take(self, client: str, cost: float) -> None:
        """Spend `cost`."""
        self._spent[client] = self._now_spent(client) + cost, self._clock()
        self._spent.move_to_end(client)
        while len(self._spent) > MOST_CLIENTS:
            self._spent.popitem(last=False)

    def _now_spent(self, client: str) -> float:
        spent, since = self._spent.get(client, (0.0, 0.0))
        return max(0.0, spent - self._per_second * (self._clock() - since))


class AtOnce:
    """How many requests of each client are being answered."""

    def __init__(self, most: int = MAX_AT_ONCE) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one_more(self, client: str) -> Iterator[None]:
        """Count a request as long as it is being answered.

        Raises:
            Refusal: 429.
        """
        if self._counts[client] >= self._most:
            sentence = f"{self._most} requests from here are being answered already; wait for one of them"
            raise Refusal(429, sentence, {"Retry-After": "1"})
        self._counts[client] += 1
        try:
            yield
        finally:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]


def cost(method: str, path: str) -> int:
    """What a request costs its client; the page's own files are free."""
    if method == "POST":
        return UPLOADING if path.startswith(UPLOAD) else ASKING
    return READING if path.startswith(OURS) else 0


def checked_text(text: str | None) -> str:
    """The text, if a page runs one of its length.

    Raises:
        ValueError: there is none, or it is longer than `MAX_CHARACTERS`.
    """
    if text is None:
        raise ValueError("there is no text; give one")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"the text has {len(text):,} characters and a page runs at most {MAX_CHARACTERS:,}; shorten it, or capture "
            "it with `gemma2-workbench trace` and open the trace"
        )
    return text
