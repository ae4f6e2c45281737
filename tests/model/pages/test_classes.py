"""The snippets of both documentation pages about the configuration and the classes; `run` says what is replaced."""

import pytest
import torch

from gemma2_workbench.model import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
    Gemma2Model,
)

CONFIGURATION = """
from transformers import Gemma2Model, Gemma2Config
# Initializing a Gemma2 gemma2-7b style configuration
configuration = Gemma2Config()
# Initializing a model from the gemma2-7b style configuration
model = Gemma2Model(configuration)
# Accessing the model configuration
configuration = model.config
"""
GENERATE = """
from transformers import AutoTokenizer, {cls}
model = {cls}.from_pretrained("google/gemma-2-9b")
tokenizer = AutoTokenizer.from_pretrained("google/gemma-2-9b")
prompt = "What is your favorite condiment?"
inputs = tokenizer(prompt, return_tensors="pt")
# Generate
generate_ids = model.generate(inputs.input_ids, max_length=30)
answer = tokenizer.batch_decode(generate_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)[0]
"""
ONE_LABEL = """
import torch
from transformers import AutoTokenizer, Gemma2ForSequenceClassification
tokenizer = AutoTokenizer.from_pretrained("google/gemma2-7b")
model = Gemma2ForSequenceClassification.from_pretrained("google/gemma2-7b")
inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
with torch.no_grad():
    logits = model(**inputs).logits
predicted_class_id = logits.argmax().item()
label = model.config.id2label[predicted_class_id]
# To train a model on `num_labels` classes, you can pass `num_labels=num_labels` to `.from_pretrained(...)`
num_labels = len(model.config.id2label)
model = Gemma2ForSequenceClassification.from_pretrained("google/gemma2-7b", num_labels=num_labels)
labels = torch.tensor([1])
loss = model(**inputs, labels=labels).loss
rounded = round(loss.item(), 2)
"""
SEVERAL_LABELS = """
import torch
from transformers import AutoTokenizer, Gemma2ForSequenceClassification
tokenizer = AutoTokenizer.from_pretrained("google/gemma2-7b")
model = Gemma2ForSequenceClassification.from_pretrained("google/gemma2-7b", problem_type="multi_label_classification")
inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
with torch.no_grad():
    logits = model(**inputs).logits
predicted_class_ids = torch.arange(0, logits.shape[-1])[torch.sigmoid(logits).squeeze(dim=0) > 0.5]
# To train a model on `num_labels` classes, you can pass `num_labels=num_labels` to `.from_pretrained(...)`
num_labels = len(model.config.id2label)
model = Gemma2ForSequenceClassification.from_pretrained(
    "google/gemma2-7b", num_labels=num_labels, problem_type="multi_label_classification"
)
labels = torch.sum(
    torch.nn.functional.one_hot(predicted_class_ids[None, :].clone(), num_classes=num_labels), dim=1
).to(torch.float)
loss = model(**inputs, labels=labels).loss
"""
TOKENS = """
from transformers import AutoTokenizer, Gemma2ForTokenClassification
import torch
tokenizer = AutoTokenizer.from_pretrained("google/gemma2-7b")
model = Gemma2ForTokenClassification.from_pretrained("google/gemma2-7b")
inputs = tokenizer(
    "HuggingFace is a company based in Paris and New York", add_special_tokens=False, return_tensors="pt"
)
with torch.no_grad():
    logits = model(**inputs).logits
predicted_token_class_ids = logits.argmax(-1)
# Note that tokens are classified rather then input words which means that
# there might be more predicted token classes than words.
# Multiple token classes might account for the same word
predicted_tokens_classes = [model.config.id2label[t.item()] for t in predicted_token_class_ids[0]]
labels = predicted_token_class_ids
loss = model(**inputs, labels=labels).loss
rounded = round(loss.item(), 2)
"""


def test_a_configuration_and_its_model(run):
    with torch.device("meta"):  # 2.6 thousand million numbers, none of which is stored
        left = run(CONFIGURATION)
    assert type(left["model"]) is Gemma2Model
    assert left["configuration"] is left["model"].config
    assert len(left["model"].layers) == 26


@pytest.mark.parametrize("cls", ["Gemma2ForCausalLM", "GemmaForCausalLM"])
def test_generate(run, cls):
    left = run(GENERATE.format(cls=cls))
    assert type(left["model"]) is Gemma2ForCausalLM
    assert left["answer"].startswith("What is your favorite condiment?")
    assert left["generate_ids"].shape[1] <= 30


def test_one_label(run):
    left = run(ONE_LABEL)
    assert type(left["model"]) is Gemma2ForSequenceClassification
    assert left["label"] in ("LABEL_0", "LABEL_1")
    assert left["loss"].shape == ()
    expected = torch.nn.functional.cross_entropy(left["model"](**left["inputs"]).logits, left["labels"])
    torch.testing.assert_close(left["loss"], expected)


def test_several_labels(run):
    left = run(SEVERAL_LABELS)
    assert left["labels"].shape == left["logits"].shape == (1, 2)
    logits = left["model"](**left["inputs"]).logits
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, left["labels"])
    torch.testing.assert_close(left["loss"], expected)


def test_labels_of_tokens(run):
    left = run(TOKENS)
    assert type(left["model"]) is Gemma2ForTokenClassification
    assert len(left["predicted_tokens_classes"]) == left["inputs"].input_ids.shape[1]
    assert left["loss"] < 0.7, "the labels are those that it finds likeliest of two"
