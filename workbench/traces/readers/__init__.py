"""What can be read in a pass, by name. Adding one: a module with its reader and its reading, and a line here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.folds import Fold
from gemma2_workbench.traces.layer_store import DEFAULT_BUDGET
from gemma2_workbench.traces.reader import Batch, Reader, read
from gemma2_workbench.traces.readers.attention import AttentionReader
from gemma2_workbench.traces.readers.contributions import ContributionsReader
from gemma2_workbench.traces.readers.folds import FoldsReader
from gemma2_workbench.traces.readers.lens import LensReader
from gemma2_workbench.traces.readers.prediction import PredictionReader


@dataclass(frozen=True, eq=False)
class Request:
    """What readers are made from.

    Attributes:
        loaded: the model as it is run, interventions included.
        batch: the text.
        token: id that lens and contributions follow at every position; None is the token that really comes next.
        position: where the next token is predicted.
        budget_bytes: above it q, k and v go to files.
    """

    loaded: Source
    batch: Batch
    token: int | None = None
    position: int = -1
    budget_bytes: int = DEFAULT_BUDGET

    @cached_property
    def followed(self) -> tuple[int, ...]:
        """The token to follow at each position: what comes next, and after the last token the likeliest one.

        Raises:
            ValueError: the model has no language-model head, or the token is not in the vocabulary.
        """
        return self.followed_at(range(self.batch.ids.shape[1]))

    def followed_at(self, positions: Sequence[int]) -> tuple[int, ...]:
        """The same at some positions; without the last one, no pass is needed to know it.

        Raises:
            ValueError: as `followed`.
        """
        vocabulary = require_language_model(self.loaded).vocabulary
        ids = self.batch.ids[0].tolist()
        if self.token is not None:
            if not 0 <= self.token < vocabulary:
                raise ValueError(f"token {self.token} is not in the vocabulary; ids are 0..{vocabulary - 1}")
            return (self.token,) * len(positions)
        if len(ids) - 1 in positions:
            last = PredictionReader(self.loaded, len(ids) - 1)
            read(self.loaded, self.batch, [last])
            ids.append(int(last.reading().logits.argmax()))
        return tuple(ids[at + 1] for at in positions)


def _prediction(request: Request) -> PredictionReader:
    require_language_model(request.loaded)
    return PredictionReader(request.loaded, request.position % request.batch.ids.shape[1])


def _folds(folds: Sequence[Fold], request: Request) -> FoldsReader:
    return FoldsReader(request.loaded, request.batch, folds)


READERS: dict[str, Callable[[Request], Reader]] = {
    "attention": lambda request: AttentionReader(request.loaded, request.batch, request.budget_bytes),
    **{name: partial(_folds, folds) for name, folds in GROUPS.items()},
    "lens": lambda request: LensReader(request.loaded, request.followed),
    "contributions": lambda request: ContributionsReader(request.loaded, request.followed),
    "prediction": _prediction,
}
