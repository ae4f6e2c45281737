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

Models that work on their mask themselves are given it whole. Doge adds a number for each key of each head to it, which
is one more number of queries and keys. The indexers of DeepSeek V3.2, GLM MoE DSA, A.X K2, Hunyuan 4 and Qwen4 choose
keys by what they hold: staged are texts in which they choose all, up to 2,048 tokens in most that are published, and
longer ones are refused, for which keys are chosen would have to be kept with every trace and be a reason of its own in
every cell. Differential attention (DiffLlama) is called twice for one map, once for each half of the values; head n and
head n + N / 2 are shown as the heads that they are, and the model subtracts them. A prefix whose tokens see one another
is read from the mask, and is data of the layers. What marks it in a text (`token_type_ids`) is not given to any model:
a text alone is read as its model reads it then.

Without stages: where a number for each pair of query and key stands beside q.k (relative positions of CPM-Ant, and of
the T5, MPNet and DeBERTa encoders; Inkling, whose numbers depend on the query as well), T x T numbers of every head
would have to be kept with every trace, which holds queries, keys and sums of rows. A layer that runs several times in
one pass (HRM) has several maps.
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
