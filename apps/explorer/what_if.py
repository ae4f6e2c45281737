"""`WhatIfs`: runs of a changed model, kept by the server, so that looking at another head of them computes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from gemma2_workbench import LoadedModel, Pair, Trace, capture, compare, predict
from gemma2_workbench.apps.explorer.requested import LOST_RUN
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.capture import MAPS
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.reader import Progress


class WhatIfs:
    """Runs texts again with changes to their model, and keeps the latest by run and changes.

    Args:
        session: where models come from, and where runs are kept.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def trace(self, run: str) -> Trace:
        """The trace of a run.

        Raises:
            ValueError: it is no longer held.
        """
        trace = self._session.store.find(run)
        if trace is None:
            raise ValueError(LOST_RUN)
        return trace

    def model(self, run: str) -> LoadedModel:
        """The model of a run, for running its text again with changes.

        Raises:
            ModelAbsentError: only a saved trace of it is here.
            ValueError: the run is not held, or is itself of a modified model.
        """
        trace = self.trace(run)
        if trace.interventions:
            raise ValueError(
                f"this run is of a modified model already ({', '.join(trace.changes)}); run the text with the model "
                "itself, then change it"
            )
        return self._session.model_of(trace)

    def pair(self, run: str, changes: Sequence[Intervention], progress: Progress | None = None) -> tuple[str, Pair]:
        """The run as it is, and its text through the model with changes; and the id of the changed run.

        Both have their prediction where the model predicts tokens.

        Args:
            run: a run of the unmodified model.
            changes: to the model, at least one.
            progress: called with (layers done, layers) after each layer of the changed run.

        Raises:
            ModelAbsentError, ValueError: as `model`, or as `capture`.
            MemoryError: as `capture`.
        """
        loaded, before = self.model(run), self.trace(run)
        predicts = loaded.unembedding is not None
        key = ("what if", run, tuple(changes))
        changed = self._session.kept.find(key)
        after = None if changed is None else self._session.store.find(changed)
        if after is None:
            names = (*MAPS, *(["prediction"] if predicts else []))
            text = before.tokens.text
            after = capture(loaded, text, interventions=changes, read=names, parity=False, progress=progress)
            changed = self._session.store.add(after)
            self._session.kept.add(key, changed)
        return changed, compare(self.predicting(run) if predicts else before, after)

    def predicting(self, run: str) -> Trace:
        """The run with its prediction after the text.

        Raises:
            ModelAbsentError: it kept none, and only a saved trace of the model is here.
            ValueError: the run is not held; or it kept none and the model predicts no tokens.
        """
        trace = self.trace(run)
        if "prediction" in trace.readings:
            return trace
        loaded = self._session.model_of(trace)
        prediction = self._session.kept.get(("prediction", run), lambda: predict(loaded, trace.tokens.ids))
        return replace(trace, readings={**trace.readings, "prediction": prediction})
