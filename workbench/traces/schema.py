"""The manifest of a trace file: which values there must be, of which types, and how they must fit one another.

It is checked when a file is opened, so that no view and no tab meets a trace that cannot be; the tensors are checked in
`traces.tensors`.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gemma2_workbench.generation.generated import STOPS, Generation
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.parity.statement import TOLERANCE, Parity
from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.folds import Fold
from gemma2_workbench.traces.interventions import Intervention, from_data
from gemma2_workbench.traces.interventions.effect import Effect
from gemma2_workbench.traces.interventions.intervention import check_places
from gemma2_workbench.traces.trace import ModelInfo

OLDEST = 2  # the version that knew no prediction and no effects, and always held attention and folds
SINCE = {"read": 3, "effects": 3, "generation": 5}  # the first version that has a key
_MOST = 1 << 62  # of a window or a count: the sum of two is still a 64-bit integer
_SHOWN = 60

Id = Annotated[int, Field(ge=0, lt=1 << 31)]
Count = Annotated[int, Field(ge=1, le=_MOST)]


class _Strict(BaseModel):
    """No value is converted, and none is too many."""

    model_config = ConfigDict(strict=True, extra="forbid")


class LensPart(_Strict):
    """The plain values of a `Lens`: names of tokens."""

    pieces: tuple[tuple[Id, str], ...]


class ContributionsPart(_Strict):
    """The plain values of `Contributions`, of which there are none."""


class PredictionPart(_Strict):
    """The plain values of a `Prediction`: names of tokens."""

    pieces: tuple[tuple[Id, str], ...]


class Parts(_Strict):
    """What a trace holds only if it was asked for."""

    lens: LensPart | None = None
    contributions: ContributionsPart | None = None
    prediction: PredictionPart | None = None


class Manifest(_Strict):
    """The plain values of a trace, see `traces.trace.Trace`."""

    format: str
    version: int
    tokens: Tokens
    model: ModelInfo
    layers: Annotated[tuple[LayerInfo, ...], Field(min_length=1)]
    heads: Count
    kv_heads: Count
    read: tuple[str, ...] = ()  # absent in version 2
    folds: tuple[str, ...]
    parity: Parity
    interventions: tuple[JsonObject, ...]
    effects: tuple[Effect, ...] = ()  # absent in version 2
    block_rows: Count
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    generation: Generation | None = None  # absent before version 5
    parts: Parts = Parts()
    sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        """What was read, in order."""
        held = (name for name, part in self.parts if part is not None)
        return self.read if self.version > OLDEST else ("attention", "folds", *held)

    @property
    def expected_folds(self) -> tuple[Fold, ...]:
        """The folds of the groups that were read, as this version knows them."""
        groups = [folds for name, folds in GROUPS.items() if name in self.names]
        return tuple(fold for folds in groups for fold in folds if fold.since <= self.version)

    @property
    def changes(self) -> tuple[Intervention, ...]:
        """The interventions."""
        return tuple(map(from_data, self.interventions))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problem = next(_problems(self), None)
        if problem is not None:
            raise ValueError(problem)
        return self


def checked_manifest(text: str) -> Manifest:
    """The manifest in a JSON text.

    Raises:
        ValueError: a value is missing, too many, of another type, or cannot be; the message names it.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    """The first problem: where, what, and what was given."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    what = first["msg"].removeprefix("Value error, ")
    what = f"{what[:1].lower()}{what[1:]}"
    if first["type"] in ("missing", "value_error"):
        return f"{where}: {what}" if where else what
    given = repr(first["input"])
    return f"{where}: {what}, got {given if len(given) <= _SHOWN else given[:_SHOWN] + '...'}"


def _problems(manifest: Manifest) -> Iterator[str]:
    """What no type says."""
    yield from _of_version(manifest)
    yield from _of_tokens(manifest.tokens)
    if manifest.model.dtype not in TOLERANCE:
        yield f"model.dtype: must be {', '.join(TOLERANCE)}, got {manifest.model.dtype!r}"
    for number, layer in enumerate(manifest.layers):
        yield from (f"layers.{number}.{problem}" for problem in _of_layer(layer, number))
    if manifest.version > OLDEST and len(manifest.effects) != len(manifest.interventions):
        yield "effects: there must be one for each intervention"
    yield from (problem for effect in manifest.effects for problem in _of_effect(effect))
    if len({layer.causal for layer in manifest.layers}) > 1:
        yield "layers: some are causal and some are not"
    if manifest.heads % manifest.kv_heads:
        yield f"kv_heads: {manifest.heads} heads cannot share {manifest.kv_heads} keys and values evenly"
    yield from _of_readings(manifest)
    yield from _of_generation(manifest.generation, manifest.tokens)
    yield from _of_parity(manifest.parity, len(manifest.tokens))
    for data in manifest.interventions:
        yield from _of_change(data, len(manifest.layers), manifest.heads)


def _of_version(manifest: Manifest) -> Iterator[str]:
    """Every version has its own keys: a trace that claims to be of another one was made up."""
    for key, since in SINCE.items():
        has = manifest.version >= since
        if (key in manifest.model_fields_set) != has:
            yield f"{key}: version {manifest.version} has {'one' if has else 'none'}"
    if manifest.version == OLDEST and "prediction" in manifest.parts.model_fields_set:
        yield f"parts.prediction: version {OLDEST} has none"


def _of_readings(manifest: Manifest) -> Iterator[str]:
    parts = [name for name, part in manifest.parts if part is not None]
    known = ("attention", *(name for name in GROUPS if _is_known(name, manifest)), *Parts.model_fields)
    if len(set(manifest.names)) != len(manifest.names) or not set(manifest.names) <= set(known):
        yield f"read: must be some of {', '.join(known)}, each once"
    if set(parts) != set(manifest.names) - {"attention", *GROUPS}:
        yield f"parts: must be those that were read, got {', '.join(parts) or 'none'}"
    names = [fold.name for fold in manifest.expected_folds]
    if sorted(manifest.folds) != sorted(names):
        yield f"folds: must be {', '.join(names) or 'none'}, each once"


def _of_generation(generation: Generation | None, tokens: Tokens) -> Iterator[str]:
    if generation is None:
        return
    if not 1 <= generation.start < len(tokens):
        yield f"generation.start: must be 1 to {len(tokens) - 1}, got {generation.start}"
    if not 1 <= generation.characters <= len(tokens.text):
        yield f"generation.characters: must be 1 to {len(tokens.text)}, got {generation.characters}"
    if generation.stop not in STOPS:
        yield f"generation.stop: must be {', '.join(STOPS)}, got {generation.stop!r}"


def _is_known(group: str, manifest: Manifest) -> bool:
    """Whether files of this version can hold a group of folds."""
    return any(fold.since <= manifest.version for fold in GROUPS[group])


def _of_tokens(tokens: Tokens) -> Iterator[str]:
    if not tokens.ids:
        yield "tokens: there must be at least one"
    if not all(0 <= token < 1 << 31 for token in tokens.ids):
        yield "tokens.ids: a token id must be 0 or more, and a 32-bit integer"
    before = 0
    for number, (start, end) in enumerate(tokens.spans):
        if not 0 <= start <= end <= len(tokens.text):
            yield f"tokens.spans.{number}: {start}:{end} is not within the text of {len(tokens.text)} characters"
        if start < end:
            if start < before:
                yield f"tokens.spans.{number}: {start}:{end} starts before the token in front of it"
            before = start


def _of_layer(layer: LayerInfo, number: int) -> Iterator[str]:
    if layer.index != number:
        yield f"index: must be {number}, got {layer.index}"
    if not layer.kind.isidentifier():
        yield f"kind: must be one word, got {layer.kind!r}"
    if layer.kind in ("local", "global") and (layer.kind == "local") != (layer.window is not None):
        yield f"kind: must be local where there is a window and global where there is none, got {layer.kind!r}"
    if layer.window is not None and not 1 <= layer.window <= _MOST:
        yield f"window: must be 1 or more, got {layer.window}"
    if layer.prefix is not None and not 1 <= layer.prefix <= _MOST:
        yield f"prefix: must be 1 or more, got {layer.prefix}"
    if layer.softcap is not None and not 0 < layer.softcap < math.inf:
        yield f"softcap: must be a number above 0, got {layer.softcap}"
    if not 0 < layer.scale < math.inf:
        yield f"scale: must be a number above 0, got {layer.scale}"


def _of_parity(parity: Parity, tokens: int) -> Iterator[str]:
    most = _MOST if parity.compared else tokens
    if not 0 <= parity.tokens <= most:
        yield f"parity.tokens: must be 0 to {most}, got {parity.tokens}"
    if parity.tokens and not (0 <= parity.output_max_diff < math.inf and 0 <= parity.probs_max_diff < math.inf):
        yield "parity: the differences must be numbers, 0 or more"
    if parity.tokens and not parity.holds:
        yield "parity: the model differs from transformers, and such runs are not kept"


def _of_effect(effect: Effect) -> Iterator[str]:
    if not (0 <= effect.changed <= effect.of <= _MOST and 0 <= effect.largest < math.inf):
        yield f"effects: {effect.changed} of {effect.of} numbers by {effect.largest} cannot be"


def _of_change(data: JsonObject, layers: int, heads: int) -> Iterator[str]:
    try:
        check_places(from_data(data), layers, heads)
    except ValueError as error:
        yield f"interventions: {error}"
