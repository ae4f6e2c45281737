"""The table of encoders and of classifiers of any family, as docs/encoders.md."""

from collections import Counter
from collections.abc import Sequence

import transformers

from benchmarks.decoders.row import Row
from benchmarks.decoders.tiny import LAYERS, TYPES_OF, WINDOW

WORDS = {"masked": "masked LM", "token": "labels of words", "sequence": "labels of texts"}
HEAD = f"""# Encoders, and classifiers of any family

`load("folder or hub id")` opens encoders as it opens [decoders](decoders.md), and the classifiers that transformers
builds on either: *staged* with every stage of attention, exact; *maps only* with the probabilities that the model
itself gives; what is *refused* is refused with the reason. `classify` and `why` work on both tiers: leave-one-out,
swapped words and gradients on either, heads switched off and the other mask on what is staged. Each model type of
transformers {transformers.__version__}, built tiny with random weights ({LAYERS} layers, window {WINDOW}, 24 tokens,
float32, CPU), beside its own eager forward; largest absolute differences of all its heads that are staged: of what it
puts out (logits, scores of classes) and attention probabilities of one text, and of both with padding on the left. This
page is the output of `python -m benchmarks.decoders --encoders`.

A layer that stands for all (ALBERT) is as many modules on the same weights, each with its maps. Of models with two
stacks (BART and the like) the maps of the encoder are shown.
"""


def named(types: Sequence[str] = ()) -> list[str]:
    """What `row_of` is asked: each type, or some, with each head that it has."""
    known = dict.fromkeys(name for head in TYPES_OF for name in TYPES_OF[head])
    return [
        f"{name}/{head}"
        for name in sorted(known)
        if not types or name in types
        for head in TYPES_OF
        if name in TYPES_OF[head]
    ]


def encoders_page(found: Sequence[Row]) -> str:
    """The table of some types, and what it comes to."""
    by_type: dict[str, dict[str, Row]] = {}
    for row in found:
        name, _, head = row.model_type.partition("/")
        by_type.setdefault(name, {})[head] = row
    lines = [HEAD]
    for head, words in WORDS.items():
        counts = Counter(rows[head].tier for rows in by_type.values() if head in rows)
        lines.append(f"- {words}: {', '.join(f'{count} {tier}' for tier, count in counts.most_common())}")
    lines += [
        "",
        f"| model type | {' | '.join(WORDS.values())} | layers | puts out | maps | padded | reason |",
        f"|{'---|' * (len(WORDS) + 6)}",
        *(_line(name, rows) for name, rows in by_type.items()),
    ]
    return "\n".join(lines)


def _line(name: str, rows: dict[str, Row]) -> str:
    tiers = [rows[head].tier if head in rows else "" for head in WORDS]
    apart = [row.apart for row in rows.values() if row.apart is not None]
    numbers = [[one.logits for one in apart], [one.maps for one in apart], [one.padded for one in apart]]
    cells = [f"{max(some):.0e}" if (some := [one for one in many if one == one]) else "" for many in numbers]
    layers = next((row.layers for row in rows.values() if row.layers), "")
    reasons = dict.fromkeys(row.reason for row in rows.values() if row.reason)
    return f"| {' | '.join([name, *tiers, layers, *cells, '; '.join(reasons).replace('|', ' ')])} |"
