"""Quantised weights on this machine: memory, time and error, bitsandbytes and (where installed) torchao.

Each way is measured in a process of its own, on a random model of middle size; times are seconds of the processor.

    python benchmarks/quantised.py [--layers 4] [--width 1024]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from gemma2_workbench import load
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM
from gemma2_workbench.models.loading import Loaded
from gemma2_workbench.models.parity.approximation import Numbers, shift

WAYS = ("exact", "int8", "int4", "torchao int8")


def main() -> None:
    """Print a table, one row for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.way is not None:
        print(",".join(map(str, measured(options.way, options.folder).values())))
        return
    ways = [way for way in WAYS if not way.startswith("torchao") or find_spec("torchao")]
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), options.layers, options.width)
        again = [sys.executable, __file__, "--folder", folder, "--way"]
        rows = [subprocess.run([*again, way], capture_output=True, text=True, check=True).stdout for way in ways]
    columns = ["weights MB", "load s", "pass of 128 tokens s", "logits max", "logits mean", "probs max", "probs mean"]
    values = [row.splitlines()[-1].split(",") for row in rows]
    print(pd.DataFrame(values, index=pd.Index(ways, name="way"), columns=columns).to_string())


def make(folder: Path, layers: int, width: int) -> None:
    """A random model with the embedded model's tokenizer."""
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=8192, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=8, num_key_value_heads=4, head_dim=width // 8, sliding_window=64, dtype="float32",
    )  # fmt: skip
    Gemma2ForCausalLM(config).save_pretrained(folder)
    load().tokenizer.save_pretrained(folder)


def measured(way: str, folder: Path) -> dict[int, Any]:
    """Memory of the weights, time to load and to run, and the shift of the numbers."""
    exact = Numbers.of(load(folder, dtype="float32"))
    began = time.process_time()
    loaded = load(folder, dtype="float32") if way == "exact" else _quantised(way, folder)
    took = time.process_time() - began
    began = time.process_time()
    moved = shift(exact, Numbers.of(loaded))
    ran = time.process_time() - began
    errors = (moved.output_max, moved.output_mean, moved.probs_max, moved.probs_mean)
    size = loaded.model.get_memory_footprint() / 1e6
    row = [round(size), round(took, 2), round(ran, 2), *(f"{error:.2g}" for error in errors)]
    return dict(enumerate(row))


def _quantised(way: str, folder: Path) -> Loaded:
    if way in ("int8", "int4"):
        return load(folder, dtype="float32", quantize=way)
    config: Any = import_module("torchao.quantization").Int8WeightOnlyConfig
    from transformers import TorchAoConfig

    return load(folder, dtype="float32", quantization_config=TorchAoConfig(config()))


if __name__ == "__main__":
    main()
