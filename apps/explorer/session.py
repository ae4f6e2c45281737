"""What the explorer does for a reader: load models once, run texts, keep the runs."""

import threading
from collections.abc import Callable

from apps.explorer.store import RunStore
from workbench import LoadedModel, Trace, capture, embedded, load, tokenize


class Session:
    """Models that were loaded and runs that were made, shared by all readers of one server.

    Args:
        model: name, folder or hub id of the model to start with; None is the embedded language model.
        dtype: dtype to load models in, None for the sensible one.
        device: device to load models on, None for the best one.
        max_runs: how many runs are held.
    """

    def __init__(
        self, model: str | None = None, dtype: str | None = None, device: str | None = None, max_runs: int = 16
    ):
        self.store = RunStore(max_runs)
        self.first = model or next(iter(embedded()))
        self._dtype, self._device = dtype, device
        self._models: dict[str, LoadedModel] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Models to offer: the one the server was started with, then the embedded ones."""
        return list(dict.fromkeys([self.first, *embedded()]))

    def model(self, name: str) -> LoadedModel:
        """The model called `name`, loaded at its first use.

        Raises:
            OSError, ValueError: as `workbench.load`.
        """
        with self._lock:
            if name not in self._models:
                self._models[name] = load(name, dtype=self._dtype, device=self._device)
            return self._models[name]

    def run(self, name: str, text: str, progress: Callable[[int, int], None] | None = None) -> tuple[str, Trace]:
        """Run `text` through the model called `name`; return the run's id and its trace.

        Raises:
            OSError, ValueError, MemoryError, ParityError: as `workbench.load` and `workbench.capture`.
        """
        trace = capture(self.model(name), text, progress=progress)
        return self.store.add(trace), trace

    def count_tokens(self, name: str, text: str) -> int:
        """How many tokens `text` has for the model called `name`; 0 for no text."""
        return len(tokenize(self.model(name).tokenizer, text)) if text else 0
