"""`classify`: the label of every word of a text (or of the text as a whole), how sure it is, and the entities.

A word's label is the most probable class at the token where it is read; tags of a scheme are told as valid BIO
(`workbench.classification.schemes`). Letters: T tokens, W words, C classes.
"""

from collections.abc import Sequence

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classifier import class_names, kind_of, remarks_on
from gemma2_workbench.classification.logits import Progress
from gemma2_workbench.classification.predictions import label
from gemma2_workbench.classification.reading import Reading, joined, readings, readings_of_words
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.trace import ModelInfo


def classify(
    loaded: Classifier,
    text: str,
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
    label_token: str | None = None,
) -> Classification:
    """Label a text.

    Args:
        loaded: a token or sequence classifier from `load`.
        text: any text; a token classifier reads it sentence by sentence.
        interventions: changes to the model; the labels are then those of a *modified model*.
        progress: wraps the list of forward passes, as tqdm does.
        label_token: at which sub-token of a word its label is read ("first", "last", "mean": the mean of the logits of
            all); None takes what the checkpoint says.

    Raises:
        ValueError: the text has no words, a word or (of a sequence classifier) the text is too long, or the model
            labels nothing.
    """
    rows = readings(loaded, text, label_token)
    return _classification(loaded, text, rows, interventions, progress, remarks_on(loaded, label_token))


def classify_words(
    loaded: Classifier,
    sentences: Sequence[Sequence[str]],
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
    label_token: str | None = None,
    places: Sequence[str] = (),
) -> Classification:
    """Label sentences that come as words (a CoNLL file); the text is theirs, one per line. As `classify`.

    `places` are what to call the sentences in messages.
    """
    text = joined(sentences)
    if kind_of(loaded) == "token":
        rows = readings_of_words(loaded, sentences, label_token, places)
    else:
        rows = readings(loaded, text, label_token)
    return _classification(loaded, text, rows, interventions, progress, remarks_on(loaded, label_token))


def _classification(
    loaded: Classifier,
    text: str,
    rows: Sequence[Reading],
    interventions: Sequence[Intervention],
    progress: Progress,
    remarks: tuple[str, ...],
) -> Classification:
    return Classification(
        text=text,
        kind=kind_of(loaded),
        classes=class_names(loaded),
        sentences=label(loaded, rows, interventions, progress),
        model=ModelInfo.of(loaded),
        interventions=tuple(change.sentence for change in interventions),
        remarks=remarks,
    )
