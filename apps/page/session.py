"""What the explorer does for a reader: load models once, run texts, keep the runs and the traces that were opened."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import get_args

from gemma2_workbench import Trace, capture, embedded, load
from gemma2_workbench.apps.page.cache import Kept
from gemma2_workbench.apps.page.desk import Desk
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.apps.serving.limits import checked_text
from gemma2_workbench.models.loading import Loaded
from gemma2_workbench.models.reading.announced import Announced, announced
from gemma2_workbench.models.reading.progress import Told, telling
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces import fused
from gemma2_workbench.traces.capture import MAPS
from gemma2_workbench.traces.trace import ModelInfo

# Models that are loaded at the same time; more would only wait for the same disk.
LOADERS = 2


class ModelAbsentError(ValueError):
    """Something needs the model of a trace, and the model is not loaded here; the message says what to do."""


def untold(_done: int, _of: int, _what: str) -> None:
    """For who does not want to know how far it is."""


class Session:
    """Models that were loaded and runs that were made, shared by all readers of one server.

    Args:
        model: name, folder or hub id of the model to start with; None is the embedded language model, or no model
            where there are traces to show.
        dtype: dtype to load models in, None for the sensible one.
        device: device to load models on, None for the best one.
        memory: bytes that models, runs and what follows from them may take together; default: half of what is free.
        traces: names and saved traces to choose from, held as long as the server runs.
        quantize: how to round the weights of models, None for not at all.
        models: the only models that are loaded beside `model`, which is then the first of them where it is not given;
            None for any.
        sweeps: names and sweeps whose scores are offered for runs of their model.

    Attributes:
        first: the model to start with, None for none.
        allowed: the only models that are loaded, None for any.
        kept: the models and runs, and what follows from them.
        desk: where questions that need a model wait for their turn.
        store: the runs by their ids.
        sweeps: the sweeps by their names.
    """

    def __init__(
        self,
        model: str | None = None,
        dtype: str | None = None,
        device: str | None = None,
        memory: int | None = None,
        traces: Iterable[tuple[str, Trace]] = (),
        models: Iterable[str] | None = None,
        quantize: str | None = None,
        sweeps: Iterable[tuple[str, Sweep]] = (),
    ):
        self.kept = Kept(memory)
        self.desk = Desk()
        self.store = RunStore(self.kept)
        self.traces: dict[str, str] = {}  # run ids by name
        for name, trace in traces:
            self.traces[free_name(name, self.traces)] = self.store.add(trace, keep=True)
        allowed = None if models is None else tuple(models)
        self.sweeps: dict[str, Sweep] = {}
        for name, swept in sweeps:
            self.sweeps[free_name(name, self.sweeps)] = swept
        self.first = model or (None if self.traces else next(iter([*(allowed or ()), *embedded()])))
        self.allowed = None if allowed is None else tuple(dict.fromkeys([*filter(None, [self.first]), *allowed]))
        self._dtype, self._device, self._quantize = dtype, device, quantize
        self._told: defaultdict[str, list[Told]] = defaultdict(list)  # who waits for a model, by its name
        self._loaders = ThreadPoolExecutor(LOADERS, thread_name_prefix="loader")

    def names(self) -> list[str]:
        """Models to offer: the one the server was started with, then those it may load, or the embedded ones."""
        return list(self.allowed or dict.fromkeys([*filter(None, [self.first]), *embedded()]))

    def model(self, name: str) -> Loaded:
        """The model called `name`, loaded at its first use.

        Raises:
            OSError, ValueError: as `workbench.load`; or the model is none that may be loaded.
        """
        self._check_allowed(name)
        return self.kept.get(("model", name), lambda: self._load(name))

    async def ready(self, name: str, tell: Told = untold) -> Loaded:
        """The model called `name`, as `model`; whoever waits for it keeps nobody from anything.

        Args:
            name: of the model.
            tell: is told how far its loading is: done, of, and "bytes" of its download or "weights" that are read.

        Raises:
            OSError, ValueError: as `model`.
        """
        self._check_allowed(name)
        self._told[name].append(tell)
        try:
            coming = self.kept.soon(("model", name), lambda: self._load(name), self._loaders)
            # Shielded, because others may wait for the same model.
            return await asyncio.shield(asyncio.wrap_future(coming))
        finally:
            self._told[name].remove(tell)

    def announced(self, name: str) -> Announced | None:
        """What `model` would load under a name; None where it is loaded.

        Raises:
            OSError, ValueError: there is none, or it may not be loaded.
        """
        self._check_allowed(name)
        return None if self.kept.find(("model", name)) is not None else announced(name)

    def model_of(self, trace: Trace) -> Loaded:
        """The loaded model that a trace was captured with: the same weights in the same dtype. None is ever loaded.

        Raises:
            ModelAbsentError: there is none.
        """
        wanted = _identity(trace.model)
        for loaded in (each for kind in get_args(Loaded) for each in self.kept.every(kind)):
            if _identity(loaded) == wanted:
                self.kept.find(("model", loaded.name))  # it is used
                return loaded
        raise ModelAbsentError(_absence(trace, self.kept.find(("model", trace.model.name))))

    def run(self, name: str, text: str, progress: Callable[[int, int], None] | None = None) -> tuple[str, Trace]:
        """Run `text` through the model called `name`; return the run's id and its trace.

        Raises:
            OSError, ValueError, MemoryError, ParityError: as `workbench.load` and `traces.capture`; or no model is
                named.
        """
        if not name:
            raise ModelAbsentError("no model is chosen: choose one under Model, then run the text")
        loaded = self.model(name)
        # What comes next is read in the same pass; it belongs beside the run, not into a trace that is saved.
        follows = () if loaded.unembedding is None else ("prediction",)
        trace = capture(loaded, checked_text(text), read=(*MAPS, *follows), progress=progress)
        run = replace(trace, readings={kind: trace.readings[kind] for kind in MAPS})
        run_id = self.store.add(run)
        for kind in follows:
            self.kept.add((kind, run_id), trace.readings[kind])
        return run_id, run

    def __enter__(self) -> "Session":
        """The session of a server, which ends with the `with` block."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop what is being worked out, so that nothing keeps the process alive."""
        self.desk.close()
        self._loaders.shutdown(wait=False, cancel_futures=True)

    def _check_allowed(self, name: str) -> None:
        if self.allowed is not None and name not in self.allowed:
            # The same for every name, whether there is such a folder or not.
            raise ValueError(f"this server runs {', '.join(self.allowed)} only; choose one of them")

    def _load(self, name: str) -> Loaded:
        def tell(done: int, of: int, what: str) -> None:
            for each in list(self._told[name]):
                each(done, of, what)

        with telling(tell):
            return load(name, dtype=self._dtype, device=self._device, quantize=self._quantize)


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    numbered = (f"{name} ({number})" if number > 1 else name for number in count(1))
    return next(each for each in numbered if each not in taken)


