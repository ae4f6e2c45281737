"""The parity statement: our forward pass against transformers' own eager model on the same weights.

It is made once per model and length class, on test texts that reach beyond the windows that the user's text reaches
beyond, and anew as soon as anything changed: a weight, a cap, a window, a hook.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from gemma2_workbench.memory import available_bytes
from gemma2_workbench.models.parity.fingerprint import fingerprint
from gemma2_workbench.models.parity.finite import check_finite
from gemma2_workbench.models.parity.long_texts import ShortReference, each_kind, largest_difference, long_bytes
from gemma2_workbench.models.parity.stoppable import Between, stoppable
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import tokenize

# Tokens of the test text, and how far it goes beyond a window that it has to show.
PARITY_TOKENS, BEYOND = 128, 32
# Up to here all maps of all layers are compared on one text; beyond it, maps of one layer of each kind on another.
MOST_WHOLE = 1024
TEST_TEXT = (
    "Emma was glad to see Mr. Knightley in Paris, and the President of the United States met them on 3 May 1924. "
)
TOLERANCE = {"float32": 1e-4, "float16": 5e-3, "bfloat16": 3e-2}
# Large logits round apart by more. Three orders of adding up are about as far from each other, and rarely twice as far.
_SPREADS = 2


@runtime_checkable
class RoundsApart(Protocol):
    """A source that is computed in another order than its reference, which moves large numbers by their rounding."""

    def round_as_reference(self) -> bool:
        """Compute in the order of the reference from now on; False where it did already."""
        ...

    def reference_spread(self, ids_1T: Tensor, last: Tensor) -> float:
        """How far the reference is from itself where its attention is computed in another order, in its output.

        Args:
            ids_1T: the text.
            last: the output of the reference.
        """
        ...


class ParityError(RuntimeError):
    """Our numbers differ from transformers'; nothing computed with this model is to be shown."""


@dataclass(frozen=True)
class Parity:
    """How far our forward pass is from the reference.

    Attributes:
        reference: the implementation compared with, with its version.
        tokens: how many tokens were compared; 0 if the comparison was switched off.
        output_max_diff: largest absolute difference of the output (logits, or final hidden states).
        probs_max_diff: largest absolute difference of any attention probability of any layer and head.
        tolerance: what is allowed for the dtype.
        compared: what was compared, in words; "" is the first tokens of the text, as in files up to version 3.
    """

    reference: str
    tokens: int
    output_max_diff: float
    probs_max_diff: float
    tolerance: float
    compared: str = ""

    @property
    def holds(self) -> bool:
        """Whether both differences are within the tolerance."""
        # Each by itself: the larger of a number and NaN may be either.
        return self.tokens > 0 and all(diff <= self.tolerance for diff in (self.output_max_diff, self.probs_max_diff))

    @property
    def verdict(self) -> str:
        """The statement in few words."""
        if not self.tokens:
            return f"not compared with {self.reference}"
        return f"{'equal to' if self.holds else 'different from'} {self.reference}"

    @property
    def sentence(self) -> str:
        """The statement in words."""
        if not self.tokens:
            return self.verdict
        return (
            f"{self.verdict} on {self.compared or f'the first {self.tokens} tokens'}: largest difference "
            f"{self.output_max_diff:.1e} in the output, {self.probs_max_diff:.1e} in any attention probability "
            f"(tolerance {self.tolerance:.0e})"
        )


def unchecked(reference: str) -> Parity:
    """The statement of a trace whose comparison with `reference` was switched off."""
    return Parity(reference, 0, float("nan"), float("nan"), float("nan"))


# What was compared of each model, by the lengths, and the state that the model was in.
_proven: WeakKeyDictionary[nn.Module, dict[tuple[int, int], tuple[tuple[object, ...], Parity]]] = WeakKeyDictionary()


def proved(loaded: Source, tokens: int, between: Between | None = None) -> Parity:
    """The statement for texts of `tokens` tokens: made now, or earlier where nothing changed since.

    Args:
        loaded: the model.
        tokens: T.
        between: called before each module of both passes; what it raises ends them, and nothing is remembered.

    Raises:
        NotFiniteError, ParityError: as `compare`.
    """
    lengths, state = probe_lengths(loaded, tokens), fingerprint(loaded)
    known = _proven.setdefault(loaded.model, {})
    if lengths not in known or known[lengths][0] != state:
        whole, long = lengths
        with stoppable(between):
            statement = compare(loaded, probe_ids(loaded, whole), "a test text")
            known[lengths] = state, _beyond(loaded, statement, long) if long else statement
    return known[lengths][1]


def is_proven(loaded: Source, tokens: int) -> bool:
    """Whether `proved` would compare nothing."""
    lengths = probe_lengths(loaded, tokens)
    return lengths in (known := _proven.get(loaded.model, {})) and known[lengths][0] == fingerprint(loaded)


