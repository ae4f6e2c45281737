"""Activation patching: part of one run replaced by what the model computes in another text.

The donor is a text, run through the model as it is: so a record holds all that is needed to do it again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.limits import short, told, whole
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gemma2_workbench.model.hooks import Hook, Span
    from gemma2_workbench.models.source import Source

# What is replaced: its hook point, and how a sentence calls it.
PARTS = {
    "output": ("head_out", "output"),
    "probabilities": ("attn_probs", "attention"),
    "residual": ("resid_pre", "residual stream before"),
}
# One head's map of the donor is held whole.
LONGEST_MAP = 4096
_FLAG = re.compile(
    r"(?P<part>[a-z]+)@(?P<layer>[0-9]{1,9})(\.(?P<head>[0-9]{1,9}))?(:(?P<positions>[0-9>,]+))?=(?P<text>.*)", re.S
)
Positions = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Patch(base.Intervention):
    """Part of a run taken from another text (activation patching, arXiv 2309.16042).

    Attributes:
        part: "output" or "probabilities" of a head, or the "residual" stream before a layer.
        layer: which layer.
        head: which head; None for the residual stream.
        text: the donor, run through the unmodified model.
        positions: pairs (position here, position in the donor); None for all of two texts of one length. Rows of
            probabilities are of one length in both texts.
    """

    part: str
    layer: int
    head: int | None
    text: str
    positions: Positions | None = None

    FLAG: ClassVar = base.Flag(
        "--patch",
        "PART@L.H=TEXT",
        "from the run of TEXT: output@5.2=TEXT, probabilities@5.2=TEXT or residual@5=TEXT; output@5.2:3,7>6=TEXT: at "
        "position 3, and at 7 from position 6",
        several=True,
    )

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        if self.part not in PARTS:
            raise ValueError(f"part {told(self.part)} is not allowed; choose {', '.join(PARTS)}")
        if (self.head is None) != (self.part == "residual"):
            raise ValueError(
                f"{self.part} is {'of a layer: leave out the head' if self.head is not None else 'of a head: give one'}"
            )
        if not isinstance(self.text, str) or not self.text:
            raise ValueError("the donor text is empty: give the text whose run is patched in")
        head = None if self.head is None else whole("head", self.head, 0)
        base.keep(self, layer=whole("layer", self.layer, 0), head=head, positions=_checked(self.positions))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        text = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"
        head = "" if self.head is None else f" head {self.head}"
        at = "" if self.positions is None else f" at position {_spelled(self.positions)}"
        what = PARTS[self.part][1]
        place = f"{what} layer {self.layer}" if self.head is None else f"layer {self.layer}{head} {what}"
        return f"{place}{at} patched from “{text}”"

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """See `Intervention.places`."""
        return ((self.layer, self.head),)

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        from gemma2_workbench.model.hooks import points

        ids = tokenize(original.tokenizer, self.text).ids
        if self.part == "probabilities" and len(ids) > LONGEST_MAP:
            raise ValueError(f"the donor has {len(ids)} tokens; probabilities are patched up to {LONGEST_MAP}")
        self._check_donor(len(ids))
        donor = self._read(original, ids)
        (point,) = points(changed.model, changed.point(self.layer, PARTS[self.part][0])).values()
        if self.part == "probabilities":
            # A block does not know how long the text is, its queries do.
            (queries,) = points(changed.model, changed.point(self.layer, "q_rot")).values()
            queries.register_forward_hook(lambda _module, _args, out: self._check_length(out.shape[-2], len(donor)))
            point.register_forward_hook(self._rows(donor))
        else:
            point.register_forward_hook(self._places(donor))

    def replaces(self, layer: int, head: int) -> bool:
        """See `Intervention.replaces`."""
        return self.part == "probabilities" and (layer, head) == (self.layer, self.head)

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        head = "" if self.head is None else f".{self.head}"
        at = "" if self.positions is None else f":{_spelled(self.positions)}"
        return f"{self.part}@{self.layer}{head}{at}={self.text}"

    @classmethod
    def parse(cls, text: str) -> Patch:
        """See `Intervention.parse`."""
        found = _FLAG.fullmatch(text)
        if found is None:
            raise ValueError(f"{cls.FLAG.name} {short(text)} is not allowed; write {cls.FLAG.help}")
        head, at = found["head"], found["positions"]
        positions = None if at is None else _parsed(at)
        return cls(found["part"], int(found["layer"]), None if head is None else int(head), found["text"], positions)

    def _check_donor(self, tokens: int) -> None:
        beyond = [there for _, there in self.positions or () if there >= tokens]
        if beyond:
            raise ValueError(f"the donor has {tokens} tokens, from 0; it has no position {beyond[0]}")

    def _read(self, original: Source, ids: Sequence[int]) -> Tensor:
        """What the donor's run has at the hook point: [T, H], [T, T] or [T, D]."""
        import torch

        from gemma2_workbench.model.hooks import attached

        kept: list[Tensor] = []

        def keep(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
            if self.part != "probabilities":
                kept.append(out[0] if self.head is None else out[0, self.head])
                return
            span: Span = args[1]
            rows_QT = out.new_zeros(len(span.rows), len(ids))
            rows_QT[:, span.keys.start : span.keys.stop] = out[0, self.head]
            kept.append(rows_QT)

        point = original.point(self.layer, PARTS[self.part][0])
        with torch.no_grad(), original.lock, attached(original.model, {point: keep}):
            original.run(torch.tensor([list(ids)], device=original.device))
        return torch.cat(kept)

    def _check_length(self, tokens: int, donor: int) -> None:
        """Refuse rows of probabilities of another length."""
        if tokens != donor:
            raise ValueError(
                f"the text has {tokens} tokens and the donor {donor}; probabilities are patched between texts of one "
                "length, the output of a head between any"
            )

    def _pairs(self, tokens: int, donor: int) -> Positions:
        """Positions here and there for a text of `tokens` tokens."""
        if self.positions is None:
            if tokens != donor:
                raise ValueError(
                    f"the text has {tokens} tokens and the donor {donor}; give positions=((here, there), ...), as "
                    "compare(before, after).positions aligns them"
                )
            return tuple((at, at) for at in range(tokens))
        beyond = [here for here, _ in self.positions if here >= tokens]
        if beyond:
            raise ValueError(f"the text has {tokens} tokens, from 0; it has no position {beyond[0]}")
        return self.positions

    def _places(self, donor: Tensor) -> Hook:
        """Replace places of a head's output or of the residual stream."""

        def hook(_module: nn.Module, _args: object, out: Tensor) -> Tensor:
            here, there = zip(*self._pairs(out.shape[-2], len(donor)), strict=True)
            patched = out.clone()
            place = patched if self.head is None else patched[:, self.head]
            place[:, list(here)] = donor[list(there)]
            return patched

        return hook

    def _rows(self, donor_TT: Tensor) -> Hook:
        """Replace rows of a head's probabilities, block by block."""

        def hook(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> Tensor:
            span: Span = args[1]
            rows = [
                (here, there) for here, there in self.positions or ((at, at) for at in span.rows) if here in span.rows
            ]
            patched = out.clone()
            for here, there in rows:
                patched[:, self.head, here - span.rows.start] = donor_TT[there, span.keys.start : span.keys.stop]
            return patched

        return hook


def _checked(given: object) -> Positions | None:
    """Pairs of positions as ints."""
    if given is None:
        return None
    pairs = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if not pairs or not all(isinstance(pair, Sequence) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"positions {told(given)} must be pairs (here, there), for example ((3, 3),), or None for all")
    return tuple((whole("position", here, 0), whole("position", there, 0)) for here, there in pairs)


def _spelled(positions: Positions) -> str:
    return ",".join(str(here) if here == there else f"{here}>{there}" for here, there in positions)


def _parsed(text: str) -> Positions:
    pairs = [part.split(">") for part in text.split(",")]
    if not all(1 <= len(pair) <= 2 and all(map(base.is_index, pair)) for pair in pairs):
        raise ValueError(f"positions {text} are not allowed; write 3,7>6: position 3, and 7 from position 6")
    return tuple((int(pair[0]), int(pair[-1])) for pair in pairs)
