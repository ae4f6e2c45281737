"""transformers' own model tests over four Gemma 2 classes: ours, or with CLASSES=stock transformers' own.

Copied beside `test_modeling_common.py` of transformers' source package by `python -m tests.upstream`.
"""

import os
import unittest

import torch
import transformers

from gemma2_workbench import model as ours
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer

from .generation.test_utils import GenerationTesterMixin
from .test_modeling_common import ModelTesterMixin

SOURCE = transformers if os.environ.get("CLASSES") == "stock" else ours
HEADS = ("Model", "ForCausalLM", "ForSequenceClassification", "ForTokenClassification")
ROWS, TOKENS, VOCABULARY = 3, 7, 99

# Ours return maps and states without transformers' recorder; some tests ask for its table before they run.
ours.Gemma2Model._can_record_outputs = {"hidden_states": Gemma2DecoderLayer, "attentions": Gemma2Attention}


class Tester:
    """What the tests need of a model: a small configuration, and inputs for it."""

    __test__ = False
    batch_size, seq_length = ROWS, TOKENS
    num_hidden_layers, hidden_size, num_attention_heads, num_labels = 2, 32, 2, 3
    is_training = True
    base_model_class = SOURCE.Gemma2Model
    causal_lm_class = SOURCE.Gemma2ForCausalLM

    def get_config(self):
        return SOURCE.Gemma2Config(
            vocab_size=VOCABULARY,
            hidden_size=self.hidden_size,
            intermediate_size=37,
            num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads,
            num_key_value_heads=2,
            head_dim=16,
            max_position_embeddings=512,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            num_labels=self.num_labels,
        )

    def prepare_config_and_inputs_for_common(self):
        ids = torch.randint(3, VOCABULARY, (ROWS, TOKENS))
        return self.get_config(), {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


class Gemma2Test(ModelTesterMixin, GenerationTesterMixin, unittest.TestCase):
    all_model_classes = tuple(getattr(SOURCE, f"Gemma2{head}") for head in HEADS)
    # Else the test goes by the year in the licence on top of the file of the configuration.
    test_can_init_all_missing_weights_before_2023 = True

    def setUp(self):
        self.model_tester = Tester()
