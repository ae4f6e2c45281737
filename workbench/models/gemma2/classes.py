"""The classes of Gemma 2 that a checkpoint may be of."""

from gemma2_workbench.model import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
    Gemma2Model,
)

LANGUAGE_MODEL = Gemma2ForCausalLM
CLASSIFIERS = {"token": Gemma2ForTokenClassification, "sequence": Gemma2ForSequenceClassification}
CLASSES = {cls.__name__: cls for cls in (LANGUAGE_MODEL, *CLASSIFIERS.values(), Gemma2Model)}
