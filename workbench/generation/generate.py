"""`generate`: a text continued by a model, with transformers' own loop, token by token."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from secrets import randbelow
from typing import Any, cast

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from gemma2_workbench.generation.generated import Generated, Generation, Maker
from gemma2_workbench.generation.settings import LARGEST_SEED, Settings
from gemma2_workbench.generation.spelling import Spelling, joined
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens, tokenize

Stream = Callable[[str], object]
Stop = Callable[[], bool]
# transformers resets "hybrid" to the cache that it makes by default; the cache of that name is a static one.
_IMPLEMENTATIONS = {"hybrid": "static", "static": "static", "dynamic": "dynamic"}
# What transformers samples with where nobody says otherwise (`GenerationConfig`).
_SAMPLING = {"temperature": 1.0, "top_k": 50, "top_p": 1.0}


def generate(
    loaded: Source,
    text: str,
    *,
    max_new_tokens: int = 64,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    cache: str = "dynamic",
    stream: Stream | None = None,
) -> Generated:
    """Continue `text`: the tokens of transformers' `generate` with the same arguments after `set_seed(seed)`.

    `capture` of the result is the trace of prompt and continuation: its row of a position is what the step that wrote
    the next token attended to. (The last token was not fed any more; its row is what the next step would attend to.)

    Args:
        loaded: a language model; one that `applied` changed writes as changed.
        text: the prompt, tokenized as `capture` does.
        max_new_tokens, temperature, top_k, top_p, seed, cache: see `Settings`. Where tokens are sampled without a
            seed, one is drawn, and the result says which.
        stream: called with every part of the continuation as soon as it is there, special tokens left out.

    Raises:
        ValueError: a value that cannot be, no language model, or no room for a token after the prompt.
    """
    settings = Settings(max_new_tokens, temperature, top_k, top_p, seed, cache)
    return continued(loaded, tokenize(loaded.tokenizer, text), settings, stream)


def continued(
    loaded: Source,
    prompt: Tokens,
    settings: Settings,
    stream: Stream | None = None,
    *,
    ends: Sequence[int] = (),
    stop: Stop = lambda: False,
) -> Generated:
    """Continue a prompt that is tokenized; errors as of `generate`.

    Args:
        loaded: a language model.
        prompt: what to go on from.
        settings: how.
        stream: as of `generate`.
        ends: ids that end it, beside those of the model's generation_config.json.
        stop: asked after each token; True ends it there.
    """
    require_language_model(loaded)
    model: Any = loaded.model
    room = loaded.shape.longest - len(prompt)
    if room < 1:
        raise ValueError(
            f"the text has {len(prompt)} tokens, and {loaded.name} takes at most {loaded.shape.longest} "
            "(max_position_embeddings): there is no room for another; shorten it"
        )
    used = _resolved(settings, model.generation_config)
    every = _ends(model, ends)
    spelling = _Streamer(Spelling(loaded.tokenizer, prompt.ids), stream)
    ids_1P = torch.tensor([prompt.ids], device=loaded.device)
    with loaded.lock, quiet(), _seeded(used, ids_1P.device):
        out_1T = model.generate(
            ids_1P,
            attention_mask=torch.ones_like(ids_1P),
            **_arguments(used, min(used.max_new_tokens, room)),
            eos_token_id=every or None,
            pad_token_id=every[0] if every else 0,
            streamer=spelling,
            stopping_criteria=StoppingCriteriaList([_Asked(stop)]),
        )
    new = [int(token) for token in out_1T[0, len(prompt) :]]
    generation = Generation(len(prompt), len(prompt.text), used, _why(new, every, used, room))
    return Generated(joined(loaded.tokenizer, prompt, new), generation, spelling.text, Maker.of(loaded))


def _resolved(settings: Settings, defaults: Any) -> Settings:
    """The settings with nothing left to a default."""
    if not settings.samples:
        return replace(settings, temperature=None, top_k=None, top_p=None, seed=None)
    chosen = {
        name: type(usual)(next(value for value in (getattr(settings, name), own, usual) if value is not None))
        for name, usual in _SAMPLING.items()
        for own in (getattr(defaults, name, None),)
    }
    seed = randbelow(LARGEST_SEED + 1) if settings.seed is None else settings.seed
    return replace(settings, **chosen, seed=seed)


def _arguments(settings: Settings, most: int) -> dict[str, Any]:
    """The arguments of transformers' `generate`."""
    sampling = {name: getattr(settings, name) for name in _SAMPLING} if settings.samples else {}
    return {
        "max_new_tokens": most,
        "do_sample": settings.samples,
        **sampling,
        "cache_implementation": _IMPLEMENTATIONS[settings.cache],
        # Compiled, a model has no hook points.
        "disable_compile": True,
    }


def _ends(model: Any, further: Sequence[int]) -> list[int]:
    """The ids that end a text."""
    own = model.generation_config.eos_token_id
    listed = [] if own is None else own if isinstance(own, list) else [own]
    return list(dict.fromkeys([*map(int, listed), *further]))


def _why(new: Sequence[int], ends: Sequence[int], settings: Settings, room: int) -> str:
    """A key of `STOPS`."""
    if new and new[-1] in ends:
        return "end"
    if len(new) == settings.max_new_tokens:
        return "length"
    return "limit" if len(new) == room else "stopped"


@contextmanager
def _seeded(settings: Settings, device: torch.device) -> Iterator[None]:
    """Random numbers of the seed inside; those of the caller go on afterwards as if nothing had been drawn."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        if settings.seed is not None:
            torch.manual_seed(settings.seed)
        yield


class _Asked(StoppingCriteria):
    """Ends a text when somebody says so."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def __call__(self, input_ids: Tensor, scores: object, **kwargs: object) -> torch.BoolTensor:
        """Whether each text of the batch ends, bool [B]."""
        ends_B = torch.full((len(input_ids),), self._stop(), dtype=torch.bool, device=input_ids.device)
        return cast(torch.BoolTensor, ends_B)


class _Streamer(BaseStreamer):
    """Hands on every part of the text; transformers' `TextStreamer` waits for the ends of words."""

    def __init__(self, spelling: Spelling, stream: Stream | None) -> None:
        self._spelling, self._stream = spelling, stream
        self._is_prompt = True
        self.text = ""

    def put(self, value: Tensor) -> None:
        """Take the prompt, [1, P], first, and then the tokens one by one, [1]."""
        if self._is_prompt:
            self._is_prompt = False
            return
        for token in value.flatten().tolist():
            self._hand_on(self._spelling.add(token))

    def end(self) -> None:
        """Hand on what is left."""
        self._hand_on(self._spelling.rest())

    def _hand_on(self, part: str | None) -> None:
        if part:
            self.text += part
            if self._stream is not None:
                self._stream(part)
