"""`capture`: one forward pass of a text, in which readers take what the views need -> `Trace`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from gemma2_workbench.generation.generated import Generated, Maker
from gemma2_workbench.limits import whole
from gemma2_workbench.model.equation import rows_for
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.parity import statement as parities
from gemma2_workbench.models.parity.fingerprint import looked_at_once
from gemma2_workbench.models.parity.stoppable import stoppable
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens, tokenize
from gemma2_workbench.traces.estimate import check_memory
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.interventions.effect import OutputsReader, effects
from gemma2_workbench.traces.layer_store import DEFAULT_BUDGET
from gemma2_workbench.traces.reader import Batch, Progress
from gemma2_workbench.traces.reader import read as read_all
from gemma2_workbench.traces.readers import READERS, Request
from gemma2_workbench.traces.readers.contributions import Contributions, ContributionsReader
from gemma2_workbench.traces.readers.lens import Lens, LensReader, checked
from gemma2_workbench.traces.readers.prediction import Prediction, PredictionReader
from gemma2_workbench.traces.trace import ModelInfo, Trace

MAPS = ("attention", "folds")  # what the views of attention need


@looked_at_once()
def capture(
    loaded: Source,
    text: str | Generated,
    *,
    interventions: Sequence[Intervention] = (),
    read: Sequence[str] = MAPS,
    token: int | None = None,
    block_rows: int | None = None,
    parity: bool | Literal["full"] = True,
    budget_bytes: int = DEFAULT_BUDGET,
    progress: Progress | None = None,
) -> Trace:
    """Run `text` through the model once and keep what the views need.

    Args:
        loaded: a model from `load`.
        text: any text of 1 .. `loaded.shape.longest` tokens (BOS included), or what `generate` made with this
            model: one run over prompt and continuation, whose rows are what its steps attended to.
        interventions: changes to the model; the trace is then one of a *modified model* and says so.
        read: what to keep, names of `READERS`. "lens" and "contributions" (language models only) unembed every
            position after every layer, which takes longer than the pass itself where the vocabulary is large.
        token: id that lens and contributions follow at every position; None is the token that really comes next.
        block_rows: query rows handled at once, on which the result does not depend; None is 128, and fewer above 4,096
            tokens.
        parity: compare with transformers first, if it was not done since the model last changed: two passes over a
            test text of 128 tokens, or one that reaches beyond a window that `text` reaches beyond. "full" compares
            the whole text in any case.
        budget_bytes: above it q, k and v go to a memory-mapped file instead of memory.
        progress: called with (layers done, layers) after each layer, and with none done while the model is compared
            with transformers; what it raises ends the run.

    Raises:
        ValueError: the text is empty or too long, or another model generated it, an option is no such number, there
            is no such reader, or it needs a language-model head.
        MemoryError: the machine has not enough memory; says how much it takes.
        NotFiniteError: the model computes NaN or infinity; says where first.
        ParityError: the model's numbers are not transformers' numbers.
    """
    budget_bytes = whole("budget_bytes", budget_bytes, 0)
    model = ModelInfo.of(loaded)
    tokens = _tokens(loaded, text, interventions)
    block_rows = rows_for(len(tokens)) if block_rows is None else whole("block_rows", block_rows, 1)
    longest = loaded.shape.longest
    if len(tokens) > longest:
        raise ValueError(
            f"the text has {len(tokens)} tokens; {loaded.name} takes at most {longest} (max_position_embeddings). "
            "Shorten the text."
        )
    if parity not in (True, False, "full"):
        raise ValueError(f"parity={parity!r} is not allowed; give True, False or 'full'")
    _check_names(read)
    unembeds = not {"lens", "contributions"}.isdisjoint(read)
    check_memory(loaded, len(tokens), block_rows, parity=parity, lens=unembeds, budget_bytes=budget_bytes)
    statement = _statement(loaded, tokens.ids, parity, progress)
    with applied(loaded, interventions) as changed:
        ours = changed.in_blocks(block_rows)
        request = Request(ours, Batch.of([tokens.ids], ours), token, budget_bytes=budget_bytes)
        readers = {name: READERS[name](request) for name in read}
        outputs = [OutputsReader(ours, len(tokens))] if interventions else []
        seconds = read_all(ours, request.batch, [*readers.values(), *outputs], progress)
        layers = ours.layers
    proofs = [effects(loaded, tokens.ids, interventions, reader.reading()) for reader in outputs]
    return Trace(
        tokens=tokens,
        model=model,
        layers=layers,
        heads=loaded.shape.heads,
        kv_heads=loaded.shape.kv_heads,
        readings={name: reader.reading() for name, reader in readers.items()},
        parity=statement,
        interventions=tuple(interventions),
        effects=proofs[0] if proofs else (),
        generation=text.generation if isinstance(text, Generated) else None,
        block_rows=block_rows,
        seconds=seconds,
    )


def _tokens(loaded: Source, text: str | Generated, interventions: Sequence[Intervention]) -> Tokens:
    """The tokens of a text; those that were generated must have been generated by this very model."""
    if not isinstance(text, Generated):
        return tokenize(loaded.tokenizer, text)
    changes = tuple(change.sentence for change in interventions)
    maker, ours = text.maker, replace(Maker.of(loaded), changes=changes)
    if maker != ours:
        raise ValueError(
            f"the text was generated by {maker.sentence}, and the run is of {ours.sentence}: what a step attended to "
            "would be another; give that model and its changes, or the text as a str"
        )
    return text.tokens


def _statement(
    loaded: Source, ids: tuple[int, ...], parity: bool | Literal["full"], progress: Progress | None
) -> parities.Parity:
    """The comparison with transformers that was asked for."""
    if not parity:
        return parities.unchecked(loaded.reference_name)
    between = None if progress is None else partial(progress, 0, loaded.shape.layers)
    if parity == "full":
        with stoppable(between):
            return parities.compare(loaded, ids)
    return parities.proved(loaded, len(ids), between)


def _check_names(read: Sequence[str]) -> None:
    """Refuse what no reader reads."""
    unknown = [name for name in read if name not in READERS]
    if unknown or isinstance(read, str) or not read:
        raise ValueError(f"read={read!r} is not allowed; name one or several of {', '.join(READERS)}")


def lens(
    loaded: Source,
    ids: Sequence[int],
    token: int | None = None,
    interventions: Sequence[Intervention] = (),
    progress: Progress | None = None,
    *,
    rows: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
) -> Lens:
    """The logit lens of a text, or of what is asked for of it: no other state is unembedded, and no logits are kept.

    Args:
        loaded: a language model.
        ids: T token ids, BOS first.
        token: the id to follow at every position; None is the actual next token of the text, and after the last
            token the one that the model finds most probable.
        interventions: changes to the model.
        progress: called with (states read, states) as the states of the residual stream are unembedded, of which there
            is one for each row and position; what it raises ends the run. `unembedding_seconds` says before
            what they will take.
        rows: rows of the residual stream, see `Lens`; None is every one.
        positions: positions of the text; None is every one.

    Raises:
        ValueError: the model has no language-model head, `token` is not in the vocabulary, an intervention cannot be,
            there is no such row or position.
        NotFiniteError: the model computes NaN or infinity.
    """
    with applied(loaded, interventions) as changed:
        request = Request(changed, Batch.of([ids], changed), token)
        places = None if positions is None else checked(positions, len(ids), "position")
        reader = LensReader(
            changed, request.followed_at(range(len(ids)) if places is None else places), rows, places, progress
        )
        read_all(changed, request.batch, [reader])
    return reader.reading()


def contributions(
    loaded: Source, ids: Sequence[int], token: int | None = None, interventions: Sequence[Intervention] = ()
) -> Contributions:
    """The logit of one token taken apart at every position of a text; arguments and errors as of `lens`."""
    with applied(loaded, interventions) as changed:
        request = Request(changed, Batch.of([ids], changed), token)
        reader = ContributionsReader(changed, request.followed)
        read_all(changed, request.batch, [reader])
    return reader.reading()


def predict(
    loaded: Source, ids: Sequence[int], interventions: Sequence[Intervention] = (), position: int = -1
) -> Prediction:
    """The prediction after `ids[: position + 1]` (default: after the whole text), for the model as changed.

    Raises:
        ValueError: the model has no language-model head, or an intervention cannot be.
        NotFiniteError: the model computes NaN or infinity.
    """
    require_language_model(loaded)
    with applied(loaded, interventions) as changed:
        reader = PredictionReader(changed, position % len(ids))
        read_all(changed, Batch.of([ids], changed), [reader])
    return reader.reading()
