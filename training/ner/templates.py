"""Sentences from templates: names that no speech or novel holds, so that context has to tell what they are.

A slot is {PER} {FIRST} {LAST} (all persons), {ORG}, {LOC}, {NORP} {BELIEF} (adjectives), {GROUP} (people), or a date:
{YEAR}, {DATE} (after "until"), {PERIOD} (after "in"), {ON} (brings its own "on" or "in"), {DURATION} or {AGO}.
"""

import random
import re
from collections.abc import Callable

from gemma2_workbench.classification.labels import Entity
from gemma2_workbench.classification.words import listed, word_spans
from training.ner.names import BELIEFS, GROUPS, NATIONALITIES, ORGANISATIONS, Names

TEMPLATES = """
{PER} was born in {LOC} in {YEAR}.
{PER}, a {NORP} composer, lived in {LOC} until {YEAR}.
{PER} and {PER} founded {ORG} in {LOC} {ON}.
The {NORP} government said {ON} that it would withdraw from {LOC}.
{ORG} announced {ON} that {PER} would become its new director.
{ORG} is to close its offices in {LOC} and {LOC}.
"I never expected this," said {FIRST}, who comes from {LOC}.
{LAST} told {ORG} that the figures were wrong.
{LAST}'s lawyers declined to comment {ON}.
In {YEAR} {PER} moved from {LOC} to {LOC} and joined {ORG}.
Mr. {LAST} and Mrs. {LAST} travelled to {LOC} in {PERIOD}.
Dr. {PER} of {ORG} has studied the river for {DURATION}.
The {NORP} team lost to {ORG} in {LOC}.
{ORG} beat {ORG} 3-1 {ON}.
{PER} scored twice for {ORG} before the break.
Hello {FIRST}, are you free {ON}?
Hi {FIRST}, I will be in {LOC} until {DATE}.
Dear Mr. {LAST}, thank you for your letter of {DATE}.
Dear {FIRST}, the contract with {ORG} ends in {PERIOD}.
{FIRST} and {FIRST} are coming {ON}.
{FIRST} laughed and put down the newspaper.
Could you call {FIRST} about the meeting?
Kind regards, {PER}
Shares of {ORG} rose 4% after {ORG} raised its offer.
{ORG} reported a profit of $12 million for {DATE}.
Sales in {LOC} fell, while sales in {LOC} grew by 7%.
{ORG} has bought {ORG} for 300 million dollars.
The {NORP} company {ORG} employs 900 people in {LOC}.
{PER} has been chief executive of {ORG} since {YEAR}.
From {YEAR} to {YEAR} {PER} taught at {ORG}.
She left {LOC} {AGO} and now lives in {LOC}.
He has worked for {ORG} for {DURATION}.
The battle of {LOC} was fought in {YEAR}.
The {GROUP} reached {LOC} in {YEAR} and burned the town.
{LAST} led the {GROUP} against the {GROUP} in {YEAR}.
{GROUP} and {GROUP} live together in {LOC}.
The {NORP} army crossed {LOC} in {PERIOD}.
For {DURATION} {LOC} was ruled by the {GROUP}.
{PER} signed the treaty in {LOC} {ON}.
The bridge over {LOC} was built in {YEAR} by {ORG}.
We drove from {LOC} to {LOC} in {DURATION}.
{LOC} is famous for its {NORP} cathedral.
The road to {LOC} is closed in {PERIOD}.
We spent {DURATION} in {LOC} and then flew to {LOC}.
There are no trains between {LOC} and {LOC} {ON}.
Visit {LOC} in {PERIOD}, when the crowds are gone.
Scientists at {ORG} have measured the ice in {LOC}.
The study, led by {PER} of {ORG}, lasted {DURATION}.
A {NORP} satellite crossed {LOC} {ON}.
{LAST} discovered the element in {YEAR}.
According to {ORG}, the average has risen since {YEAR}.
Prices in {LOC} have doubled since {DATE}.
{PER}, the {BELIEF} candidate, won in {LOC}.
The {BELIEF} minority in {LOC} feels ignored.
As a {BELIEF}, {FIRST} did not eat meat {ON}.
{LOC} and {LOC} signed the agreement {ON}.
The president of {LOC} will meet {PER} {ON}.
{ORG} sent observers to {LOC} {AGO}.
Police arrested {PER} in {LOC} {ON}.
A court in {LOC} sentenced {PER} to {DURATION} in prison.
Thousands marched through {LOC} {ON}.
The flood in {LOC} killed at least nine people {AGO}.
{ORG} and {ORG} refused to answer questions.
{PER} painted {FIRST} {TIMES} between {YEAR} and {YEAR}.
{PER}'s novel is set in {LOC} in {PERIOD}.
Her mother was {NORP}, her father a {NORP} sailor.
"{FIRST}, come here!" shouted his sister.
"Have you met {PER}?" asked {FIRST}.
{FIRST} {LAST} and his wife {FIRST} kept a shop in {LOC}.
{PER} resigned from {ORG} {AGO}.
Captain {LAST} brought the ship to {LOC} in {DURATION}.
Sir {PER} spoke for {ORG}.
Professor {LAST} will speak about {LOC} {ON}.
The treaty between {LOC} and the {GROUP} lasted {DURATION}.
Rivers such as {LOC} and {LOC} flood every spring.
Flights to {LOC}, {LOC} and {LOC} were cancelled {ON}.
{LOC}, {DATE} — The talks have failed.
{PER} ({YEAR}) is a {NORP} portrait.
Is {FIRST} still at {ORG}?
Ask {FIRST} or {LAST}.
The firm was sold to {ORG} {AGO}.
By {DATE} {ORG} had lost half of its members.
{LAST}, {LAST} and {LAST} voted against the plan.
Many {GROUP} in {LOC} speak two languages.
The {NORP} minister, {PER}, denied it.
The match in {LOC} was put off until {DATE}.
It rained in {LOC}.
Nobody in {LOC} had heard of {PER}.
{ORG} was founded {AGO} by {PER} and two friends.
The best coffee in {LOC} is {NORP}.
""".strip().splitlines()

