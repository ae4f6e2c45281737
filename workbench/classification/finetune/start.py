"""The model that training starts from: a checkpoint's trunk with a head for the labels of the data."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma2_workbench.classification.classifier import class_names, label_token_of, remarks_on
from gemma2_workbench.classification.inputs import settings as variant_settings
from gemma2_workbench.models.gemma2.head import with_head
from gemma2_workbench.models.gemma2.source import LoadedModel

# Every matrix of a decoder layer (QLoRA, arXiv 2305.14314, section 4: all layers are needed to match full tuning).
ADAPTED = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RANK = 16


@dataclass(frozen=True)
class Start:
    """A classifier ready to be trained.

    Attributes:
        model: one of our classes, in float32.
        names: the C labels in the order of its scores.
        variant: how it reads ("causal", "echo" or "bidirectional").
        label_token: the sub-token of a word where its label is read.
        fresh: whether its head is new.
        notes: what was decided for want of a word from the checkpoint, in sentences.
    """

    model: Any
    names: tuple[str, ...]
    variant: str
    label_token: str
    fresh: bool
    notes: tuple[str, ...] = ()


def starting_point(
    loaded: LoadedModel,
    kind: str,
    labels: tuple[str, ...],
    variant: str | None = None,
    seed: int = 0,
    label_token: str | None = None,
) -> Start:
    """A classifier on the trunk of `loaded`, which is used up: its configuration changes with it.

    A checkpoint of the same kind with a head for the same labels keeps it; any other gets a new one, drawn from
    Normal(0, initializer_range).

    Args:
        loaded: any checkpoint.
        kind: "token" or "sequence".
        labels: the labels of the data.
        variant: None keeps that of a classifier; a language model becomes bidirectional for words, causal for texts.
        seed: of the new head.
        label_token: None keeps that of a token classifier, else it is "last".

    Raises:
        ValueError: a label token that does not exist, or is given for whole texts; a text classifier needs a pad
            token and there is none.
    """
    config, same = loaded.config, loaded.labels == kind
    if variant is None:
        variant = _variant(config) if loaded.labels is not None else ("bidirectional" if kind == "token" else "causal")
    if kind == "sequence" and label_token not in (None, "last"):
        raise ValueError(f"--label-token {label_token} is of words; whole texts are labelled at their last token")
    tagger = kind == "token" and same
    chosen = label_token_of(loaded, label_token) if tagger else (label_token or "last")
    keeps = same and not loaded.fresh_head and set(class_names(loaded)) == set(labels)
    notes = remarks_on(loaded, label_token) if keeps else ()
    for key, value in variant_settings(variant, chosen).items():
        setattr(config, key, value)
    if keeps:
        return Start(loaded.model, class_names(loaded), variant, chosen, fresh=False, notes=notes)
    if config.pad_token_id is None:
        config.pad_token_id = loaded.tokenizer.pad_token_id
    if kind == "sequence":
        if config.pad_token_id is None:
            raise ValueError(f"{loaded.name} has no pad token, without which the end of a text cannot be found")
        config.problem_type = "single_label_classification"
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: at for at, label in enumerate(labels)}
    return Start(with_head(loaded, kind, seed), labels, variant, chosen, fresh=True)


def _variant(config: object) -> str:
    """The variant that a classifier's configuration records."""
    if getattr(config, "workbench_input", "plain") == "echo":
        return "echo"
    return "causal" if getattr(config, "is_causal", True) else "bidirectional"


def with_adapters(start: Start, kind: str) -> Any:
    """The classifier as peft's model: every matrix gets an adapter of rank `RANK`, only these and the head learn."""
    from peft import LoraConfig, TaskType, get_peft_model

    tasks = {"token": TaskType.TOKEN_CLS, "sequence": TaskType.SEQ_CLS}
    shape = LoraConfig(task_type=tasks[kind], r=RANK, lora_alpha=2 * RANK, target_modules=ADAPTED)
    with warnings.catch_warnings():
        # peft asks for a property under the name that transformers is about to drop
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(start.model, shape)


def merged(adapted: Any, base: str, folder: Path) -> Any:
    """Writes the adapter by itself into `folder` and returns the classifier with the adapter added to its weights."""
    for shape in adapted.peft_config.values():
        shape.base_model_name_or_path = base
    # "auto" would ask the hub how large the vocabulary of the base model is
    adapted.save_pretrained(folder, save_embedding_layers=False)
    # Labels and masks of the classifier, which the base model does not know.
    config = adapted.get_base_model().config
    config.architectures = [type(adapted.get_base_model()).__name__]
    config.save_pretrained(folder)
    # a form to be filled in by hand; the card of the whole folder says what there is to say
    (folder / "README.md").unlink()
    return adapted.merge_and_unload()
