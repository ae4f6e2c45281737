"""What-if results held by the server, so that looking at another head of a modified run computes nothing again."""

from collections.abc import Callable

from gemma2_workbench import LoadedModel, Prediction, Trace, predict
from gemma2_workbench.apps.explorer.session import Session
from gemma2_workbench.what_if.softcap import OtherSoftcap, Shift, other_final_softcap, other_softcap


class WhatIfs:
    """Computes what other softcaps change, and keeps the latest results by run and cap.

    Args:
        session: where models come from, and where results are kept beside them.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._kept = session, session.kept

    def model(self, trace: Trace) -> LoadedModel:
        """The model of a run.

        Raises:
            ModelAbsentError: only a saved trace of it is here.
        """
        return self._session.model_of(trace)

    def attention(
        self, run: str, trace: Trace, cap: float | None, progress: Callable[[int, int], None] | None = None
    ) -> OtherSoftcap:
        """The run `run`, whose trace is given, with another cap on the attention logits.

        Raises:
            ValueError, MemoryError: as `model` and `workbench.what_if.softcap.other_softcap`.
        """
        loaded = self.model(trace)
        baseline = self.prediction(run, trace) if loaded.unembedding is not None else None
        return self._kept.get(
            ("attention cap", run, cap), lambda: other_softcap(loaded, trace, cap, baseline, progress)
        )

    def final(self, run: str, trace: Trace, cap: float | None) -> Shift:
        """The prediction after the text of `run` with another cap on the final logits.

        Raises:
            ValueError: as `model` and `workbench.what_if.softcap.other_final_softcap`.
        """
        loaded, baseline = self.model(trace), self.prediction(run, trace)
        return self._kept.get(("final cap", run, cap), lambda: other_final_softcap(loaded, trace, cap, baseline))

    def prediction(self, run: str, trace: Trace) -> Prediction:
        """The prediction after the text of `run` by the model as it is.

        Raises:
            ValueError: as `model` and `workbench.predict`.
        """
        return self._kept.get(("prediction", run), lambda: predict(self.model(trace), trace.tokens.ids))
