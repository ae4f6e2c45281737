"""The table of all causal model types of transformers, as docs/decoders.md, or of encoders and classifiers.

`python -m benchmarks.decoders > docs/decoders.md`; some types only: `python -m benchmarks.decoders llama gpt_oss`.
`python -m benchmarks.decoders --encoders > docs/encoders.md`; likewise.
"""

import sys
from collections import Counter
from collections.abc import Sequence

import transformers

from benchmarks.decoders.encoders import encoders_page, named
from benchmarks.decoders.row import Row
from benchmarks.decoders.tiny import LAYERS, TYPES, WINDOW
from benchmarks.decoders.workers import rows

HEAD = f"""# Any decoder of transformers

`load("folder or hub id")` opens what this table calls *staged* with every stage of attention, exact; *maps only*
shows the probabilities that the model itself gives; what is *refused* is refused with the reason. Every causal model
type of transformers {transformers.__version__}, built tiny with random weights ({LAYERS} layers, window {WINDOW},
24 tokens, float32, CPU), beside its own eager forward. Largest absolute differences: of logits and attention
probabilities of one text; of both with padding on the left; of both when the last tokens are read one by one with the
cache. This page is the output of `python -m benchmarks.decoders`.

Most types call attention through transformers' interface. Those that compute it themselves (GPT-J, GPT-Neo, Falcon,
BLOOM, MPT ...) are watched: where a softmax stands between two products, and its scores are a multiple of q.k under a
causal, full or windowed mask, queries, keys and values go through the same equation and the same hook points. A number
for each key that stands beside q.k (ALiBi) is one more number of queries and keys. Scores and mask are compared with
the model's own in every pass; what is another there is refused. Where the maps that a model gives leave out its sinks
(granite_swa), they are compared without them.
"""


def main() -> None:
    """Print the page, and how far it is on standard error."""
    given = [name for name in sys.argv[1:] if name != "--encoders"]
    is_encoders = len(given) < len(sys.argv) - 1
    found: list[Row] = []
    for row in rows(named(given) if is_encoders else given or TYPES):
        found.append(row)
        print(f"{len(found)} {row.model_type}: {row.tier} {row.reason}", file=sys.stderr, flush=True)
    print(encoders_page(found) if is_encoders else page(found))


def page(found: Sequence[Row]) -> str:
    """The table of some types, and what it comes to."""
    counts = Counter(row.tier for row in found)
    lines = [
        HEAD,
        f"Of {len(found)} types: {', '.join(f'{count} {tier}' for tier, count in counts.most_common())}.",
        "",
        "| model type | tier | layers | logits | maps | padded | cached | lens | contributions | reason |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *map(_line, found),
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    apart = row.apart
    numbers = ["", "", "", ""] if apart is None else [apart.logits, apart.maps, apart.padded, apart.cached]
    cells = ["-" if number != number else f"{number:.0e}" if isinstance(number, float) else "" for number in numbers]
    words = ["yes" if there else "" for there in (row.lens, row.contributions)]
    return f"| {' | '.join([row.model_type, row.tier, row.layers, *cells, *words, row.reason.replace('|', ' ')])} |"


if __name__ == "__main__":
    main()
