"""From spaCy's entities to our definitions: types, titles, the leading "the", whole words."""

import re

from gemma2_workbench.classification.labels import Entity
from gemma2_workbench.classification.words import Span, listed, word_spans

TYPE_OF = {
    "PERSON": "PER",
    "ORG": "ORG",
    "GPE": "LOC",
    "LOC": "LOC",
    "FAC": "LOC",
    "NORP": "NORP",
    "DATE": "DATE",
}
TITLES = set(
    listed("""
Mr. Mrs. Ms. Messrs. Dr. Prof. Rev. Hon. Gen. Col. Capt. Lt. Maj. Sgt. Gov. Sen. Rep. Mr Mrs Ms Dr Miss Sir Lady
Lord Captain Colonel General Admiral Major Lieutenant Sergeant President Senator Governor Secretary Speaker
Congressman Congresswoman Representative Justice Judge King Queen Prince Princess Emperor Empress Pope Count Father
Mother Uncle Aunt Brother Sister Saint Professor Doctor Chairman Ambassador Minister Chancellor Dame Madame Monsieur
Don
""")
)
ADDRESSED = set(
    listed("""
Mr. Mrs. Ms. Messrs. Mr Mrs Ms Miss Sir Lady Lord Captain Colonel Madame
""")
)
# Common nouns that old texts write with a capital, pronouns and laws: no entities of ours.
GENERIC = set(
    listed("""
Government Governments Nation Nations State States Federal Department Departments Executive Administration Territory
Territories Republic Republics Commission Committee Secretary President Constitution Hemisphere Revolutionary
Christendom Bill Act Medicare Medicaid Fellow-Citizens Fellow Thou Thee Thy God Heaven Almighty Leviathan Captain
District Legislature Amendment Amendments Agency Board Bureau Union Treaty Convention Sir Miss Mr Mrs Sovereign
Crown Congressional Northern Southern Western Eastern Universe Isthmus Providence Regency General Father Founder
Capitol Doctor Chief Justice Attorney Postmaster
""")
) - {"Union", "Legislature", "Capitol"}
LAW = re.compile(r"^(?:Acts?|Treaty|Treaties|Constitution|Amendments?|Code|Bill|Doctrine|Agreement)$")
# "the Government of Spain", "the city of Rome": the name is what follows.
HEADS = set(
    listed("""
Government Governments State States Republic Republics Empire Kingdom City Territory Province Town Emperor King
Queen President Constitution Dey Bey Regency city state town province
""")
)
FREQUENCY = set(
    listed("""
annual annually daily weekly monthly quarterly yearly Annual Daily Monthly
""")
)
DAY_OR_MONTH = set(
    listed("""
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July August September
October November December
""")
)
# Heads that carry their article wherever it stands; elsewhere the word after the name decides.
ARTICLED = set(
    listed("""
Senate Congress House Treasury Union United White Legislature Supreme Philippines Netherlands Mississippi Ohio
Missouri Potomac Atlantic Pacific Rhine Thames
""")
)
_NO_NOUN = set(
    listed("""
of in to and or but for with by on at from as is was are were be been has have had will would shall should may might
can could must do does did that which who whom when where while if than then not through under upon into against
between during before after until since because so it he she they we I you the a an this these those there also
again over about without within its our their his her my now only today yet nor both all
""")
)
_QUOTES_AND_STOPS = set("\"'“”‘’.,;:!?-()[]—") | {"...", "--", "'s", "’s"}


def covered(span: Span, words: list[Span]) -> tuple[int, int]:
    """Returns the range of words that lie whole inside a character span (empty if none does)."""
    inside = [at for at, (start, end) in enumerate(words) if start >= span[0] and end <= span[1]]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def trimmed(words: list[str], entity: Entity) -> Entity:
    """Drops what is no part of the name: quotes and stops at both ends, titles and articles of people."""
    kind, start, end = entity
    leading = TITLES if kind == "PER" else set()
    articles = {"a", "A", "an", "An"} if kind != "DATE" else set()
    articles |= {"the", "The"} if kind in {"PER", "NORP"} else set()
    head = start + (words[start].lower() == "the")
    if kind != "DATE" and end - head > 2 and words[head] in HEADS and words[head + 1] == "of":
        kind, start = "LOC", head + 2
    while start < end and words[start] in _QUOTES_AND_STOPS | leading | articles:
        start += 1
    while start < end and words[end - 1] in _QUOTES_AND_STOPS:
        end -= 1
    return kind, start, end


def with_article(words: list[str], entity: Entity) -> Entity:
    """Takes a "the" before an ORG, LOC or DATE into it, unless the name only qualifies a noun ("the London docks")."""
    kind, start, end = entity
    if kind in {"PER", "NORP"} or not start or words[start - 1].lower() != "the":
        return entity
    after = words[end] if end < len(words) else "."
    alone = after in _NO_NOUN or not after[0].isalnum() or after.endswith("ed")
    return (kind, start - 1, end) if alone or words[start] in ARTICLED else entity


def _is_name(words: list[str], entity: Entity) -> bool:
    kind, start, end = entity
    name = [word for word in words[start:end] if word.lower() != "the"]
    if not name:
        return False
    if kind == "DATE":
        return not (len(name) == 1 and name[0] in FREQUENCY)
    joined = any(word in {"—", "?", "!", '"', ";"} for word in name)
    if joined or not any(word[0].isupper() for word in name) or LAW.match(name[-1]):
        return False
    return not all(word in GENERIC for word in name)


def retyped(words: list[str], entity: Entity) -> Entity:
    """Corrects types that the words decide: a name after Mr. or Lady is a person, the Union is a place."""
    kind, start, end = entity
    if kind in {"ORG", "LOC"} and start and words[start - 1] in TITLES and words[start][0].isupper():
        return "PER", start, end
    if kind in {"ORG", "LOC"} and end - start > 1 and words[start] in ADDRESSED and words[start + 1][0].isupper():
        return "PER", start + 1, end
    if [word for word in words[start:end] if word.lower() != "the"] == ["Union"]:
        return "LOC", start, end
    return entity


def our_entities(text: str, found: list[tuple[int, int, str]]) -> tuple[list[str], list[Entity]]:
    """Returns the words of `text` and its entities after our definitions, but for articles (`finished` adds them).

    Args:
        text: a sentence.
        found: (start, end, label) as spaCy gives them, offsets in characters.
    """
    spans = word_spans(text)
    words = [text[start:end] for start, end in spans]
    kept: list[Entity] = []
    for start, end, label in found:
        first, last = covered((start, end), spans)
        if label == "TIME":
            days = [at for at in range(first, last) if words[at] in DAY_OR_MONTH]
            kept += [("DATE", at, at + 1) for at in days]
        if label not in TYPE_OF or first == last:
            continue
        entity = trimmed(words, retyped(words, (TYPE_OF[label], first, last)))
        if entity[1] < entity[2] and _is_name(words, entity):
            kept.append(entity)
    return words, sorted(kept, key=lambda entity: entity[1])


def finished(words: list[str], found: list[Entity]) -> list[Entity]:
    """Adds articles and retypes after titles, once the names themselves are settled."""
    return [with_article(words, retyped(words, entity)) for entity in found]
