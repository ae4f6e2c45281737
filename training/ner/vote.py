"""One name, one label: the labels of a whole source vote on each name, and outvoted labels are corrected.

A labeller that sees one sentence at a time calls Edmund a building here and a product there. Over a novel the
majority is right, and names that it missed in some places are filled in.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from gemma2_workbench.classification.labels import Entity

Labelled = tuple[list[str], list[Entity]]
Name = tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What the votes on a name say.

    Attributes:
        kind: type of the majority; "" for what is no entity.
        agreed: share of the labels that name this type.
        present: share of the places where the name stands that are labelled at all.
    """

    kind: str
    agreed: float
    present: float


def _bare(words: list[str], start: int, end: int) -> Name:
    return tuple(words[start:end]) if words[start].lower() != "the" else tuple(words[start + 1 : end])


def verdicts(sentences: list[Labelled], least: int = 5) -> dict[Name, Verdict]:
    """Counts the votes on every name that is labelled at least `least` times; dates do not vote."""
    votes: dict[Name, Counter[str]] = defaultdict(Counter)
    for words, found in sentences:
        for kind, start, end in found:
            if kind != "DATE":
                votes[_bare(words, start, end)][kind] += 1
    votes = {name: count for name, count in votes.items() if name and count.total() >= least}
    longest = max(map(len, votes), default=0)
    places: Counter[Name] = Counter()
    for words, _ in sentences:
        for start in range(len(words)):
            if words[start][0].isupper():
                for end in range(start + 1, min(start + longest, len(words)) + 1):
                    places[tuple(words[start:end])] += tuple(words[start:end]) in votes
    outcome = {}
    for name, count in votes.items():
        kind, most = count.most_common(1)[0]
        outcome[name] = Verdict(kind, most / count.total(), count.total() / max(places[name], 1))
    return outcome


def settled(known: dict[str, str]) -> dict[Name, Verdict]:
    """Unanimous verdicts for names whose type is known: {name: type}."""
    return {tuple(name.split()): Verdict(kind, 1.0, 1.0) for name, kind in known.items()}


def corrected(sentence: Labelled, outcome: dict[Name, Verdict], clear: float = 0.8) -> Labelled:
    """Applies the verdicts to one sentence.

    Types change where at least `clear` of the votes agree; a name that stands unlabelled is labelled where the
    votes are clear and it is labelled in most other places; the longest name wins.
    """
    words, found = sentence
    kept: list[Entity] = []
    for kind, start, end in found:
        verdict = outcome.get(_bare(words, start, end))
        changes = verdict and kind != "DATE" and verdict.agreed >= clear
        kept.append((verdict.kind if verdict and changes else kind, start, end))
    # names that are no entities stay in `kept` until the end, so that no part of them is filled in
    taken = {at for _, start, end in kept for at in range(start, end)}
    longest = max(map(len, outcome), default=0)
    for start in range(len(words)):
        for end in range(min(start + longest, len(words)), start, -1):
            verdict = outcome.get(tuple(words[start:end]))
            free = taken.isdisjoint(range(start, end))
            if verdict and free and verdict.agreed >= clear and verdict.present >= 0.6:
                kept.append((verdict.kind, start, end))
                taken.update(range(start, end))
    return words, sorted((entity for entity in kept if entity[0]), key=lambda entity: entity[1])
