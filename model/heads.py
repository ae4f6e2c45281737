"""The three heads on the trunk: language model, sequence classification, token classification."""

import torch
from torch import Tensor, nn
from transformers import GenerationMixin
from transformers.cache_utils import Cache
from transformers.loss import loss_utils
from transformers.modeling_outputs import (
    CausalLMOutputWithPast,
    SequenceClassifierOutputWithPast,
    TokenClassifierOutput,
)

from gemma2_workbench.model.base import Gemma2PreTrainedModel
from gemma2_workbench.model.caches import LegacyCache
from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.equation import softcap
from gemma2_workbench.model.gemma2 import Gemma2Model
from gemma2_workbench.model.hooks import HookPoint
from gemma2_workbench.model.inputs import check_kept, check_labels, checked_problem, reject_unknown


class Gemma2ForCausalLM(Gemma2PreTrainedModel, GenerationMixin):
    """Gemma 2 with its language-model head: next-token logits, softcapped."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}
    # Distributed: each device computes some of the logits, all of them are put together at the end.
    _tp_plan = {"lm_head": "colwise_gather_output"}
    _pp_plan: dict[str, tuple[list[str], list[str]]] = {"lm_head": (["hidden_states"], ["logits"])}
    _fsdp_plan = {"lm_head": "keep_full_weight"}

    def __init__(self, config: Gemma2Config):
        super().__init__(config)
        config = self.config
        self.model = Gemma2Model(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.final_logits, self.capped_logits = HookPoint(), HookPoint()
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | LegacyCache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | int | list[int] | None = None,
        return_dict: bool | None = None,
        cache_position: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        num_items_in_batch: int | Tensor | None = None,
        shift_labels: Tensor | None = None,
        ignore_index: int = -100,
        **unknown: object,
    ) -> CausalLMOutputWithPast | tuple[object, ...]:
        """Next-token logits [B, T, V]; the trunk's arguments as in `Gemma2Model.forward`.

        Args:
            labels: [B, T] token ids to predict (shifted inside), -100 ignored; gives the mean loss over the others.
            logits_to_keep: k for the last k positions (0: all), or a 1-D tensor of positions.
            num_items_in_batch: divides the summed loss instead of the number of labels.
            shift_labels: what each position is to predict, [B, kept positions], shifted already; counts instead of
                `labels` (sequences that are cut into pieces for several devices).
            ignore_index: the label that is ignored.

        Raises:
            ValueError, TypeError: input that cannot be computed; the sentence says what is allowed.
        """
        reject_unknown(self.forward, unknown)
        shape, vocab = self.model.check_tokens(input_ids, inputs_embeds), self.config.vocab_size
        kept = check_kept(logits_to_keep, shape[1], labels is not None and shift_labels is None)
        if labels is not None:
            check_labels(labels, shape, vocab, ignore_index)
        if shift_labels is not None:
            check_labels(shift_labels, (shape[0], kept), vocab, ignore_index, "shift_labels")
        trunk = self.model(
            input_ids, attention_mask, position_ids, past_key_values, inputs_embeds,
            use_cache, output_attentions, output_hidden_states, return_dict=True,
        )  # fmt: skip
        hidden_BTD = _kept(trunk.last_hidden_state, logits_to_keep)
        logits_BTV = self.final_logits(self.lm_head(hidden_BTD))
        logits_BTV = self.capped_logits(softcap(logits_BTV, self.config.final_logit_softcapping))
        loss = None
        if labels is not None or shift_labels is not None:
            loss = self.loss_function(
                logits_BTV, _whole(labels), vocab, num_items_in_batch=_count(num_items_in_batch),
                ignore_index=ignore_index, shift_labels=_whole(shift_labels),
            )  # fmt: skip
        output = CausalLMOutputWithPast(loss, logits_BTV, trunk.past_key_values, trunk.hidden_states, trunk.attentions)
        return output if self.returns_dict(return_dict) else output.to_tuple()

    @staticmethod
    def create_masks_for_generate(attention_mask: Tensor | None = None, **_: object) -> Tensor | None:
        """Keep the 2-D padding mask during `generate`: the layers derive their own masks from it, block by block."""
        return attention_mask


class Gemma2ForSequenceClassification(Gemma2PreTrainedModel):
    """Gemma 2 with one label (or value) per sequence, read at the last token that is no padding."""

    # transformers' Trainer would pass `num_items_in_batch`, which has no meaning for one label per row.
    accepts_loss_kwargs = False

    def __init__(self, config: Gemma2Config):
        super().__init__(config)
        config = self.config
        self.num_labels = config.num_labels or 1
        self.model = Gemma2Model(config)
        self.score = nn.Linear(config.hidden_size, self.num_labels, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | LegacyCache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | int | list[int] | None = None,
        return_dict: bool | None = None,
        cache_position: Tensor | None = None,
        **unknown: object,
    ) -> SequenceClassifierOutputWithPast | tuple[object, ...]:
        """Scores [B, num_labels]; the trunk's arguments as in `Gemma2Model.forward`.

        Args:
            labels: classes [B]; or floats [B, num_labels] (multi-label, regression), [B] for one regression value.
                The kind of problem is `config.problem_type`, or follows from num_labels and the dtype.

        Raises:
            ValueError, TypeError: input that cannot be computed; the sentence says what is allowed.
        """
        reject_unknown(self.forward, unknown)
        kind = None
        if labels is not None:
            rows_B = self.model.check_tokens(input_ids, inputs_embeds)[0]
            kind = checked_problem(labels, rows_B, self.num_labels, self.config.problem_type)
        trunk = self.model(
            input_ids, attention_mask, position_ids, past_key_values, inputs_embeds,
            use_cache, output_attentions, output_hidden_states, return_dict=True,
        )  # fmt: skip
        logits_BTC = self.score(trunk.last_hidden_state)
        rows = torch.arange(logits_BTC.shape[0], device=logits_BTC.device)
        pooled_BC = logits_BTC[rows, _last_token(input_ids, self.config.pad_token_id).to(rows.device)]
        loss = None if labels is None or kind is None else _sequence_loss(pooled_BC, labels, kind)
        output = SequenceClassifierOutputWithPast(
            loss, pooled_BC, trunk.past_key_values, trunk.hidden_states, trunk.attentions
        )
        return output if self.returns_dict(return_dict) else output.to_tuple()


class Gemma2ForTokenClassification(Gemma2PreTrainedModel):
    """Gemma 2 with one label per token (named entities, for instance)."""

    def __init__(self, config: Gemma2Config):
        super().__init__(config)
        config = self.config
        self.num_labels = config.num_labels or 1
        self.model = Gemma2Model(config)
        rates = (
            getattr(config, "classifier_dropout", None),
            getattr(config, "hidden_dropout", None),
            0.1,
        )
        self.dropout = nn.Dropout(next(rate for rate in rates if rate is not None))
        self.score = nn.Linear(config.hidden_size, self.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | LegacyCache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | int | list[int] | None = None,
        return_dict: bool | None = None,
        cache_position: Tensor | None = None,
        num_items_in_batch: int | Tensor | None = None,
        **unknown: object,
    ) -> TokenClassifierOutput | tuple[object, ...]:
        """Scores [B, T, num_labels]; the trunk's arguments as in `Gemma2Model.forward`.

        Args:
            labels: [B, T] classes, -100 ignored; gives the mean cross-entropy.
            num_items_in_batch: divides the summed loss instead of the number of labels.

        Raises:
            ValueError, TypeError: input that cannot be computed; the sentence says what is allowed.
        """
        reject_unknown(self.forward, unknown)
        if labels is not None:
            check_labels(labels, self.model.check_tokens(input_ids, inputs_embeds), self.num_labels)
        trunk = self.model(
            input_ids, attention_mask, position_ids, past_key_values, inputs_embeds,
            use_cache, output_attentions, output_hidden_states, return_dict=True,
        )  # fmt: skip
        logits_BTC = self.score(self.dropout(trunk.last_hidden_state))
        loss = None
        if labels is not None:
            flat, target = (
                logits_BTC.float().flatten(0, 1),
                labels.long().flatten().to(logits_BTC.device),
            )
            loss = loss_utils.fixed_cross_entropy(flat, target, _count(num_items_in_batch))
        output = TokenClassifierOutput(loss, logits_BTC, trunk.hidden_states, trunk.attentions)
        return output if self.returns_dict(return_dict) else output.to_tuple()


def _whole(labels: Tensor | None) -> Tensor | None:
    """Labels in the dtype that torch's losses take."""
    return None if labels is None else labels.long()


