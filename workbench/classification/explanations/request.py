"""`Request`: a text, one of its words or entities, and what is asked about it."""

from dataclasses import dataclass

from gemma2_workbench.classification.choices import EXPLANATIONS, FORMER_NAMES, LABELS, METHODS, UNITS
from gemma2_workbench.classification.inputs import checked_label_token
from gemma2_workbench.traces.interventions import Intervention


@dataclass(frozen=True)
class Request:
    """What is asked; None leaves it to the model.

    Attributes:
        text: the text.
        show: an explanation (`EXPLANATIONS`), or the labels themselves (`LABELS`), which are of no word.
        word: number of the word, from 0 through all sentences of the text, or the word itself, the first of its kind;
            None is the first word of the first entity, or word 0; with `entity` that of the least certain entity.
        entity: whether the entity that the word belongs to is explained, as a whole.
        label, against: classes (of an entity types); None is the most probable one, and the next best.
        method: of the saliency, one of `METHODS`.
        per: what the saliency is of, one of `UNITS`.
        layer, head: of the attention; None is the head with the largest effect.
        swap: of the swap: the word that others take the place of, as `word`.
        by: of the swap: those words.
        changes: what is changed in the model.
        label_token: at which sub-token labels are read, one of `LABEL_TOKENS`; None is what the checkpoint says.

    Raises:
        ValueError: there is no such thing to show, no such method, unit or label token.
    """

    text: str
    show: str = "saliency"
    word: int | str | None = None
    label: str | None = None
    against: str | None = None
    method: str = METHODS[0]
    layer: int | None = None
    head: int | None = None
    changes: tuple[Intervention, ...] = ()
    label_token: str | None = None
    entity: bool = False
    per: str = UNITS[0]
    swap: int | str | None = None
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        for name, given, allowed, former in (
            ("show", self.show, (*EXPLANATIONS, *LABELS), FORMER_NAMES),
            ("method", self.method, METHODS, ()),
            ("per", self.per, UNITS, ()),
        ):
            if given not in allowed and given not in former:
                raise ValueError(f"{name} {given!r} is unknown; choose from {', '.join(allowed)}")
        if self.label_token is not None:
            checked_label_token(self.label_token)
        if (self.layer is None) != (self.head is None):
            raise ValueError("a head is named by its layer and its head; give both, or none")

    @property
    def explains(self) -> bool:
        """Whether an explanation is asked for, and not the labels themselves."""
        return self.show not in LABELS