def probe_lengths(loaded: Source, tokens: int) -> tuple[int, int]:
    """Tokens of the test texts for texts of `tokens` tokens, beyond every window and trained length that these pass.

    Returns:
        Of the text on which all is compared, and of the one on which one layer of each kind is (0: there is none).
        Where half of the free memory does not hold the maps, a text stays short, and the statement says so.
    """
    shape = loaded.shape
    windows = [window for layer in loaded.layers for window in (layer.window, layer.chunk) if window is not None]
    reached = [bound for bound in (shape.trained, *windows) if bound is not None and bound < tokens]
    length = min(max([PARITY_TOKENS, *(bound + BEYOND for bound in reached)]), shape.longest)
    short, free = min(PARITY_TOKENS, shape.longest), available_bytes() // 2

    def held(wanted: int) -> int:
        return wanted if isinstance(loaded, ShortReference) and long_bytes(loaded, wanted) <= free else 0

    if length <= short:
        # Its smallest window is shown to bite even where the text does not reach it, if that is cheap.
        beyond = min(windows, default=0) + BEYOND
        return length, held(beyond) if short < beyond <= min(MOST_WHOLE, shape.longest) else 0
    if length <= MOST_WHOLE and reference_bytes(loaded, length) <= free:
        return length, 0
    return short, held(length)


def _beyond(loaded: Source, statement: Parity, tokens: int) -> Parity:
    """The statement, with one layer of each kind compared on a text of `tokens` tokens as well.

    Raises:
        ParityError: a difference is beyond the tolerance of the dtype.
    """
    if not isinstance(loaded, ShortReference):
        return statement
    ids_1T = torch.tensor([probe_ids(loaded, tokens)], device=loaded.device)
    with torch.no_grad(), loaded.lock:
        found = largest_difference(loaded, loaded, ids_1T)
    layers = " and ".join(f"{layer.index} ({layer.kind})" for layer in each_kind(loaded.layers))
    return _held(
        loaded,
        replace(
            statement,
            probs_max_diff=_largest([statement.probs_max_diff, found]),
            compared=f"{statement.compared}, and in the attention of layers {layers} on one of {tokens} tokens"
            f"{_windows(loaded, tokens)}",
        ),
    )


def reference_bytes(loaded: Source, tokens: int) -> int:
    """Bytes of a comparison: both models' maps; logits before and after the cap, and their differences as float32."""
    shape, unembedding = loaded.shape, loaded.unembedding
    vocabulary = 0 if unembedding is None else unembedding.vocabulary
    return 2 * shape.layers * shape.heads * tokens**2 * 4 + 6 * tokens * vocabulary * 4


def probe_ids(loaded: Source, length: int) -> tuple[int, ...]:
    """The test text, its sentence as often as it takes."""
    first, *sentence = tokenize(loaded.tokenizer, TEST_TEXT).ids
    return (first, *islice(cycle(sentence or [first]), length - 1))


def compare(loaded: Source, ids: tuple[int, ...], name: str = "the whole text") -> Parity:
    """Run transformers' model and ours on some ids and compare outputs and all attention maps of all layers.

    Args:
        loaded: the model.
        ids: T token ids.
        name: what they are, for the statement; "" are the first tokens of a text, as it was done up to version 0.1.0.

    Raises:
        NotFiniteError: our model computes NaN or infinity.
        ParityError: a difference is beyond the tolerance of the dtype.
    """
    ids_1T = torch.tensor([ids], device=loaded.device)
    with torch.no_grad(), loaded.lock:
        ours = loaded.outputs(ids_1T)
        check_finite(loaded.model, partial(loaded.model, ids_1T), *ours.inner, ours.last)
        theirs = loaded.reference_outputs(ids_1T)
    parity = Parity(
        reference=loaded.reference_name,
        tokens=ids_1T.shape[1],
        output_max_diff=_difference(ours.last, theirs.last),
        probs_max_diff=_largest(map(_difference, ours.maps, theirs.maps)),
        tolerance=TOLERANCE[loaded.dtype],
        compared=f"{name} of {len(ids)} tokens{_windows(loaded, len(ids))}" if name else "",
    )
    if not parity.holds and isinstance(loaded, RoundsApart) and loaded.round_as_reference():
        return compare(loaded, ids, name)
    if parity.probs_max_diff <= parity.tolerance < parity.output_max_diff and isinstance(loaded, RoundsApart):
        with loaded.lock:
            parity = _rounded(parity, loaded.reference_spread(ids_1T, theirs.last))
    return _held(loaded, parity)


def _rounded(parity: Parity, spread: float) -> Parity:
    """The statement, with the tolerance that the rounding of the reference itself asks for, and says so."""
    if _SPREADS * spread <= parity.tolerance:
        return parity
    said = f"{parity.compared} (where eager and sdpa attention of transformers differ by {spread:.1e} in the output)"
    return replace(parity, tolerance=_SPREADS * spread, compared=said)


def _held(loaded: Source, parity: Parity) -> Parity:
    """The statement, if it holds.

    Raises:
        ParityError: it does not.
    """
    if not parity.holds:
        raise ParityError(f"{loaded.name} is {parity.sentence}; nothing is shown. Please report this.")
    return parity


def _windows(loaded: Source, tokens: int) -> str:
    """Which windows and chunks a text shows, and which it does not."""
    ends = [("window", layer.window) for layer in loaded.layers] + [("chunk", layer.chunk) for layer in loaded.layers]
    said = ""
    for name in ("window", "chunk"):
        sizes = sorted({size for kind, size in ends if kind == name and size is not None})
        for words, is_longer in (("longer", True), ("no longer", False)):
            some = [size for size in sizes if (size < tokens) == is_longer]
            said += f", {words} than the {name} of {' and '.join(map(str, some))}" if some else ""
    return said


def _largest(differences: Iterable[float]) -> float:
    """The largest, NaN where any is: Python's own max drops it."""
    return float(torch.tensor(list(differences), dtype=torch.float64).max())


def _difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.float() - theirs.float()).abs().max())