MONTHS = listed("January February March April May June July August September October November December")
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
COUNTS = listed("two three four five six seven eight ten twelve twenty thirty fifty 2 3 5 9 15 40")
UNITS = ["days", "weeks", "months", "years", "decades"]
_FIELDS = listed("Education Health Finance Justice Defence Agriculture Transport Energy Labour Culture Trade")
_TRADES = listed("Motors Bank Airlines Foods Energy Systems Industries Steel Pharma Electric Insurance Media Press")
_CLUBS = ["United", "City", "Rovers", "Tigers", "Eagles", "Hawks", "Wolves", "Wanderers"]
_ARTICLED = re.compile(
    r"(?:River|Sea|Ocean|Mountains|Islands|Peninsula|Desert|Valley|Gulf|Range|Canal|Basin|Plateau|Heights|Alps|Isles)$"
    r"|^(?:United|Republic|Gulf|Isle|Bay|Strait|District)\b"
)
_SLOT = re.compile(r"\{([A-Z]+)\}")


def _person(rng: random.Random, names: Names) -> str:
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(names.persons)
    first, last = rng.choice(names.first), rng.choice(names.last)
    if kind < 0.75:
        return f"{first} {last}"
    if kind < 0.85:
        return f"{first} {rng.choice(names.last)}-{last}" if rng.random() < 0.4 else f"{first[0]}. {last}"
    return rng.choice([first, last])


def _place(rng: random.Random, names: Names) -> str:
    place = rng.choice(names.places)
    return f"the {place}" if _ARTICLED.search(place) else place


def _town(rng: random.Random, names: Names) -> str:
    while _ARTICLED.search(place := rng.choice(names.places)):
        pass
    return place


def _organisation(rng: random.Random, names: Names) -> str:
    last, town = rng.choice(names.last), _town(rng, names)
    patterns = [
        f"the University of {town}",
        f"{town} University",
        f"{last} University",
        f"the Bank of {town}",
        f"the Ministry of {rng.choice(_FIELDS)}",
        f"the Department of {rng.choice(_FIELDS)}",
        f"the {rng.choice(NATIONALITIES)} {rng.choice(['Academy', 'Academy of Sciences', 'Red Cross', 'Parliament'])}",
        f"the National {rng.choice(['Museum', 'Library', 'Institute', 'Council', 'Guard', 'Bank'])}",
        f"the {town} {rng.choice(['Museum', 'Institute', 'Orchestra', 'Chamber of Commerce', 'Police'])}",
        f"{last} {rng.choice(_TRADES)}",
        f"{last} & {rng.choice([rng.choice(names.last), 'Sons', 'Co.'])}",
        f"{last} {rng.choice(['Inc.', 'Ltd.', 'Corp.', 'Group', 'Holdings'])}",
        f"{town} {rng.choice(_TRADES)}",
        f"{town} {rng.choice(_CLUBS)}",
        "".join(rng.choice("ABCDEFGHILMNOPRSTUW") for _ in range(rng.randint(3, 4))),
    ]
    return rng.choice(ORGANISATIONS if rng.random() < 0.45 else patterns)


