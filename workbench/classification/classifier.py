"""What a classifier says of itself: what it labels, its classes, at which sub-token a word's label is read."""

from gemma2_workbench.classification.choices import LABEL_TOKENS
from gemma2_workbench.classification.inputs import checked_label_token
from gemma2_workbench.classification.schemes import scheme_remark
from gemma2_workbench.models.classifier import Classifier

LABEL_TOKEN = "workbench_label_token"
_WHERE = {"first": "their first token", "last": "their last token", "mean": "all their tokens"}


def kind_of(loaded: Classifier) -> str:
    """What a model labels: "token" or "sequence".

    Raises:
        ValueError: it labels nothing (a language model), or it predicts numbers or several labels at once.
    """
    if loaded.labels is None:
        raise ValueError(
            f"{loaded.name} is a {loaded.kind}, which labels nothing; choose a checkpoint of a "
            "...ForTokenClassification or ...ForSequenceClassification, such as the embedded tiny-ner"
        )
    if loaded.labels == "token":
        return "token"
    problem = loaded.config.problem_type or "single_label_classification"
    if loaded.config.num_labels < 2 or problem != "single_label_classification":
        raise ValueError(
            f"{loaded.name} predicts {'a number' if loaded.config.num_labels < 2 else 'several labels at once'} "
            f"({problem}); labels can be read from single-label classifiers only"
        )
    return "sequence"


def class_names(loaded: Classifier) -> tuple[str, ...]:
    """The C names of a classifier's classes, in the order of its scores (`id2label`)."""
    names = {int(at): name for at, name in (loaded.config.id2label or {}).items()}
    return tuple(names.get(at, f"LABEL_{at}") for at in range(loaded.config.num_labels))


def label_token_of(loaded: Classifier, given: str | None = None) -> str:
    """At which sub-token of a word its label is read: what is given, else what config.json says, else what is usual.

    Of a classifier of whole texts: where it reads.

    Raises:
        ValueError: it is none of `LABEL_TOKENS`, or it is given for a sequence classifier, which labels no words.
    """
    if kind_of(loaded) == "sequence":
        if given not in (None, loaded.text_token):
            where = _WHERE[loaded.text_token]
            raise ValueError(f"{loaded.name} labels whole texts, at {where}; leave the label token out")
        return loaded.text_token
    if given is not None:
        return checked_label_token(given)
    said = getattr(loaded.config, LABEL_TOKEN, None)
    return (
        loaded.usual_label_token
        if said is None
        else checked_label_token(said, f"{loaded.name}: {LABEL_TOKEN} in config.json")
    )


def remarks_on(loaded: Classifier, label_token: str | None = None) -> tuple[str, ...]:
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
            f"{loaded.name} does not say at which sub-token of a word its labels are read; they were read at the "
            f"{loaded.usual_label_token} one ({LABEL_TOKEN} in config.json or --label-token chooses: "
            f"{', '.join(LABEL_TOKENS)})",
            *remark,
        )
    return remark
