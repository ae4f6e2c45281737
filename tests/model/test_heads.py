"""Sequence and token classification: pooling, losses, labels, and the reference's numbers."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close
from transformers.utils import logging

from gemma2_workbench.model import Gemma2ForCausalLM, Gemma2ForSequenceClassification, Gemma2ForTokenClassification

close = partial(assert_close, atol=1e-4, rtol=1e-4)
SEQUENCE, TOKEN = "ForSequenceClassification", "ForTokenClassification"


@pytest.mark.parametrize("head", [SEQUENCE, TOKEN])
@pytest.mark.parametrize("labels", [1, 2, 5])
@torch.no_grad()
def test_scores_equal_the_reference(twins, token_ids, head, labels):
    ours, stock = twins(head, num_labels=labels)
    ids = token_ids(3, 9)
    mine = ours(ids, output_hidden_states=True, output_attentions=True)
    theirs = stock(ids, output_hidden_states=True, output_attentions=True)
    assert mine.logits.shape == ((3, labels) if head == SEQUENCE else (3, 9, labels))
    close(mine.logits, theirs.logits)
    close(mine.hidden_states[-1], theirs.hidden_states[-1])
    assert_close(mine.attentions[-1], theirs.attentions[-1], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("ids", "last"),
    [
        ([5, 6, 7, 8, 9, 10], 5),
        ([5, 6, 7, 0, 0, 0], 2),
        ([0, 0, 0, 5, 6, 7], 5),
        ([5, 0, 7, 0, 8, 0], 4),
        ([0, 5, 0, 0, 0, 0], 1),
        ([0, 0, 0, 0, 0, 0], 0),
    ],
)
@torch.no_grad()
def test_pools_the_rightmost_id_that_is_no_pad(twins, ids, last):
    ours, stock = twins(SEQUENCE, num_labels=3)
    batch = torch.tensor([ids, [11, 12, 13, 14, 15, 16]])
    mask = (batch != 0).long()
    for arguments in ({}, {"attention_mask": mask}):
        mine = ours(batch, **arguments).logits
        close(mine, stock(batch, **arguments).logits)
        every = ours.score(ours.model(batch, **arguments).last_hidden_state)
        assert_close(mine, torch.stack((every[0, last], every[1, 5])))


@torch.no_grad()
def test_pools_the_last_value_without_ids_or_pad_token(twins, token_ids):
    ours, stock = twins(SEQUENCE, num_labels=3)
    logging.set_verbosity_error()  # the reference warns about pooling embeddings
    ids = token_ids(2, 6)
    embeds = stock.get_input_embeddings()(ids)
    mine = ours(inputs_embeds=embeds).logits
    close(mine, stock(inputs_embeds=embeds).logits)
    assert_close(mine, ours.score(ours.model(ids).last_hidden_state)[:, -1])
    ours, stock = twins(SEQUENCE, num_labels=3, pad_token_id=None)
    one = torch.tensor([[5, 6, 0]])
    close(ours(one).logits, stock(one).logits)


@pytest.mark.parametrize("kind", [None, "regression"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_one_label_is_regression(twins, token_ids, kind, shape):
    ours, stock = twins(SEQUENCE, num_labels=1, problem_type=kind)
    ids, labels = token_ids(4, 6), torch.randn(shape)
    assert_close(ours(ids, labels=labels).loss, stock(ids, labels=labels).loss)
    assert ours.config.problem_type == kind


def test_regression_of_several_values(twins, token_ids):
    ours, stock = twins(SEQUENCE, num_labels=3, problem_type="regression")
    ids, labels = token_ids(4, 6), torch.randn(4, 3)
    assert_close(ours(ids, labels=labels).loss, stock(ids, labels=labels).loss)


@pytest.mark.parametrize("kind", [None, "single_label_classification"])
def test_whole_labels_are_classes(twins, token_ids, kind):
    ours, stock = twins(SEQUENCE, num_labels=3, problem_type=kind)
    ids = token_ids(4, 6)
    for labels in (torch.tensor([0, 2, 1, 1]), torch.tensor([0, -100, 1, -100])):
        assert_close(ours(ids, labels=labels).loss, stock(ids, labels=labels).loss)
    assert ours.config.problem_type == kind


@pytest.mark.parametrize("kind", [None, "multi_label_classification"])
def test_float_labels_are_several_classes(twins, token_ids, kind):
    ours, stock = twins(SEQUENCE, num_labels=3, problem_type=kind)
    ids, labels = token_ids(4, 6), torch.randint(0, 2, (4, 3)).float()
    assert_close(ours(ids, labels=labels).loss, stock(ids, labels=labels).loss)
    assert ours.config.problem_type == kind


def test_the_first_call_does_not_decide_the_problem_of_the_second(twins, token_ids):
    ours, _ = twins(SEQUENCE, num_labels=3)
    _, stock = twins(SEQUENCE, num_labels=3, problem_type="multi_label_classification")
    ids, several = token_ids(4, 6), torch.randint(0, 2, (4, 3)).float()
    ours(ids, labels=torch.tensor([0, 2, 1, 1]))
    assert_close(ours(ids, labels=several).loss, stock(ids, labels=several).loss)


def test_token_loss_ignores_minus_100(twins, token_ids):
    ours, stock = twins(TOKEN, num_labels=5)
    ids, labels = token_ids(2, 8), torch.randint(0, 5, (2, 8))
    labels[0, :3] = -100
    mine = ours(ids, labels=labels)
    assert_close(mine.loss, stock(ids, labels=labels).loss)
    kept = labels != -100
    assert_close(mine.loss, torch.nn.functional.cross_entropy(mine.logits[kept], labels[kept]))


def test_heads_have_the_reference_weights(twins):
    sequence, _ = twins(SEQUENCE)
    token, _ = twins(TOKEN)
    assert sequence.score.bias is None
    assert token.score.bias is not None
    assert not hasattr(sequence, "lm_head")


@pytest.mark.parametrize(
    ("setting", "rate"),
    [({}, 0.1), ({"classifier_dropout": 0.4}, 0.4), ({"hidden_dropout": 0.3}, 0.3), ({"classifier_dropout": 0.0}, 0.0)],
)
def test_token_head_drops_out_in_training_only(twins, token_ids, setting, rate):
    ours, stock = twins(TOKEN, num_labels=3, **setting)
    assert ours.dropout.p == stock.dropout.p == rate
    ids = token_ids(2, 9)
    assert torch.equal(ours(ids).logits, ours(ids).logits)
    ours.train()
    stock.train()
    torch.manual_seed(3)
    mine = ours(ids).logits
    torch.manual_seed(3)
    close(mine, stock(ids).logits)


@pytest.mark.parametrize("head", [Gemma2ForSequenceClassification, Gemma2ForTokenClassification])
@torch.no_grad()
def test_a_language_model_becomes_a_classifier(twins, token_ids, tmp_path, head):
    language_model, _ = twins()
    language_model.save_pretrained(tmp_path)
    classifier = head.from_pretrained(tmp_path, num_labels=7).eval()
    assert classifier.config.num_labels == 7
    assert classifier.config.id2label[6] == "LABEL_6"
    ids = token_ids(1, 6)
    assert classifier(ids).logits.shape[-1] == 7
    expected = language_model.model(ids).last_hidden_state
    assert_close(classifier.model(ids).last_hidden_state, expected)


def test_labels_with_names_survive_a_file(twins, tmp_path):
    names = {0: "O", 1: "B-PER", 2: "I-PER"}
    classifier, _ = twins(TOKEN, id2label=names, label2id={name: i for i, name in names.items()})
    classifier.save_pretrained(tmp_path)
    again = Gemma2ForTokenClassification.from_pretrained(tmp_path)
    assert again.config.id2label == names
    assert again.config.label2id["I-PER"] == 2
    assert_close(again.score.weight, classifier.score.weight)
    assert_close(again.score.bias, classifier.score.bias)
    back = Gemma2ForCausalLM.from_pretrained(tmp_path)
    assert_close(back.model.norm.weight, classifier.model.norm.weight)


@pytest.mark.parametrize("head", [SEQUENCE, TOKEN])
@torch.no_grad()
def test_plain_tuples(twins, token_ids, head):
    ours, _ = twins(head, num_labels=2)
    ids = token_ids(2, 6)
    labels = torch.tensor([0, 1]) if head == SEQUENCE else torch.randint(0, 2, (2, 6))
    named = ours(ids, labels=labels, output_attentions=True)
    by_argument = ours(ids, labels=labels, output_attentions=True, return_dict=False)
    ours.config.return_dict = False
    by_config = ours(ids, labels=labels, output_attentions=True)
    for plain in (by_argument, by_config):
        assert isinstance(plain, tuple)
        assert len(plain) == (4 if head == SEQUENCE else 3), "loss, logits, cache only here, maps"
        assert_close(plain[0], named.loss)
        assert_close(plain[1], named.logits)
        assert len(plain[-1]) == 4
