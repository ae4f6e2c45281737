"""Logit lenses held by the server, so that looking at another cell or quantity computes nothing again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import RLock

from apps.explorer.session import Session
from workbench import Trace, contributions, lens, token_id
from workbench.lens import require_language_model


def has_lens(trace: Trace) -> bool:
    """Whether the trace was captured with its lens."""
    return trace.lens is not None and trace.contributions is not None


class Lenses:
    """Computes the lens and the contributions of runs, and keeps the latest by run and followed token.

    Args:
        session: where runs and models come from.
        most: how many lenses are held; one more drops the one that was read longest ago.
    """

    def __init__(self, session: Session, most: int = 8) -> None:
        self._session, self._most = session, most
        self._traces: OrderedDict[tuple[str, str], Trace] = OrderedDict()
        self._lock = RLock()

    def find(self, run: str, token: str) -> Trace | None:
        """The run's trace with its lens, if it is held."""
        with self._lock:
            if (run, token) in self._traces:
                self._traces.move_to_end((run, token))
            return self._traces.get((run, token))

    def cost(self, trace: Trace) -> int:
        """Multiplications that the unembedding of all rows and positions takes.

        Raises:
            ValueError: the model is not here, or has no language-model head.
        """
        loaded = self._session.model_of(trace)
        require_language_model(loaded)
        head = loaded.model.lm_head
        return (len(trace.layers) + 1) * len(trace.tokens) * head.in_features * head.out_features

    def read(
        self, run: str, trace: Trace, token: str, progress: Callable[[int, int], object] | None = None
    ) -> Trace:  # fmt: skip
        """The run's trace with its lens; `token` is the one to follow, "" the one that comes next.

        Raises:
            ValueError: as `workbench.lens` and `workbench.token_id`; or the model is not here; or the run is of a
                modified model and kept no lens.
        """
        held = self.find(run, token)
        if held is not None:
            return held
        if token or not has_lens(trace):
            if trace.interventions:
                raise ValueError("this run is of a modified model and kept no lens; run the text with the model itself")
            loaded = self._session.model_of(trace)
            followed = token_id(loaded, token) if token else None
            trace = replace(
                trace,
                lens=lens(loaded, trace.tokens.ids, followed, progress=progress),
                contributions=contributions(loaded, trace.tokens.ids, followed),
            )
        with self._lock:
            self._traces[run, token] = trace
            while len(self._traces) > self._most:
                self._traces.popitem(last=False)
        return trace
