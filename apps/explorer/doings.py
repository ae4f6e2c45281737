"""What one head does here, in a sentence that follows from its numbers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gemma2_workbench import HeadKind, Trace
from gemma2_workbench.apps.explorer.phrases import (
    Sentence,
    begun,
    by_count,
    is_inside,
    listed,
    number,
    piece_at,
    sentence,
    times,
    word_at,
)
from gemma2_workbench.apps.explorer.scores import Heads, heads_of

# From this share on, the learned sink of a head is said first.
MOSTLY_SINK = 0.5
# A place that gets less of a row's attention is not called looked at.
LOOKED_AT = 0.05


class Head(NamedTuple):
    """A head of a run at one row.

    Attributes:
        trace, layer, head, query: where.
        heads: all heads of the run.
        row: probabilities of the row, float32 [S].
        sink: what the learned sink of the head takes of the row, with which it sums to 1; 0 without one.
    """

    trace: Trace
    layer: int
    head: int
    query: int
    heads: Heads
    row: np.ndarray
    sink: float

    def score(self, name: str) -> float:
        """Its mean over the queries that have the statistic."""
        return float(self.heads.scores[name][self.layer, self.head])


class Told(NamedTuple):
    """What a head does here, and a second sentence that may be left out."""

    first: Sentence
    more: Sentence


def told(trace: Trace, layer: int, head: int, query: int) -> Told:
    """What a head does in a row of a run."""
    if not trace.layers[layer].softmax:
        return Told(
            sentence(f"Layer {layer} has no softmax, and so no attention to look at."),
            sentence("It mixes tokens by a recurrence or a convolution; choose a layer that attends."),
        )
    heads = heads_of(trace)
    row_S = trace.stage(layer, head, "attn_probs", range(query, query + 1))[0].nan_to_num().numpy()
    kind = heads.kinds[layer][head]
    sink = trace.sink_share(layer, head, range(query, query + 1)).item()
    here = Head(trace, layer, head, query, heads, row_S, sink)
    if sink > (row_S.max() if kind is None else MOSTLY_SINK):
        return _leaves(here, kind)
    if kind is None:
        return _looks(here)
    return _by_kind(here, kind)


def _by_kind(here: Head, kind: HeadKind) -> Told:
    return _TOLD[kind.name](here) if kind.name in _TOLD else _is_of_kind(here, kind)


def _leaves(here: Head, kind: HeadKind | None) -> Told:
    """A row of which the learned sink takes most: what it leaves, and then what the head does with it."""
    name = word_at(here.trace.tokens, here.query)
    first = sentence("From ", name, " most goes to the learned sink, which writes nothing: ", f"{here.sink:.2f}", ".")
    if kind is not None:
        return Told(first, _by_kind(here, kind).first)
    key = int(here.row.argmax())
    return Told(first, sentence("Of the tokens it looks most at ", _place(here, key), f", with {here.row[key]:.2f}."))


def _copies(here: Head) -> Told:
    """An induction head, in terms of what followed the row's token before."""
    tokens, query = here.trace.tokens, here.query
    earlier = [at for at in range(query - 1) if tokens.ids[at] == tokens.ids[query]]
    average = f"{here.score('induction'):.2f}"
    if not earlier:
        name = word_at(tokens, query)
        more = sentence("Where a token came before, this head puts ", average, " of its attention on what followed.")
        return Told(sentence("", name, " comes for the first time here: nothing to copy yet."), more)
    followers = [at + 1 for at in earlier]
    within = any(is_inside(tokens, at) for at in followers)
    same = {word_at(tokens, at) for at in (query, *earlier)}
    name = piece_at(tokens, query) if within or len(same) > 1 else word_at(tokens, query)
    followed = by_count((piece_at if within else word_at)(tokens, at) for at in followers)
    count, share = times(len(earlier)), f"{here.row[followers].sum():.2f}"
    looked = int((here.row[followers] >= LOOKED_AT).sum())
    first = sentence(
        f"{begun(count)} ",
        name,
        " was followed by ",
        listed(followed),
        f". {_looked(looked, len(earlier))} ",
        share,
        " of its attention.",
    )
    return Told(first, sentence("It copies what came next: ", average, " on average over this text."))


def _looked(looked: int, of: int) -> str:
    if looked == 0:
        return "In this row the head hardly looks there, with"
    if looked < of:
        return f"This head looks there {times(looked)}, with"
    return f"This head looks there{'' if of == 1 else ' both times' if of == 2 else f' all {number(of)} times'}, with"


def _looks_back(here: Head) -> Told:
    """A previous-token head."""
    rows_T = here.trace.folds["previous_token"][here.layer, here.head].numpy()
    every = "at every position" if np.nanmin(rows_T) >= 0.5 else "on average"
    first = sentence(
        "This head looks one token back: ", f"{here.score('previous_token'):.2f}", f" of its attention, {every}."
    )
    return Told(first, sentence("What it writes tells each position which token came before."))


def _duplicates(here: Head) -> Told:
    share = here.trace.folds["duplicate_token"][here.layer, here.head, here.query].item()
    name = word_at(here.trace.tokens, here.query)
    first = sentence(
        "This head looks at earlier places of the same token: ",
        f"{here.score('duplicate_token'):.2f}",
        " of its attention.",
    )
    came = sentence("", name, f" came before; in this row it is {share:.2f}.")
    return Told(first, came if np.isfinite(share) else sentence("", name, " comes for the first time here."))


def _stays(here: Head) -> Told:
    """A head that looks at the query itself."""
    first = sentence(
        "This head looks at the token itself: ", f"{here.score('self_attention'):.2f}", " of its attention."
    )
    return Told(first, sentence("What it writes at a position comes mostly from that position."))


def _rests(here: Head) -> Told:
    """A sink."""
    first = sentence("", f"{here.score('first_token'):.2f}", " of this head's attention rests on the first position.")
    return Told(first, sentence("A sink: where a head rests when nothing in the text is for it."))


def _spreads(here: Head) -> Told:
    entropy = here.score("entropy")
    first = sentence("This head spreads its attention over about ", f"{np.exp(entropy):.0f}", " tokens.")
    share = f"{100 * here.score('spread'):.0f} %"
    return Told(first, sentence(f"Entropy {entropy:.2f} nats, {share} of what an even spread would have."))


def _is_of_kind(here: Head, kind: HeadKind) -> Told:
    """A head of a kind that has no words of its own here."""
    return Told(sentence(f"{kind.sentence.removesuffix('.')}: ", f"{here.score(kind.score):.2f}", " on average."), ())


def _looks(here: Head) -> Told:
    """A head of no kind: the strongest place of the row, and how spread it is on average."""
    tokens, key = here.trace.tokens, int(here.row.argmax())
    first = sentence(
        "From ",
        word_at(tokens, here.query),
        " this head looks most at ",
        _place(here, key),
        ", with ",
        f"{here.row[key]:.2f}",
        " of its attention.",
    )
    even, far = round(np.exp(here.score("entropy"))), round(here.score("distance"))
    share = "nearly all of it goes to one token" if even == 1 else f"about {even} tokens share it"
    return Told(
        first, sentence(f"No pattern stands out: on average {share}, {far} token{'' if far == 1 else 's'} back.")
    )


def _place(here: Head, key: int) -> str:
    return "itself" if key == here.query else word_at(here.trace.tokens, key)


_TOLD: dict[str, Callable[[Head], Told]] = {
    "induction": _copies,
    "previous_token": _looks_back,
    "duplicate_token": _duplicates,
    "sink": _rests,
    "self": _stays,
    "spread": _spreads,
}
