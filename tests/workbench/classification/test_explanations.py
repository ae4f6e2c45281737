"""Every explanation, one added from outside included: table, picture and sentence, on the command line and again."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from gemma2_workbench import AblateHead, LoadedModel, SetCausal, applied, classify
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.choices import EXPLANATIONS
from gemma2_workbench.classification.explanations import (
    Explanation,
    Request,
    Target,
    answered,
    entity_target,
    faithfulness,
    head_effects,
    leave_one_out,
    saliency,
    swap,
    target_of,
)
from gemma2_workbench.classification.predictions import label
from gemma2_workbench.figures import screen
from gemma2_workbench.figures.spec import Bars

TEXT = "They sailed from Jordan to New York. 👩‍👩‍👧 Ω met Emma\u200b in \x1b[31mParis."
JORDAN = "In May 1854 the French sailed from Jordan to the coast of Egypt, and Mr. Bennet told the Senate."


@dataclass(frozen=True)
class Toy(Explanation):
    """How many tokens the sentence has."""

    TITLE = "A toy"
    count: int

    @classmethod
    def of(cls, loaded: LoadedModel, target: Target, request: Request) -> "Toy":
        return cls(len(target.reading.tokens))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame({"tokens": [self.count]})

    def printed(self) -> pd.DataFrame:
        return self.table()

    def figure(self) -> Bars:
        return Bars(("tokens",), self.table()["tokens"].to_numpy(dtype=float), "tokens")

    @property
    def sentence(self) -> str:
        return f"The sentence has {self.count} tokens."


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXPLANATIONS, "toy", f"{__name__}:Toy")


@pytest.mark.parametrize("show", [*EXPLANATIONS, "toy"])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.usefixtures("toy")
def test_every_explanation(tagger: LoadedModel, sorter: LoadedModel, show: str, whole: bool):
    more = {"swap": "to", "by": ("by", "New York", "🚀")} if show == "swap" else {}
    request = Request(TEXT, show, "New", entity=whole, changes=(AblateHead(0, 1),), **more)
    answers = [answered(tagger, request)]
    if not whole:
        found = classify(sorter, TEXT)
        answers.append(answered(sorter, replace(request, word=None, changes=()), found))
    for answer in answers:
        assert answer.explanation is not None
        assert answer.table.equals(answer.explanation.table())
        assert len(answer.table) > 0
        assert answer.explanation.printed().columns.is_unique
        assert answer.explanation.TITLE
        assert answer.sentence.endswith(".")
        assert screen.render(answer.figure()).data
        assert ("modified model" in answer.figure().title) == bool(answer.request.changes)


@pytest.mark.parametrize(
    "words",
    [
        ["--show", "toy"],
        ["--show", "swap", "--word", "Jordan", "--swap", "from", "--by=with", "--by=-x", "--entity"],
        ["--show", "faithfulness", "--method", "gradient_x_input"],
        ["--show", "masks"],
        ["--per", "all", "--entity"],
        ["--show", "removals", "--entity", "--against", "PER"],
    ],
    ids=lambda words: words[1],
)
@pytest.mark.usefixtures("toy")
def test_the_command_writes_it_and_redraw_makes_it_again(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["why", JORDAN, *words, "--out", "a.csv"]) == 0, capsys.readouterr().err
    assert main(["redraw", "a.csv.json"]) == 0
    assert "same bytes" in capsys.readouterr().out


def test_the_least_certain_entity_and_its_reason(tagger: LoadedModel):
    found = classify(tagger, JORDAN)
    assert found.uncertain == min(found.entities, key=lambda entity: entity.margin)
    answer = answered(tagger, Request(JORDAN, "leave_one_out", entity=True), found)
    assert answer.request.word == found.uncertain.first
    assert answer.sentence.startswith("Jordan is LOC because of from: without it PER 0.98.")
    egypt = leave_one_out(tagger, entity_target(found.sentences[0], 4))
    assert egypt.because.endswith("; no single word changes it.")
    with pytest.raises(ValueError, match="'sailed' is in no entity"):
        entity_target(found.sentences[0], 5)
    with pytest.raises(ValueError, match="no type 'CITY'; its types: O, PER"):
        entity_target(found.sentences[0], 7, "CITY")


def test_an_entity_is_the_sum_of_its_words(tagger: LoadedModel):
    (predicted,) = classify(tagger, "They sailed from Jordan to New York.").sentences
    whole = entity_target(predicted, 6)
    assert (whole.text, whole.label) == ("New York", "LOC")
    words = [
        target_of(predicted, word, *(predicted.classes[at] for at in pair))
        for word, pair in zip(whole.words, whole.pairs, strict=True)
    ]
    one, parts = saliency(tagger, whole, steps=32), [saliency(tagger, word, steps=32) for word in words]
    assert one.score == pytest.approx(sum(part.score for part in parts), abs=1e-4)
    assert torch.allclose(one.values, sum(part.values for part in parts), atol=1e-3)
    units = {text: value for text, _, value in one.units}
    assert units["New York"] == pytest.approx(float(one.by_word[5:7].sum()))
    assert sum(units.values()) == pytest.approx(float(one.values.sum()), abs=1e-3)
    table = one.table("all")
    assert table.groupby("per")["value"].sum().tolist() == pytest.approx([float(one.values.sum())] * 3, abs=1e-3)
    without = leave_one_out(tagger, whole)
    assert [row.word for row in without.rows] == [0, 1, 2, 3, 4, 7]


def test_a_swap_equals_labelling_the_other_sentence(tagger: LoadedModel):
    target = target_of(classify(tagger, JORDAN).sentences[0], 7)
    rows = swap(tagger, target, 6, ["with", "near"]).rows
    assert [row.label_after for row in rows] == ["B-LOC", "B-PER", "B-LOC"]
    for row, word in zip(rows, ("from", "with", "near"), strict=True):
        assert row.read == JORDAN.replace("from", word)
        probs_C = classify(tagger, row.read).sentences[0].probs[7]
        by_name = dict(zip(target.classes, probs_C.tolist(), strict=True))
        assert (row.p_label, row.p_against) == pytest.approx((by_name["B-LOC"], by_name["B-PER"]), abs=1e-4)
    assert swap(tagger, target, 7, ["Rome"]).rows[1].label_after == "B-LOC"
    for word, by in ((99, ["a"]), (6, []), (6, [" "]), (6, ["\ud800"]), (6, ["long " * 9000])):
        with pytest.raises(ValueError, match=r"does not exist|by other words|Unicode|takes at most"):
            swap(tagger, target, word, by)


@pytest.mark.parametrize("causal", [False, True])
def test_faithfulness_blanks_the_tokens_that_the_saliency_names(tagger: LoadedModel, causal: bool):
    predicted = classify(tagger, JORDAN, interventions=[SetCausal(causal)]).sentences[0]
    with applied(tagger, [SetCausal(causal)]) as changed:
        target = target_of(predicted, 7)
        values = saliency(changed, target, steps=8)
        found = faithfulness(changed, values, draws=20)
        again = faithfulness(changed, values, draws=20)
        ids, spans = list(target.reading.tokens.ids), target.reading.tokens.spans
        start, end = target.span
        seen = [
            at
            for at, (first, stop) in enumerate(spans)
            if first < stop and not (first < end and stop > start) and (not causal or at <= target.positions[-1])
        ]
        row = found.rows[-1]
        assert (row.of, row.tokens) == (len(seen), -(-len(seen) // 5))
        for at in sorted(seen, key=lambda at: -float(values.values[at]))[: row.tokens]:
            ids[at] = tagger.tokenizer.convert_tokens_to_ids("▁")
        blanked = replace(target.reading, tokens=replace(target.reading.tokens, ids=tuple(ids)))
        score = target.score(label(changed, [blanked])[0].word_logits[7])
    assert row.drop == pytest.approx(target.score(predicted.word_logits[7]) - score, abs=1e-3)
    assert found.rows == again.rows
    assert all(one.random_10 <= one.random_90 for one in found.rows)
    assert causal or row.drop > row.random_mean
    with pytest.raises(ValueError, match="no token to blank"):
        faithfulness(tagger, saliency(tagger, target_of(classify(tagger, "Paris").sentences[0], 0), steps=1))


def test_only_the_heads_that_are_asked_for(tagger: LoadedModel):
    target = target_of(classify(tagger, JORDAN).sentences[0], 7)
    every, some = head_effects(tagger, target), head_effects(tagger, target, [(4, 5), (0, 1)])
    measured = ~some.effects.isnan()
    assert measured.nonzero().tolist() == [[0, 1], [4, 5]]
    assert torch.allclose(some.effects[measured], every.effects[measured], atol=1e-4)
    assert [(row.layer, row.head) for row in some.ranked()] == [(4, 5), (0, 1)]
    assert len(some.table()) == 2
    assert screen.render(some.figure()).data
