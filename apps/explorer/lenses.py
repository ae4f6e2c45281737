"""Logit lenses held by the server, so that looking at another cell or quantity computes nothing again."""

from collections.abc import Callable
from dataclasses import replace

from gemma2_workbench import Trace, contributions, lens, token_id
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.models.language_model import require_language_model


def has_lens(trace: Trace) -> bool:
    """Whether the trace was captured with its lens."""
    return {"lens", "contributions"} <= trace.readings.keys()


class Lenses:
    """Computes the lens and the contributions of runs, and keeps the latest by run and followed token.

    Args:
        session: where runs and models come from, and where lenses are kept beside them.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._kept = session, session.kept

    def find(self, run: str, token: str) -> Trace | None:
        """The run's trace with its lens, if it is held."""
        return self._kept.find(("lens", run, token))

    def cost(self, trace: Trace) -> int:
        """Multiplications that the unembedding of all rows and positions takes.

        Raises:
            ValueError: the model is not here, or has no language-model head.
        """
        loaded = self._session.model_of(trace)
        vocabulary = require_language_model(loaded).vocabulary
        return (len(trace.layers) + 1) * len(trace.tokens) * loaded.shape.width * vocabulary

    def read(
        self, run: str, trace: Trace, token: str, progress: Callable[[int, int], object] | None = None
    ) -> Trace:  # fmt: skip
        """The run's trace with its lens; `token` is the one to follow, "" the one that comes next.

        Raises:
            ValueError: as `traces.readers.lens` and `workbench.token_id`; or the model is not here; or the run is of a
                modified model and kept no lens.
        """
        return self._kept.get(("lens", run, token), lambda: self._read(trace, token, progress))

    def _read(self, trace: Trace, token: str, progress: Callable[[int, int], object] | None) -> Trace:
        if has_lens(trace) and not token:
            return trace
        if trace.interventions:
            raise ValueError("this run is of a modified model and kept no lens; run the text with the model itself")
        loaded = self._session.model_of(trace)
        followed = token_id(loaded, token) if token else None
        ids = trace.tokens.ids
        read = {"lens": lens(loaded, ids, followed, progress=progress)}
        parts = {"contributions": contributions(loaded, ids, followed)}
        return replace(trace, readings={**trace.readings, **read, **parts})
