"""What looking at attention costs: `capture` beside our plain pass and transformers' eager model, with its maps or not.

Each peer runs in a process of its own, peers interleaved in rounds, of which the best counts. A line of JSON per peer,
or a table with ratios. Random weights, float32; queries are scaled so that raw logits have a standard deviation of 12,
which both caps feel. Ratios within one run are what to compare, and only on a quiet machine.

`python -m benchmarks.attention --geometry S --length 2048 --peers capture,plain --json`
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gemma2_workbench import LoadedModel, capture, load
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM

GEOMETRIES: dict[str, dict[str, int]] = {
    "S": {"hidden_size": 384, "intermediate_size": 2560, "num_hidden_layers": 8, "num_attention_heads": 6}
    | {"num_key_value_heads": 2, "head_dim": 64, "query_pre_attn_scalar": 64, "sliding_window": 128},
    "M": {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 4, "num_attention_heads": 8}
    | {"num_key_value_heads": 4, "head_dim": 256, "query_pre_attn_scalar": 256, "sliding_window": 4096},
}
PEERS = ("capture", "plain", "eager", "eager_attentions")
SPREAD = 12  # standard deviation of the raw logits


def model(geometry: str) -> LoadedModel:
    """A random model of this geometry, or the embedded one, with the embedded tokenizer."""
    tiny = load()
    if geometry not in GEOMETRIES:
        return tiny
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocab_size": 8192, "max_position_embeddings": 16384, **GEOMETRIES[geometry]}
    made = Gemma2ForCausalLM(Gemma2Config(**sizes)).eval()
    loaded = LoadedModel(geometry, "random", None, None, made, tiny.tokenizer)
    ids = torch.randint(5, 4000, (1, 256))
    for layer in range(loaded.shape.layers):
        spread: list[torch.Tensor] = []
        attention = loaded.attention(layer)

        def keep(_module: object, _args: object, out: torch.Tensor, to: list[torch.Tensor] = spread) -> None:
            to.append(out.std())

        hook = attention.attn_logits.register_forward_hook(keep)
        with torch.no_grad():
            loaded.run(ids)
            hook.remove()
            attention.q_proj.weight.mul_(SPREAD / torch.stack(spread).mean())
    return loaded


def text_of(loaded: LoadedModel, length: int) -> str:
    """Random words of about so many tokens."""
    words = sorted(word[1:] for word in loaded.tokenizer.get_vocab() if word[1:].isalpha() and word[0] == "▁")
    draw = random.Random(0)
    ids = loaded.tokenizer(" ".join(draw.choice(words) for _ in range(length)))["input_ids"][:length]
    return loaded.tokenizer.decode(ids[1:])


def peer(name: str, loaded: LoadedModel, text: str) -> Callable[[], object]:
    """What is timed."""
    if name == "capture":
        return lambda: capture(loaded, text, parity=False)
    ids = torch.tensor([loaded.tokenizer(text)["input_ids"]])
    if name == "plain":
        return lambda: loaded.run(ids)
    theirs = loaded.reference()
    return lambda: theirs(ids, output_attentions=name == "eager_attentions", logits_to_keep=1, use_cache=False)


def measured(name: str, geometry: str, length: int) -> dict[str, Any]:
    """One peer in this process: the second run, after one that does not count."""
    loaded = model(geometry)
    text = text_of(loaded, length)
    run = peer(name, loaded, text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with torch.no_grad():
        run()
        wall, cpu = time.perf_counter(), time.process_time()
        run()
    return {
        "peer": name,
        "geometry": geometry,
        "length": len(loaded.tokenizer(text)["input_ids"]),
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3,
        "threads": torch.get_num_threads(),
    }


def in_own_process(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """The same in a process of its own."""
    given = ["--geometry", options.geometry, "--length", str(options.length), "--one", name]
    command = [sys.executable, str(Path(__file__).resolve()), *given]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """Measure the peers in turn and print what the best round of each took."""
    command = argparse.ArgumentParser(description="what looking at attention costs")
    command.add_argument("--geometry", choices=(*GEOMETRIES, "tiny"), default="S", help="sizes of the model; default S")
    command.add_argument("--length", type=int, default=512, help="tokens; default 512")
    command.add_argument("--peers", default=",".join(PEERS), help=f"default {','.join(PEERS)}")
    command.add_argument("--rounds", type=int, default=3, help="processes of each peer; default 3")
    command.add_argument("--json", action="store_true", help="a line of JSON per peer instead of the table")
    command.add_argument("--one", choices=PEERS, help=argparse.SUPPRESS)
    options = command.parse_args()
    if options.one:
        print(json.dumps(measured(options.one, options.geometry, options.length)))
        return
    names = options.peers.split(",")
    unknown = sorted(set(names) - set(PEERS))
    if unknown:
        command.error(f"there is no peer {unknown[0]!r}; the peers are {', '.join(PEERS)}")
    rounds = [{name: in_own_process(name, options) for name in names} for _ in range(options.rounds)]
    best = {name: min((one[name] for one in rounds), key=lambda row: row["cpu_seconds"]) for name in names}
    for name, row in best.items():
        if options.json:
            print(json.dumps(row))
        else:
            ratios = ", ".join(f"{row['cpu_seconds'] / other['cpu_seconds']:.2f} x {of}" for of, other in best.items())
            print(
                f"{name:17} {row['seconds']:7.3f} s {row['cpu_seconds']:7.3f} cpu s {row['peak_mb']:6.0f} MB  {ratios}"
            )


if __name__ == "__main__":
    main()
