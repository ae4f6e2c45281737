"""What the explorer does for a reader: load models once, run texts, keep the runs and the traces that were opened."""

import threading
from collections.abc import Callable, Container, Iterable
from itertools import count

from apps.explorer.store import RunStore
from apps.serving.limits import checked_text
from workbench import LoadedModel, Trace, capture, embedded, load


class ModelAbsentError(ValueError):
    """Something needs the model of a trace, and the model is not loaded here; the message says what to do."""


class Session:
    """Models that were loaded and runs that were made, shared by all readers of one server.

    Args:
        model: name, folder or hub id of the model to start with; None is the embedded language model, or no model
            where there are traces to show.
        dtype: dtype to load models in, None for the sensible one.
        device: device to load models on, None for the best one.
        max_runs: how many runs are held.
        traces: names and saved traces to choose from, held as long as the server runs.
        models: the only models that are loaded beside `model`, which is then the first of them where it is not given;
            None for any.

    Attributes:
        first: the model to start with, None for none.
        allowed: the only models that are loaded, None for any.
    """

    def __init__(
        self,
        model: str | None = None,
        dtype: str | None = None,
        device: str | None = None,
        max_runs: int = 16,
        traces: Iterable[tuple[str, Trace]] = (),
        models: Iterable[str] | None = None,
    ):
        self.store = RunStore(max_runs)
        self.traces: dict[str, str] = {}  # run ids by name
        for name, trace in traces:
            self.traces[free_name(name, self.traces)] = self.store.add(trace, keep=True)
        allowed = None if models is None else tuple(models)
        self.first = model or (None if self.traces else next(iter([*(allowed or ()), *embedded()])))
        self.allowed = None if allowed is None else tuple(dict.fromkeys([*filter(None, [self.first]), *allowed]))
        self._dtype, self._device = dtype, device
        self._models: dict[str, LoadedModel] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Models to offer: the one the server was started with, then those it may load, or the embedded ones."""
        return list(self.allowed or dict.fromkeys([*filter(None, [self.first]), *embedded()]))

    def model(self, name: str) -> LoadedModel:
        """The model called `name`, loaded at its first use.

        Raises:
            OSError, ValueError: as `workbench.load`; or the model is none that may be loaded.
        """
        if self.allowed is not None and name not in self.allowed:
            # The same for every name, whether there is such a folder or not.
            raise ValueError(f"this server runs {', '.join(self.allowed)} only; choose one of them")
        with self._lock:
            if name not in self._models:
                self._models[name] = load(name, dtype=self._dtype, device=self._device)
            return self._models[name]

    def model_of(self, trace: Trace) -> LoadedModel:
        """The loaded model that a trace was captured with: the same weights in the same dtype. None is ever loaded.

        Raises:
            ModelAbsentError: there is none.
        """
        wanted = _weights(trace)
        with self._lock:
            for loaded in self._models.values():
                if (loaded.source, loaded.revision, loaded.weights_sha256, loaded.dtype) == wanted:
                    return loaded
            namesake = self._models.get(trace.model.name)
        raise ModelAbsentError(_absence(trace, namesake))

    def run(self, name: str, text: str, progress: Callable[[int, int], None] | None = None) -> tuple[str, Trace]:
        """Run `text` through the model called `name`; return the run's id and its trace.

        Raises:
            OSError, ValueError, MemoryError, ParityError: as `workbench.load` and `workbench.capture`; or no model is
                named.
        """
        if not name:
            raise ModelAbsentError("no model is chosen: choose one under Model, then run the text")
        trace = capture(self.model(name), checked_text(text), progress=progress)
        return self.store.add(trace), trace


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    numbered = (f"{name} ({number})" if number > 1 else name for number in count(1))
    return next(each for each in numbered if each not in taken)


def _weights(trace: Trace) -> tuple[str, str | None, str | None, str]:
    """What tells one model's numbers from another's; its name and the device do not."""
    model = trace.model
    return model.source, model.revision, model.weights_sha256, model.dtype


def _absence(trace: Trace, namesake: LoadedModel | None) -> str:
    """Why there is no model for a trace, and what to do; `namesake` is another model of the same name."""
    name, dtype = trace.model.name, trace.model.dtype
    if namesake is not None:
        differs = f"is in {namesake.dtype}, not in {dtype}" if namesake.dtype != dtype else "has other weights"
        return f"This needs the model of the saved trace. The {name} that is loaded here {differs}."
    return (
        f"This needs the model, and only a saved trace of it is open. To load the model, choose {name} under Model "
        f"and press Run, or start the explorer with --model {name} --dtype {dtype}."
    )