def _identity(model: Loaded | ModelInfo) -> tuple[object, ...]:
    """What tells one model's numbers from another's; its name and the device do not."""
    weights = model.weights  # of a loaded model it is made each time, from samples of all of them
    quantized, adapter = weights.quantized, weights.adapter
    return (
        *(model.source, model.revision, model.weights_sha256, model.dtype, weights.hashed),
        quantized and (quantized.method, quantized.library),
        adapter and adapter.sha256,
    )


def _absence(trace: Trace, namesake: Loaded | None) -> str:
    """Why there is no model for a trace, and what to do; `namesake` is another model of the same name."""
    name, dtype = trace.model.name, trace.model.dtype
    if namesake is not None:
        differs = f"is in {namesake.dtype}, not in {dtype}" if namesake.dtype != dtype else "has other weights"
        return f"This needs the model of the saved trace. The {name} that is loaded here {differs}."
    return (
        f"This needs the model, and only a saved trace of it is open. To load the model, choose {name} under Model "
        f"and press Run, or start the explorer with --model {name} --dtype {dtype}."
    )


def load_ahead(session: Session) -> None:
    """Load the first model while the page is drawn; what goes wrong is told on the page, where it is met again.

    And the compiled sums after it: the first long text would wait seconds for them, in which nothing can be cancelled.
    """
    name = session.first
    if name is None:
        return

    def load() -> None:
        with suppress(OSError, ValueError):
            session.model(name)
        fused.available()

    threading.Thread(target=load, daemon=True).start()
