"""`Identity`: what a sweep is of. Parts of one sweep have the same, and only such parts may be put together."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.corpus import Texts
from gemma2_workbench.sweeps.examples import WIDTH
from gemma2_workbench.sweeps.readers import computed_by
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.statistics import BINS, STATISTICS
from gemma2_workbench.traces.trace import ModelInfo

FORMAT = 3
_FAST = ", with or without the extra 'fast', which brings numba"


@dataclass(frozen=True)
class Identity:
    """What decides the numbers of a sweep.

    Attributes:
        model: name, hash and dtype of the weights; where they lie does not count.
        layers: kind, window, softcap of each, as text.
        heads, kv_heads: of a layer.
        documents, blocks, corpus_sha256: how many texts, how many blocks of them, and a hash over all.
        settings: see `SweepSettings`.
        computed_by: what makes the numbers, and on which kind of device: others give others in the last bits.
        built_in: name and settings of the built-in set that the corpus is; None for files.
        statistics, bins, width, format: what is measured, and how it is kept.
    """

    model: dict[str, str | None]
    layers: tuple[str, ...]
    heads: int
    kv_heads: int
    documents: int
    blocks: int
    corpus_sha256: str
    settings: dict[str, int | None]
    computed_by: str
    built_in: dict[str, str | int] | None = None
    statistics: tuple[str, ...] = tuple(each.name for each in STATISTICS)
    bins: int = BINS
    width: int = WIDTH
    format: int = FORMAT

    @classmethod
    def of(cls, loaded: Source, corpus: Texts, settings: SweepSettings) -> "Identity":
        """Of what is going to be swept.

        Raises:
            ValueError: the model is a changed one, or the corpus holds no text.
        """
        info = ModelInfo.of(loaded)
        model = {name: getattr(info, name) for name in ("name", "revision", "weights_sha256", "dtype")}
        layers = tuple(f"{each.kind}, window {each.window}, softcap {each.softcap}" for each in loaded.layers)
        outline = corpus.outline(settings.block)
        shape = loaded.shape
        return cls(
            model=model,
            layers=layers,
            heads=shape.heads,
            kv_heads=shape.kv_heads,
            documents=outline.documents,
            blocks=outline.blocks,
            corpus_sha256=outline.sha256,
            settings=settings.as_data(),
            computed_by=computed_by(loaded),
            built_in=corpus.about,
        )

    def is_of(self, model: ModelInfo) -> bool:
        """Whether these are the weights that were swept, in whatever dtype and from wherever.

        A checksum is of the files: it does not tell what was rounded, or what an adapter adds.
        """
        if model.weights.quantized is not None:
            return False
        known = self.model["weights_sha256"]
        if known is None or model.weights.adapter is not None:
            return (known, self.model["name"]) == (model.weights_sha256, model.name)
        return known == model.weights_sha256

    def as_data(self) -> dict[str, object]:
        """The identity as JSON holds it."""
        data = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Identity":
        """Of a file.

        Raises:
            ValueError: it is none.
        """
        if data.get("format") != FORMAT:
            raise ValueError(f"this is of format {data.get('format')} of sweeps; this version reads {FORMAT}")
        try:
            known: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
            }
            return cls(**known)
        except TypeError as error:
            raise ValueError(f"this is no part of a sweep, or of another version: {error}") from None

    def differences(self, other: "Identity") -> list[str]:
        """What is not the same, in words."""
        found: list[str] = []
        for field in fields(self):
            ours, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(ours, dict) and isinstance(theirs, dict):
                found += [
                    f"{field.name} {name}: {ours.get(name)} and {theirs.get(name)}"
                    for name in {**ours, **theirs}
                    if ours.get(name) != theirs.get(name)
                ]
            elif ours != theirs and field.name == "computed_by":
                found.append(f"computed by {ours} and by {theirs}; run all parts on machines of one kind{_FAST}")
            elif ours != theirs:
                mine, yours = _told(ours, theirs) if isinstance(ours, tuple) else (ours, theirs)
                found.append(f"{field.name}: {mine} and {yours}")
        return found


def _told(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[int | str, int | str]:
    """How many there are, or the first two that differ where there are as many."""
    if len(ours) != len(theirs):
        return len(ours), len(theirs)
    return next((mine, yours) for mine, yours in zip(ours, theirs, strict=True) if mine != yours)
