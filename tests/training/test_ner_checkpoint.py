"""The shipped tagger is what its card says."""

import json
from pathlib import Path

import pytest

from gemma2_workbench.classification.choices import VARIANTS
from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.classification.inputs import settings
from gemma2_workbench.classification.scores import entity_scores
from training.ner.card import page
from training.ner.evaluate import SPACY, TEST_NAMES, reference_scores
from training.ner.labels import TAGS, TYPES
from training.ner.silver import GOLD
from training.ner.tagger import load_tagger, predict

FOLDER = Path("model/checkpoints/tiny-ner")
EVALUATION = json.loads((FOLDER / "evaluation.json").read_text())


def test_the_files_are_small_and_complete():
    names = {path.name for path in FOLDER.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.model", "tokenizer_config.json", "README.md"} <= names
    assert (FOLDER / "model.safetensors").stat().st_size < 15_000_000


def test_the_configuration_names_the_labels_and_the_variant():
    config = json.loads((FOLDER / "config.json").read_text())
    assert config["architectures"] == ["Gemma2ForTokenClassification"]
    assert list(config["id2label"].values()) == list(TAGS)
    recorded = {key: config[key] for key in ("is_causal", "workbench_input", "workbench_label_token")}
    assert recorded in [settings(variant) for variant in VARIANTS]


def test_the_card_is_the_one_that_the_figures_give():
    assert (FOLDER / "README.md").read_text() == page(FOLDER)


def test_in_domain_scores_are_reproduced_and_reach_the_aim():
    gold = [sentence for sentence in read_conll(GOLD) if sentence.notes["domain"] == "in"]
    model, tokenizer = load_tagger(FOLDER)
    found = entity_scores(gold, predict(model, tokenizer, [sentence.words for sentence in gold]), TYPES)["ALL"]
    stored = EVALUATION["tiny-ner"][TEST_NAMES["in"]]["ALL"]
    assert found == pytest.approx(stored, abs=0.01)
    assert found["f1"] >= 0.70


def test_the_scores_of_spacy_are_those_of_its_stored_answers():
    assert EVALUATION[SPACY] == reference_scores(read_conll(GOLD))
