"""What a patching was asked for, checked: parts, layers, positions, heads and the two tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from gemma2_workbench.brief import some
from gemma2_workbench.limits import told, whole
from gemma2_workbench.models.language_model import pieces_of, require_language_model, token_id
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens, tokenize
from gemma2_workbench.patching.alignment import Pairs, counterparts
from gemma2_workbench.patching.parts import BY, PARTS
from gemma2_workbench.patching.readers import Cell
from gemma2_workbench.traces.interventions.patch import LONGEST_MAP


@dataclass(frozen=True)
class Asked:
    """What is patched in a grid.

    Attributes:
        donor, ours: the tokens of the text whose activations are taken, and of the one that is run.
        what, by: the part, and what the columns are.
        layers: which are patched.
        heads: which are; empty for the residual stream.
        pairs: (position here, position in the donor).
    """

    donor: Tokens
    ours: Tokens
    what: str
    by: str
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    pairs: Pairs

    @classmethod
    def of(
        cls,
        loaded: Source,
        texts: tuple[str, str],
        what: str,
        by: str | None,
        *,
        layers: Sequence[int] | None,
        positions: Sequence[int] | None,
        heads: Sequence[int] | None,
    ) -> Self:
        """What was asked for of two texts, the clean and the corrupted one; the other arguments are `patch_grid`'s.

        Raises:
            ValueError: no such part, layer, position or head, or texts that do not fit.
        """
        donor, ours = (_tokens_of(loaded, text) for text in texts)
        by = _checked_by(what, by, heads)
        pairs = _pairs_of(donor, ours, what, positions)
        attending = [layer.index for layer in loaded.layers if layer.softmax]
        default = attending if layers is None and what != "resid_pre" else layers
        rows = _chosen("layer", default, loaded.shape.layers)
        which = () if what == "resid_pre" else _chosen("head", heads, loaded.shape.heads)
        return cls(donor, ours, what, by, rows, which, pairs)

    @property
    def cells(self) -> list[Cell]:
        """The patched runs of one layer."""
        if self.by == "position":
            return [Cell(pair[0], self.heads, (pair,)) for pair in self.pairs]
        return [Cell(head, (head,), self.pairs) for head in self.heads]


def _tokens_of(loaded: Source, text: str) -> Tokens:
    """The tokens of a text that the model can read.

    Raises:
        ValueError: there are none, or too many.
    """
    tokens, longest = tokenize(loaded.tokenizer, text), loaded.shape.longest
    if len(tokens) > longest:
        raise ValueError(f"a text has {len(tokens)} tokens; {loaded.name} takes at most {longest}. Shorten it.")
    return tokens


def _checked_by(what: str, by: str | None, heads: Sequence[int] | None) -> str:
    """What the columns of the grid are.

    Raises:
        ValueError: no such part, or one that has no such columns.
    """
    if what not in PARTS:
        raise ValueError(f"what={told(what)} is not allowed; choose {', '.join(PARTS)}")
    usual = "position" if what == "resid_pre" else "head"
    by = usual if by is None else by
    if by not in BY:
        raise ValueError(f"by={told(by)} is not allowed; choose {' or '.join(BY)}")
    if what == "resid_pre" and (by == "head" or heads is not None):
        raise ValueError("the residual stream has no heads; patch head_out or attn_probs, or leave heads out")
    return by


def _chosen(name: str, given: Sequence[int] | None, count: int) -> tuple[int, ...]:
    """Indices, each once and in order; all of them for None.

    Raises:
        ValueError: one that does not exist.
    """
    if given is None:
        return tuple(range(count))
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"{name}s={told(given)} must be one or several of 0..{count - 1}, or None for all")
    return tuple(sorted({whole(name, index, 0, count - 1) for index in given}))


def _pairs_of(donor: Tokens, ours: Tokens, what: str, positions: Sequence[int] | None) -> Pairs:
    """The positions that are patched, each with its counterpart in the clean text.

    Raises:
        ValueError: one without, or maps of texts that do not fit.
    """
    if what == "attn_probs" and (len(donor) != len(ours) or len(ours) > LONGEST_MAP):
        raise ValueError(
            f"the texts have {len(donor)} and {len(ours)} tokens; probabilities are patched between texts of one "
            f"length, up to {LONGEST_MAP} tokens, the output of a head between any"
        )
    pairs = counterparts(ours.ids, donor.ids)
    if not pairs:
        raise ValueError("the two texts share no token in the same order; there is nothing to patch")
    if positions is None:
        return pairs
    there = dict(pairs)
    places = _chosen("position", positions, len(ours))
    alone = [at for at in places if at not in there]
    if alone:
        raise ValueError(
            f"position {alone[0]} ({ours.display[alone[0]]}) has no counterpart in the clean text; positions that have "
            f"one: {some(map(str, there), 20)}"
        )
    return tuple((at, there[at]) for at in places)


def ids_of(loaded: Source, asked: Sequence[str | int | None], predictions: Sequence[Tensor]) -> tuple[int, int]:
    """The ids of the two tokens; what each run predicts where none is named.

    Raises:
        ValueError: no such token, or the same one twice.
    """
    first, second = (
        int(logits.argmax()) if one is None else _id(loaded, one)
        for one, logits in zip(asked, predictions, strict=True)
    )
    if first == second:
        ((_, name),) = pieces_of(loaded, [first])
        both = "both runs predict" if tuple(asked) == (None, None) else "token and against are both"
        raise ValueError(f"{both} {name!r}, and a token has no difference from itself; name two tokens")
    return first, second


def _id(loaded: Source, token: str | int) -> int:
    """The id of a token that is named or numbered."""
    if isinstance(token, str):
        return token_id(loaded, token)
    return whole("token", token, 0, require_language_model(loaded).vocabulary - 1)
