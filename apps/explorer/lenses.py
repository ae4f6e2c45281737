"""`Lenses`: logit lenses and contributions of runs, kept by the server; what a lens will take is said before."""

from dataclasses import replace

from gemma2_workbench import Prediction, Trace, contributions, lens
from gemma2_workbench.apps.explorer.lens_columns import LensColumns
from gemma2_workbench.apps.explorer.named_token import named_token
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import ModelAbsentError, Session
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.loading import Loaded
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.interventions import applied
from gemma2_workbench.traces.pilot import unembedding_seconds
from gemma2_workbench.traces.reader import Batch, read
from gemma2_workbench.traces.readers.contributions import Contributions, ContributionsReader, why_no_contributions
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.traces.readers.residual import ResidualReader

# Positions of a text whose residual stream is kept together: 64 MB on the 2B geometry.
BLOCK = 512
Chosen = tuple[int, ...]


def has_lens(trace: Trace) -> bool:
    """Whether the trace was captured with its lens, and its contributions where there are any."""
    return "lens" in trace.readings


def block_of(trace: Trace, position: int) -> range:
    """The positions that are read from one pass together with a position."""
    start = position - position % BLOCK
    return range(start, min(start + BLOCK, len(trace.tokens)))


class Lenses:
    """Reads the lens of runs where somebody looks, and keeps it by run and followed token.

    Args:
        session: where runs and models come from, and where lenses are kept beside them.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._what_ifs = session, WhatIfs(session)

    def chosen(self, run: str, token: str | None) -> Chosen:
        """The token that is followed at each position; None is what comes next, at the end what the model expects.

        Raises:
            ModelAbsentError, ValueError: the run or its model is not here, or predicts no tokens; there is no such
                token.
        """
        trace = self._what_ifs.trace(run)
        if token is None and has_lens(trace):
            return tuple(trace.reading("lens", Lens).chosen_ids.tolist())
        loaded = self._model(trace)
        if token is not None:
            return (named_token(loaded, token),) * len(trace.tokens)
        last = self._what_ifs.predicting(run).reading("prediction", Prediction)
        return (*trace.tokens.ids[1:], int(last.logits.argmax()))

    def seconds(self, run: str, chosen: Chosen, positions: range) -> tuple[float, float]:
        """What unembedding some positions of a block will take, and each further one, as measured on this machine.

        The pass before it, where there was none yet, takes what the run itself took.

        Raises:
            ModelAbsentError, ValueError: as `chosen`.
        """
        columns = self._begun(run, chosen, positions.start)
        if columns is not None and not columns.missing(columns.positions):
            return 0.0, 0.0
        each = self._each(self._model(self._what_ifs.trace(run)))
        return each * len(positions if columns is None else columns.missing(positions)), each

    def columns(self, run: str, chosen: Chosen, positions: range, tell: Tell) -> LensColumns:
        """The lens of a run, read at some positions of one block; it stops for who has left.

        Raises:
            ModelAbsentError, ValueError: as `chosen`.
            NotFiniteError: the model computes NaN or infinity.
        """
        columns = self._begun(run, chosen, positions.start)
        if columns is not None and not columns.missing(positions):
            return columns
        trace = self._what_ifs.trace(run)
        loaded = self._model(trace)
        with applied(loaded, trace.interventions) as changed:
            if columns is None:
                columns = self._begin(changed, trace, run, chosen, positions.start, tell)
            each = columns.read(changed, positions, tell)
        if each:
            self._session.kept.add(("lens seconds", loaded.name), each)
        return columns

    def why_not(self, run: str) -> str:
        """Why a run has no contributions, as a sentence.

        Raises:
            ModelAbsentError, ValueError: as `chosen`.
        """
        trace = self._what_ifs.trace(run)
        if has_lens(trace):
            return "this trace was saved without contributions: its model has none"
        loaded = self._model(trace)
        return f"{loaded.name} has no contributions: {why_no_contributions(loaded)}"

    def read(self, run: str, token: str | None) -> Trace:
        """The run's trace with its whole lens, and its contributions where they are known.

        Raises:
            ModelAbsentError, ValueError, NotFiniteError: as `columns`.
        """
        trace, chosen = self._what_ifs.trace(run), self.chosen(run, token)
        if has_lens(trace) and token is None:
            return trace
        whole = range(len(trace.tokens))
        if len(whole) <= BLOCK:
            columns = self.columns(run, chosen, whole, lambda *_args, **_more: None)
            return _with(trace, columns.lens, columns.contributions)
        loaded, followed = self._model(trace), None if token is None else chosen[0]
        return self._session.kept.get(
            ("long lens", run, token),
            lambda: _with(
                trace,
                lens(loaded, trace.tokens.ids, followed, trace.interventions),
                None
                if why_no_contributions(loaded)
                else contributions(loaded, trace.tokens.ids, followed, trace.interventions),
            ),
        )

    def _begun(self, run: str, chosen: Chosen, position: int) -> LensColumns | None:
        """What is known of the lens around a position."""
        trace = self._what_ifs.trace(run)
        if has_lens(trace):
            kept = trace.reading("lens", Lens)
            if tuple(kept.chosen_ids.tolist()) == chosen:
                return LensColumns.whole(kept, _parts(trace))
        return self._session.kept.find(("lens", run, chosen, position // BLOCK))

    def _begin(
        self, loaded: Source, trace: Trace, run: str, chosen: Chosen, position: int, tell: Tell
    ) -> LensColumns:  # fmt: skip
        """One pass, whose residual stream and contributions are kept."""
        batch = Batch.of([trace.tokens.ids], loaded)
        positions = block_of(trace, position)
        stream = ResidualReader(loaded, positions)
        parts = None if why_no_contributions(loaded) else ContributionsReader(loaded, chosen)
        read(loaded, batch, [stream] if parts is None else [stream, parts], tell)
        known = None if parts is None else parts.reading()
        begun = LensColumns.empty(loaded, positions, stream.reading(), chosen, known)
        self._session.kept.add(("lens", run, chosen, position // BLOCK), begun)
        return begun

    def _model(self, trace: Trace) -> Loaded:
        try:
            loaded = self._session.model_of(trace)
        except ModelAbsentError as error:
            raise ModelAbsentError(
                f"{error} Or save the trace with its lens: gemma2-workbench trace TEXT --lens."
            ) from None
        require_language_model(loaded)
        return loaded

    def _each(self, loaded: Loaded) -> float:
        """Seconds that the unembedding of a position takes, of all rows; measured at the first question."""
        return self._session.kept.get(
            ("lens seconds", loaded.name), lambda: unembedding_seconds(loaded, loaded.shape.layers + 1)
        )


def _parts(trace: Trace) -> Contributions | None:
    return trace.reading("contributions", Contributions) if "contributions" in trace.readings else None


def _with(trace: Trace, read_lens: Lens, parts: Contributions | None) -> Trace:
    further = {} if parts is None else {"contributions": parts}
    return replace(trace, readings={**trace.readings, "lens": read_lens, **further})
