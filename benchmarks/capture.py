"""Capturing a text with all statistics, beside transformers' eager forward with `output_attentions`.

Prints, per length, seconds and captured bytes of both as one JSON line each, and their ratios. Run it alone on a quiet
machine: `make bench`. Both run the embedded weights in float32 on the same threads, interleaved, best of three.
"""

import json
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import torch

from gemma2_workbench import Trace, capture, load

LENGTHS = (64, 256, 512, 1024, 2048)
WORDS = "The President of the United States met Emma and Mr. Knightley in the city of Washington. "


def seconds(run: Callable[[], object]) -> tuple[float, Any]:
    """Duration and result of one call."""
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def kept(trace: Trace) -> int:
    """Bytes that a trace keeps."""
    layers = sum(getattr(layer, field.name).nbytes for layer in trace.tensors for field in fields(layer))
    return layers + sum(fold.nbytes for fold in trace.folds.values())


def main() -> None:
    """Measure every length and print the comparison."""
    loaded = load()
    peer = loaded.reference()
    for length in LENGTHS:
        text = WORDS * (length // 12)
        ids = torch.tensor([loaded.tokenizer(text)["input_ids"][:length]])
        text = loaded.tokenizer.decode(ids[0, 1:])
        ours, theirs, trace, maps = float("inf"), float("inf"), None, None
        for _ in range(3):
            duration, trace = seconds(lambda text=text: capture(loaded, text, parity=False))
            ours = min(ours, duration)
            with torch.no_grad():
                duration, maps = seconds(lambda ids=ids: peer(ids, output_attentions=True).attentions)
            theirs = min(theirs, duration)
        assert trace is not None
        assert maps is not None
        peer_bytes = sum(layer.nbytes for layer in maps)
        row = {
            "tokens": len(trace.tokens),
            "capture_s": round(ours, 3),
            "transformers_s": round(theirs, 3),
            "time_ratio": round(ours / theirs, 2),
            "kept_mb": round(kept(trace) / 1e6, 2),
            "transformers_mb": round(peer_bytes / 1e6, 2),
            "memory_ratio": round(kept(trace) / peer_bytes, 3),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
