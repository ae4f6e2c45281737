"""`WhatIfs`: runs of a changed model, kept by the server, so that looking at another head of them computes nothing."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from gemma2_workbench import Pair, Prediction, Trace, capture, compare, predict
from gemma2_workbench.apps.explorer.requested import LOST_RUN
from gemma2_workbench.apps.page.session import ModelAbsentError, Session
from gemma2_workbench.models.loading import Loaded
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

    def model(self, run: str) -> Loaded:
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
        names = MAPS if loaded.unembedding is None else (*MAPS, "prediction")

        def make() -> Trace:
            text = before.tokens.text
            return capture(loaded, text, interventions=changes, read=names, parity=False, progress=progress)

        changed, after = self.made(("what if", run, tuple(changes)), make)
        return changed, compare(self.predicting(run), after)

    def beside(self, run: str, text: str, progress: Progress | None = None) -> tuple[str, Trace]:
        """Another text through the model of a run: its id and its trace.

        Raises:
            ModelAbsentError, ValueError: as `model`, or as `capture`.
            MemoryError: as `capture`.
        """
        loaded = self.model(run)
        return self.made(("text", run, text), lambda: capture(loaded, text, progress=progress))

    def made(self, key: Hashable, make: Callable[[], Trace]) -> tuple[str, Trace]:
        """The run of a key, which is made unless it is still held: its id and its trace."""
        known = self._session.kept.find(key)
        if isinstance(known, str) and (held := self._session.store.find(known)) is not None:
            return known, held
        trace = make()
        made = self._session.store.add(trace)
        self._session.kept.add(key, made)
        return made, trace

    def predicting(self, run: str) -> Trace:
        """The run, with its prediction after the text where its model is here and predicts tokens.

        Raises:
            ValueError: the run is not held.
        """
        trace = self.trace(run)
        if "prediction" in trace.readings:
            return trace
        try:
            loaded = self._session.model_of(trace)
        except ModelAbsentError:
            return trace
        if loaded.unembedding is None:
            return trace

        def read() -> Prediction:
            return predict(loaded, trace.tokens.ids, trace.interventions)

        return replace(
            trace, readings={**trace.readings, "prediction": self._session.kept.get(("prediction", run), read)}
        )