def _count(items: int | Tensor | None) -> Tensor | None:
    """A number of labels as the tensor that transformers' losses divide by; None stays None (mean)."""
    return torch.tensor(items) if isinstance(items, int) else items


def _kept(hidden_BTD: Tensor, keep: int | Tensor) -> Tensor:
    """The positions whose logits are wanted: all for 0, the last `keep`, or those of a 1-D tensor; [B, kept, D]."""
    if isinstance(keep, int):
        return hidden_BTD[:, -keep:]
    return hidden_BTD[:, keep.long()]


def _last_token(input_ids: Tensor | None, pad: int | None) -> Tensor:
    """Index of the rightmost token that is no padding, per row or one for all; 0 where a row is all padding."""
    if input_ids is None or pad is None:
        return torch.tensor(-1)
    positions = torch.arange(input_ids.shape[1], device=input_ids.device)
    return ((input_ids != pad) * positions).argmax(-1)


def _sequence_loss(pooled_BC: Tensor, labels: Tensor, kind: str) -> Tensor:
    """MSE, cross-entropy or binary cross-entropy, by the kind of problem."""
    labels = labels.to(pooled_BC.device)
    if kind == "single_label_classification":
        return loss_utils.fixed_cross_entropy(pooled_BC, labels.long().flatten())
    target = labels.reshape(pooled_BC.shape).to(pooled_BC.dtype)
    if kind == "regression":
        return nn.functional.mse_loss(pooled_BC, target)
    return nn.functional.binary_cross_entropy_with_logits(pooled_BC, target)
