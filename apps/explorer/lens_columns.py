"""`LensColumns`: the logit lens of some positions of a run, read position by position as far as somebody looks.

Letters: R rows of the residual stream, P positions, D model, K top tokens.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from gemma2_workbench.apps.page.departure import stop_if_gone
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.models.language_model import pieces_of, require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.readers.contributions import Contributions
from gemma2_workbench.traces.readers.lens import BLOCK_LOGITS, OF_POSITIONS, TOP, Lens, unembedded

# Values of a cell; the others belong to a position, or name tokens.
CELLS = [field.name for field in fields(Lens) if field.name not in OF_POSITIONS]


@dataclass(eq=False)
class LensColumns:
    """The lens of P positions, of which those in `known` have been read.

    Attributes:
        positions: which of the text.
        lens: its numbers; what is not known yet is zero.
        known: which of the positions have been read, bool [P].
        contributions: the parts of the followed logits at all positions of the text; None where they are not known.
        stream: the residual stream that the lens is read from, [R, P, D]; None where all is known.
    """

    positions: range
    lens: Lens
    known: Tensor
    contributions: Contributions | None
    stream: Tensor | None

    @classmethod
    def whole(cls, lens: Lens, contributions: Contributions | None) -> "LensColumns":
        """A lens that was read before."""
        count = len(lens.chosen_ids)
        return cls(range(count), lens, torch.ones(count, dtype=torch.bool), contributions, None)

    @classmethod
    def empty(
        cls,
        loaded: Source,
        positions: range,
        stream: Tensor,
        followed: Sequence[int],
        contributions: Contributions | None,
    ) -> "LensColumns":
        """A lens of which nothing has been read; `followed` are the tokens of all positions of the text."""
        chosen = torch.tensor(followed[positions.start : positions.stop], dtype=torch.int32)
        R, P = stream.shape[:2]
        K = min(TOP, require_language_model(loaded).vocabulary)
        top_logits, top_capped = (torch.zeros(R, P, K) for _ in range(2))
        log_sum, entropy, logits, capped = (torch.zeros(R, P) for _ in range(4))
        lens = Lens(
            top_ids=torch.zeros(R, P, K, dtype=torch.int32),
            top_logits=top_logits,
            top_capped=top_capped,
            log_sum=log_sum,
            entropy=entropy,
            chosen_ids=chosen,
            chosen_logits=logits,
            chosen_capped=capped,
            chosen_ranks=torch.zeros(R, P, dtype=torch.int32),
            pieces=pieces_of(loaded, sorted({0, *chosen.tolist()})),
        )
        return cls(positions, lens, torch.zeros(P, dtype=torch.bool), contributions, stream)

    def missing(self, positions: range) -> list[int]:
        """The positions that have not been read."""
        return [at for at in positions if not self.known[at - self.positions.start]]

    def read(self, loaded: Source, positions: range, tell: Tell) -> float:
        """Read some more positions, and return the seconds that each of them took; it stops for who has left.

        All rows of a position are unembedded at once: one alone takes nearly as long where the vocabulary is large,
        because the unembedding itself has to be read.
        """
        missing = self.missing(positions)
        if self.stream is None or not missing:
            return 0.0
        step = max(1, BLOCK_LOGITS // require_language_model(loaded).vocabulary // len(self.stream))
        started = time.perf_counter()
        for done in range(0, len(missing), step):
            stop_if_gone()
            tell(done, len(missing), "positions")
            self._read([at - self.positions.start for at in missing[done : done + step]], self.stream, loaded)
        tell(len(missing), len(missing), "positions")
        return (time.perf_counter() - started) / len(missing)

    def _read(self, part: list[int], stream_RPD: Tensor, loaded: Source) -> None:
        read = unembedded(loaded, stream_RPD[:, part], self.lens.chosen_ids[part].tolist())
        for name in CELLS:
            getattr(self.lens, name)[:, part] = getattr(read, name)
        self.lens = replace(self.lens, pieces=tuple(sorted({*self.lens.pieces, *read.pieces})))
        self.known[part] = True
