"""The kinds of heads that the workbench names. Adding one: its `HeadKind` in `HEAD_KINDS`.

A head is of a kind where its mean score reaches the threshold: for shares of attention half of it, which is our choice
where the literature has no number. A head may be of several kinds, or of none.
"""

from dataclasses import dataclass

HALF = 0.5


@dataclass(frozen=True)
class HeadKind:
    """A kind of head.

    Attributes:
        name: for code, options and addresses.
        label: what a badge says.
        score: the mean per head that decides, a name of `heads.scores.SCORES`.
        threshold: the least score, in its unit.
        sentence: what such a head does.
        source: where the definition comes from.
    """

    name: str
    label: str
    score: str
    threshold: float
    sentence: str
    source: str


HEAD_KINDS: tuple[HeadKind, ...] = (
    HeadKind(
        "induction",
        "induction",
        "induction",
        HALF,
        "Copies what came next: it looks at the token that followed the last time this token came.",
        "Olsson et al. 2022, In-context Learning and Induction Heads (arXiv 2209.11895)",
    ),
    HeadKind(
        "previous_token",
        "previous token",
        "previous_token",
        HALF,
        "Looks at the token just before.",
        "Elhage et al. 2021, A Mathematical Framework for Transformer Circuits; Voita et al. 2019 (arXiv 1905.09418)",
    ),
    HeadKind(
        "duplicate_token",
        "duplicate token",
        "duplicate_token",
        HALF,
        "Looks at earlier occurrences of the same token.",
        "Wang et al. 2022, Interpretability in the Wild (arXiv 2211.00593)",
    ),
    HeadKind(
        "sink",
        "BOS sink",
        "first_token",
        HALF,
        "Rests on the first token, where a head puts its attention that has nothing to do.",
        "Xiao et al. 2023, Efficient Streaming Language Models with Attention Sinks (arXiv 2309.17453)",
    ),
    HeadKind(
        "self",
        "itself",
        "self_attention",
        HALF,
        "Looks at the query's own token.",
        "Clark et al. 2019, What Does BERT Look At? (arXiv 1906.04341)",
    ),
    HeadKind(
        "spread",
        "spreads",
        "spread",
        0.9,
        "Spreads its attention nearly evenly over all that it sees.",
        "entropy over its maximum ln(visible keys), after Clark et al. 2019 (arXiv 1906.04341)",
    ),
)


def kind_named(name: str) -> HeadKind:
    """The kind called `name`.

    Raises:
        ValueError: there is none; the message lists them.
    """
    for kind in HEAD_KINDS:
        if kind.name == name:
            return kind
    raise ValueError(f"there is no kind of head {name!r}; the kinds are {', '.join(kind.name for kind in HEAD_KINDS)}")
