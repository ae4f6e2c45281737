"""`SweepSettings`: how a corpus is cut into windows and blocks, and how much of it is kept."""

from dataclasses import asdict, dataclass

from gemma2_workbench.limits import whole
from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class SweepSettings:
    """Everything that decides what a sweep finds, beside model and corpus.

    Attributes:
        tokens: of a window, the beginning of sequence included; longer texts are read in several.
        stride: tokens from one window to the next; None is as many as a window holds. What windows share is counted
            once, in the first of them.
        top: places kept at each end of a statistic, for each head.
        sample: places kept of each of five strengths.
        seed: of that sample.
        block: texts that are worked on together. Their windows are batched by length, so it decides the last bits.
        batch_tokens: tokens that go through the model together, padding included.
    """

    tokens: int = 512
    stride: int | None = None
    top: int = 20
    sample: int = 4
    seed: int = 0
    block: int = 64
    batch_tokens: int = 2048

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        whole("tokens", self.tokens, 2)
        whole("seed", self.seed, 0)
        if self.stride is not None:
            whole("stride", self.stride, 1, self.tokens - 1)
        for name in ("top", "sample", "block", "batch_tokens"):
            whole(name, getattr(self, name), 1)

    def check(self, loaded: Source) -> None:
        """Refuse windows that the model cannot read.

        Raises:
            ValueError: with what it can.
        """
        if self.tokens > loaded.shape.longest:
            raise ValueError(f"tokens={self.tokens}: {loaded.name} reads at most {loaded.shape.longest} at once")

    def as_data(self) -> dict[str, int | None]:
        """The settings by name."""
        return asdict(self)