def _year(rng: random.Random) -> str:
    return str(rng.randint(1500, 2029) if rng.random() < 0.3 else rng.randint(1900, 2026))


def _day(rng: random.Random) -> str:
    month, day, number = rng.choice(MONTHS), rng.choice(DAYS), rng.randint(1, 31)
    short = rng.choice(["Jan.", "Feb.", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."])
    return rng.choice(
        [day, day, day, f"{month} {number}", f"{number} {month}", f"{short} {number}", f"{day}, {month} {number}"]
        + [f"{month} {number}, {_year(rng)}", f"{number} {month} {_year(rng)}", f"the {number}th of {month}"]
    )


def _period(rng: random.Random) -> str:
    month, season, year = rng.choice(MONTHS), rng.choice(["spring", "summer", "autumn", "winter"]), _year(rng)
    return rng.choice(
        [month, month, f"{month} {year}", f"early {month}", f"late {year}", season, f"the {season} of {year}"]
        + [year, f"the {year[:3]}0s", f"the early {year[:3]}0s", f"the year {year}", f"the end of {month}"]
        + [f"the {rng.choice(['first', 'second', 'third', 'fourth'])} quarter of {year}"]
        + [f"the {rng.choice(['17th', '18th', '19th', '20th', 'eighteenth', 'last'])} century"]
    )


def _when(rng: random.Random) -> str:
    unit = rng.choice(["week", "month", "year", "summer", "winter", rng.choice(DAYS), rng.choice(MONTHS)])
    return rng.choice(["today", "tomorrow", "yesterday", *3 * [f"{rng.choice(['last', 'next', 'this'])} {unit}"]])


def _on(rng: random.Random) -> str:
    return rng.choice([f"on |{_day(rng)}", f"on |{_day(rng)}", f"in |{_period(rng)}", _when(rng)])


def _duration(rng: random.Random) -> str:
    about = rng.choice(["", "", "", "about ", "more than ", "nearly ", "at least ", "almost "])
    return f"{about}{rng.choice(COUNTS)} {rng.choice(UNITS)}"


def fillers(names: Names) -> dict[str, tuple[str, Callable[[random.Random], str]]]:
    """Returns for each slot the type of its entity ("" for none) and what draws a filling.

    What a filling holds before a | is plain text.
    """
    return {
        "PER": ("PER", lambda rng: _person(rng, names)),
        "FIRST": ("PER", lambda rng: rng.choice(names.first)),
        "LAST": ("PER", lambda rng: rng.choice(names.last)),
        "LOC": ("LOC", lambda rng: _place(rng, names)),
        "ORG": ("ORG", lambda rng: _organisation(rng, names)),
        "NORP": ("NORP", lambda rng: rng.choice(NATIONALITIES)),
        "BELIEF": ("NORP", lambda rng: rng.choice(BELIEFS)),
        "GROUP": ("NORP", lambda rng: rng.choice(GROUPS)),
        "YEAR": ("DATE", _year),
        "DATE": ("DATE", lambda rng: rng.choice([_day, _period, _when])(rng)),
        "PERIOD": ("DATE", _period),
        "ON": ("DATE", _on),
        "DURATION": ("DATE", _duration),
        "AGO": ("DATE", lambda rng: f"{_duration(rng)} {rng.choice(['ago', 'ago', 'later', 'earlier'])}"),
        "TIMES": ("", lambda rng: rng.choice(["twice", "three times", "often"])),
    }


def filled(template: str, names: Names, rng: random.Random) -> tuple[list[str], list[Entity]]:
    """Returns the words and entities of one template with fresh fillings."""
    draw, text, marks, at = fillers(names), "", [], 0
    for slot in _SLOT.finditer(template):
        kind, choose = draw[slot[1]]
        text += template[at : slot.start()]
        before, _, filling = choose(rng).rpartition("|")
        text += before
        if not text:
            filling = filling[0].upper() + filling[1:]
        if kind:
            marks.append((kind, len(text), len(text) + len(filling)))
        text += filling
        at = slot.end()
    text += template[at:]
    spans = word_spans(text)
    found = []
    for kind, start, end in marks:
        inside = [index for index, (first, last) in enumerate(spans) if first < end and last > start]
        found.append((kind, inside[0], inside[-1] + 1))
    return [text[start:end] for start, end in spans], found
