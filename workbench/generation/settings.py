"""`Settings`: how the next token is chosen and how many there may be. Imports nothing heavy."""

from dataclasses import dataclass, field, fields

from gemma2_workbench.limits import as_float, told, whole

CACHES = ("hybrid", "static", "dynamic")
LARGEST_SEED = 2**32 - 1
COLDEST = 1e-6


@dataclass(frozen=True)
class Settings:
    """How a text is continued; the words are those of transformers' `generate`.

    It is greedy unless a temperature above 0, `top_k` or `top_p` is given. What is sampled with and is not given is
    taken from the model's generation_config.json, and else from transformers' defaults: 1.0, 50 and 1.0.

    Attributes:
        max_new_tokens: how many tokens are generated at most.
        temperature: what logits are divided by; 0 is greedy.
        top_k: only so many of the likeliest tokens; 0 is all.
        top_p: only the likeliest tokens that together have this probability.
        seed: of the random numbers.
        cache: key/value cache: "dynamic" grows; "static" is allocated at once, and "hybrid" is its other name, which
            says that local layers hold their window only.

    Raises:
        ValueError: a value that cannot be; the message says what is allowed.
    """

    max_new_tokens: int = field(default=64, metadata={"help": "how many tokens at most", "type": int})
    temperature: float | None = field(
        default=None, metadata={"help": "sample, with logits divided by it; 0, the default, is greedy", "type": float}
    )
    top_k: int | None = field(default=None, metadata={"help": "sample, from so many tokens; 0: all", "type": int})
    top_p: float | None = field(
        default=None, metadata={"help": "sample, from the likeliest tokens of so much probability", "type": float}
    )
    seed: int | None = field(default=None, metadata={"help": "of the random numbers; default: any", "type": int})
    cache: str = field(default="dynamic", metadata={"help": "key/value cache; default dynamic", "choices": CACHES})

    def __post_init__(self) -> None:
        whole("max_new_tokens=", self.max_new_tokens, 1)
        temperature, top_p = as_float(self.temperature), as_float(self.top_p)
        if self.temperature is not None and not (temperature == 0 or _is_within(temperature, COLDEST, float("inf"))):
            raise ValueError(
                f"temperature={told(self.temperature)} must be 0 (greedy), or finite and at least {COLDEST:g}, below "
                "which logits overflow"
            )
        if self.top_k is not None:
            whole("top_k=", self.top_k, 0)
        if self.top_p is not None and not (top_p == 1 or (_is_within(top_p, 0, 1) and top_p != 0)):
            raise ValueError(f"top_p={told(self.top_p)} must be a probability above 0, at most 1")
        if self.seed is not None:
            whole("seed=", self.seed, 0, LARGEST_SEED)
        if self.cache not in CACHES:
            raise ValueError(f"cache={self.cache!r} is not known; choose {', '.join(CACHES)}")

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn by chance."""
        return self.temperature != 0 and any(value is not None for value in (self.temperature, self.top_k, self.top_p))

    @property
    def sentence(self) -> str:
        """How tokens are chosen, for example `sampled with temperature 0.8, top-k 50, top-p 1, seed 3`."""
        if not self.samples:
            return "greedy"
        given = {name: getattr(self, name) for name in ("temperature", "top_k", "top_p", "seed")}
        return "sampled with " + ", ".join(
            f"{name.replace('_', '-')} {value:g}" if isinstance(value, float) else f"{name.replace('_', '-')} {value}"
            for name, value in given.items()
            if value is not None
        )


OPTIONS = fields(Settings)


def _is_within(number: float | None, least: float, below: float) -> bool:
    """Whether there is a number, from `least` to less than `below`; NaN is none."""
    return number is not None and least <= number < below
