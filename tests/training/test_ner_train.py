"""Training learns, resumes exactly and exports."""

import json

import pytest
import torch

from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.model import Gemma2ForTokenClassification
from training.ner.labels import TAGS
from training.ner.tagger import load_tagger, predict
from training.ner.train import Options, Trainer

CHECKPOINT = "model/checkpoints/tiny"
DATA = [
    Sentence(["Mr.", "Bennet", "left", "London", "."], ["O", "B-PER", "O", "B-LOC", "O"]),
    Sentence(["The", "French", "came", "in", "May", "1803", "."], ["O", "B-NORP", "O", "O", "B-DATE", "I-DATE", "O"]),
]


def trainer(tmp_path, **changes):
    from pathlib import Path

    options = Options(Path(CHECKPOINT), tmp_path / "tagger", **{"steps": 6, "seed": 3, **changes})
    return Trainer(options, DATA, DATA)


def test_a_tagger_learns_two_sentences_by_heart_and_survives_export(tmp_path):
    learner = trainer(tmp_path, variant="echo", steps=60)
    learner.run(tmp_path / "state.pt")
    learner.export()
    model, tokenizer = load_tagger(tmp_path / "tagger")
    words = [sentence.words for sentence in DATA]
    assert predict(model, tokenizer, words) == [sentence.tags for sentence in DATA]


@pytest.mark.parametrize("variant", ["causal", "echo", "bidirectional"])
def test_what_is_exported_says_how_it_reads(tmp_path, variant):
    trainer(tmp_path, variant=variant).export()
    written = json.loads((tmp_path / "tagger" / "config.json").read_text())
    assert written["architectures"] == ["Gemma2ForTokenClassification"]
    assert list(written["id2label"].values()) == list(TAGS)
    assert written["is_causal"] is (variant != "bidirectional")
    assert written["workbench_input"] == ("echo" if variant == "echo" else "plain")


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path):
    whole = trainer(tmp_path)
    torch.manual_seed(5)
    whole.model.dropout.p = 0.0
    whole.run(tmp_path / "whole.pt")
    first = trainer(tmp_path)
    first.model.dropout.p = 0.0
    for step, (_, _, batch) in zip(range(3), _batches(first), strict=False):
        assert step == first.step
        first.update(batch)
    first.save(tmp_path / "half.pt")
    second = trainer(tmp_path)
    second.model.dropout.p = 0.0
    second.restore(tmp_path / "half.pt")
    second.run(tmp_path / "half.pt")
    assert second.step == whole.step == 6
    for name, weight in whole.model.named_parameters():
        torch.testing.assert_close(second.model.get_parameter(name), weight, rtol=1e-5, atol=1e-6)


def test_resuming_without_a_state_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="start without --resume"):
        trainer(tmp_path).restore(tmp_path / "none.pt")


def _batches(learner):
    from training.ner.batches import batches

    return batches(learner.rows, learner.options.tokens, learner.options.seed)


def test_the_tagger_sees_the_second_half_of_a_sentence_only_if_it_may(tmp_path):
    seen = {}
    for variant in ("causal", "echo", "bidirectional"):
        learner = trainer(tmp_path, variant=variant)
        seen[variant] = _reacts_to_the_end(learner.model.eval(), learner.tokenizer, variant == "echo")
    assert seen == {"causal": False, "echo": True, "bidirectional": True}


@torch.no_grad()
def _reacts_to_the_end(model: Gemma2ForTokenClassification, tokenizer, echo: bool) -> bool:
    from gemma2_workbench.classification.inputs import encode

    firsts = []
    for end in ("river", "senator"):
        (row,) = encode([["Washington", "is", "a", end]], tokenizer, echo)
        firsts.append(model(input_ids=torch.tensor([row.ids]), use_cache=False).logits[0, row.read[0]])
    return not torch.allclose(*firsts, atol=1e-6)
