"""The language-model loss: shifted inside, -100 ignored, float32, equal to the reference."""

import pytest
import torch
from torch.testing import assert_close


@pytest.fixture
def labelled(token_ids):
    """Ids and labels [2, 9] of which some are -100."""
    ids = token_ids(2, 9)
    labels = ids.clone()
    labels[0, :4] = -100
    labels[1, 7] = -100
    return ids, labels


def test_loss_equals_the_reference(twins, labelled):
    ours, stock = twins()
    ids, labels = labelled
    mine = ours(ids, labels=labels)
    assert_close(mine.loss, stock(ids, labels=labels).loss)
    assert mine.loss.shape == ()


def test_loss_is_the_mean_over_kept_shifted_labels(twins, labelled):
    ours, _ = twins()
    ids, labels = labelled
    output = ours(ids, labels=labels)
    log_probs = output.logits[:, :-1].log_softmax(-1)
    kept = labels[:, 1:] != -100
    targets = labels[:, 1:].clamp(min=0)
    picked = log_probs.gather(-1, targets[..., None])[..., 0]
    assert_close(output.loss, -picked[kept].mean())


def test_labels_without_ids_for_embeds(twins, labelled):
    ours, stock = twins()
    ids, labels = labelled
    embeds = stock.get_input_embeddings()(ids)
    mine = ours(inputs_embeds=embeds, labels=labels)
    assert_close(mine.loss, stock(inputs_embeds=embeds, labels=labels).loss)


@pytest.mark.parametrize("count", [5, torch.tensor(11)])
def test_num_items_in_batch_replaces_the_mean(twins, labelled, count):
    ours, stock = twins()
    ids, labels = labelled
    arguments = {"labels": labels, "num_items_in_batch": count}
    mine = ours(ids, **arguments).loss
    assert_close(mine, stock(ids, **arguments).loss)
    kept = (labels[:, 1:] != -100).sum()
    assert_close(mine, ours(ids, labels=labels).loss * kept / count)


def test_loss_is_float32_in_bfloat16_models(twins, labelled):
    ours, _ = twins()
    ids, labels = labelled
    output = ours.to(torch.bfloat16)(ids, labels=labels)
    assert output.loss.dtype == torch.float32
    assert output.logits.dtype == torch.bfloat16


def test_labels_that_are_all_ignored_give_nan_or_zero_but_no_crash(twins, token_ids):
    ours, _ = twins()
    loss = ours(token_ids(1, 5), labels=torch.full((1, 5), -100)).loss
    assert loss.isnan() or loss == 0
