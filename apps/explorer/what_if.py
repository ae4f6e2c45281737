"""`WhatIfs`: runs of a changed model, kept by the server, so that looking at another head of them computes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from gemma2_workbench import LoadedModel, Pair, Trace, capture, compare, predict
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.capture import MAPS
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.reader import Progress


class WhatIfs:
    """Runs texts again with changes to their model, and keeps the latest by run, changes and readings.

    Args:
        session: where models come from, and where runs are kept beside them.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._kept = session, session.kept

    def model(self, trace: Trace) -> LoadedModel:
        """The model of a run.

        Raises:
            ModelAbsentError: only a saved trace of it is here.
        """
        return self._session.model_of(trace)

    def pair(
        self,
        run: str,
        trace: Trace,
        changes: Sequence[Intervention],
        read: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Pair:
        """The run as it is, and its text through the model with changes; without changes, the run and itself.

        Args:
            run, trace: a run of the unmodified model, and its id.
            changes: to the model.
            read: what is read in the changed run, as of `capture`; default: maps, folds and, where the model predicts
                tokens, the prediction, which is then read for both.
            progress: called with (layers done, layers) after each layer of the changed run.

        Raises:
            ModelAbsentError: only a saved trace of the model is here.
            ValueError: the run is itself of a modified model, or as `capture`.
            MemoryError: as `capture`.
        """
        loaded = self.model(trace)
        if trace.interventions:
            raise ValueError(
                f"this run is of a modified model already ({', '.join(trace.changes)}); run the text with the model "
                "itself, then change it"
            )
        names = tuple(read) or (*MAPS, *(["prediction"] if loaded.unembedding is not None else []))
        before = self._predicting(run, trace, loaded) if "prediction" in names else trace
        if not changes:
            return compare(before, before)

        def repeat() -> Trace:
            text = trace.tokens.text
            return capture(loaded, text, interventions=changes, read=names, parity=False, progress=progress)

        return compare(before, self._kept.get(("what if", run, tuple(changes), names), repeat))

    def _predicting(self, run: str, trace: Trace, loaded: LoadedModel) -> Trace:
        """The run with its prediction after the text."""
        if "prediction" in trace.readings:
            return trace
        prediction = self._kept.get(("prediction", run), lambda: predict(loaded, trace.tokens.ids))
        return replace(trace, readings={**trace.readings, "prediction": prediction})
