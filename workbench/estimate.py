"""What a capture will cost, before it starts: memory and time."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from model import BLOCK_ROWS, Gemma2Config
from workbench.loading import LoadedModel
from workbench.spill import kept_bytes

# Mask, softmax and folds together, for one cell of a map: 20 ns on two cores of 2021, measured at 7,400 tokens.
SECONDS_PER_CELL = 2e-8


@dataclass(frozen=True)
class Estimate:
    """Cost of one capture: tokens, bytes the trace keeps, bytes at the peak beyond the weights, seconds."""

    tokens: int
    kept_bytes: int
    peak_bytes: int
    seconds: float

    @property
    def sentence(self) -> str:
        """The estimate in words."""
        return (
            f"{self.tokens} tokens: about {self.seconds:.0f} s, {self.kept_bytes / 1e6:.0f} MB kept, "
            f"{self.peak_bytes / 1e6:.0f} MB at the peak beside the weights"
        )


def estimate(loaded: LoadedModel, tokens: int, block_rows: int = BLOCK_ROWS) -> Estimate:
    """Estimate a capture from its multiplications, the speed of a small product measured now, and its visible cells."""
    weights = sum(parameter.numel() for parameter in loaded.trunk.layers.parameters())
    config = loaded.config
    windows = [config.window(layer) for layer in range(config.num_hidden_layers)]
    sides = 2 if config.sees_later else 1
    seen = sum(tokens * sides * (tokens / 2 if window is None else min(window, tokens / 2)) for window in windows)
    cells = config.num_attention_heads * seen
    multiplications = tokens * weights + 2 * cells * config.head_dim
    seconds = multiplications / _multiplications_per_second(loaded.model.device, loaded.model.dtype)
    seconds += cells * SECONDS_PER_CELL
    peak = peak_bytes(config, tokens, block_rows)
    return Estimate(tokens, kept_bytes(config, tokens), peak, seconds)


def peak_bytes(config: Gemma2Config, tokens: int, block_rows: int = BLOCK_ROWS) -> int:
    """Bytes needed beside the weights: what the trace keeps, one block in all stages, one layer's activations."""
    block = config.num_attention_heads * min(block_rows, tokens) * tokens * 4
    widest = max(config.intermediate_size, config.num_attention_heads * config.head_dim, config.hidden_size)
    # A block is held as logits, scores and probabilities, and folds make about as many temporaries.
    return kept_bytes(config, tokens) + 8 * block + 6 * tokens * widest * 4


def check_memory(config: Gemma2Config, tokens: int, block_rows: int) -> None:
    """Refuse a capture that would not fit into the memory that is free now.

    Raises:
        MemoryError: says how much is needed and how much there is.
    """
    need, free = peak_bytes(config, tokens, block_rows), available_bytes()
    if free is not None and need > free:
        raise MemoryError(
            f"a capture of {tokens} tokens needs about {need / 1e9:.1f} GB beside the weights, and {free / 1e9:.1f} GB "
            "are free; shorten the text or use a smaller block_rows"
        )


def available_bytes() -> int | None:
    """Free memory as the operating system counts it; None where it does not say."""
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    lines = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    return int(lines["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in lines else None


def _multiplications_per_second(device: torch.device, dtype: torch.dtype, size: int = 512) -> float:
    a = torch.ones(size, size, device=device, dtype=dtype)
    float((a @ a)[0, 0])
    started = time.perf_counter()
    float((a @ a)[0, 0])
    return size**3 / (time.perf_counter() - started)
