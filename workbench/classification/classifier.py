"""What a classifier says of itself: what it labels, its classes, at which sub-token a word's label is read."""

from gemma2_workbench.classification.choices import LABEL_TOKENS
from gemma2_workbench.classification.inputs import checked_label_token
from gemma2_workbench.classification.schemes import scheme_remark
from gemma2_workbench.models.gemma2 import CLASSIFIERS, LoadedModel

LABEL_TOKEN = "workbench_label_token"


def kind_of(loaded: LoadedModel) -> str:
    """What a model labels: "token" or "sequence".

    Raises:
        ValueError: it labels nothing (a language model), or it predicts numbers or several labels at once.
    """
    if loaded.labels is None:
        classes = " or ".join(cls.__name__ for cls in CLASSIFIERS.values())
        raise ValueError(
            f"{loaded.name} is a {loaded.kind}, which labels nothing; choose a {classes} checkpoint, such as the "
            "embedded tiny-ner"
        )
    if loaded.labels == "token":
        return "token"
    problem = loaded.config.problem_type or "single_label_classification"
    if loaded.model.num_labels < 2 or problem != "single_label_classification":
        raise ValueError(
            f"{loaded.name} predicts {'a number' if loaded.model.num_labels < 2 else 'several labels at once'} "
            f"({problem}); labels can be read from single-label classifiers only"
        )
    return "sequence"


def class_names(loaded: LoadedModel) -> tuple[str, ...]:
    """The C names of a classifier's classes, in the order of its scores (`id2label`)."""
    names = {int(at): name for at, name in (loaded.config.id2label or {}).items()}
    return tuple(names.get(at, f"LABEL_{at}") for at in range(loaded.model.num_labels))


def label_token_of(loaded: LoadedModel, given: str | None = None) -> str:
    """At which sub-token of a word its label is read: what is given, else what config.json says, else "last".

    Raises:
        ValueError: it is none of `LABEL_TOKENS`, or it is given for a sequence classifier, which labels no words.
    """
    if kind_of(loaded) == "sequence":
        if given not in (None, "last"):
            raise ValueError(f"{loaded.name} labels whole texts, at their last token; leave the label token out")
        return "last"
    if given is not None:
        return checked_label_token(given)
    said = getattr(loaded.config, LABEL_TOKEN, None)
    return "last" if said is None else checked_label_token(said, f"{loaded.name}: {LABEL_TOKEN} in config.json")


def remarks_on(loaded: LoadedModel, label_token: str | None = None) -> tuple[str, ...]:
    """What one must know of a classifier to trust its labels, in sentences: what it does not say of itself.

    Args:
        loaded: a classifier.
        label_token: where labels are read by the reader's choice; None leaves it to the checkpoint.
    """
    if kind_of(loaded) == "sequence":
        return ()
    remark = scheme_remark(f"the classes of {loaded.name}", class_names(loaded))
    if label_token is None and getattr(loaded.config, LABEL_TOKEN, None) is None:
        return (
            f"{loaded.name} does not say at which sub-token of a word its labels are read; they were read at the last "
            f"one ({LABEL_TOKEN} in config.json or --label-token chooses: {', '.join(LABEL_TOKENS)})",
            *remark,
        )
    return remark
