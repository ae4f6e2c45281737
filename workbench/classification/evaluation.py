"""`evaluate`: how well a token classifier labels a file of words whose labels are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from gemma2_workbench.classification.classifier import class_names, kind_of, label_token_of, remarks_on
from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.classification.labels import types_of
from gemma2_workbench.classification.logits import Progress
from gemma2_workbench.classification.predictions import Predictions, label
from gemma2_workbench.classification.reading import readings_of_words
from gemma2_workbench.classification.schemes import read_as_bio, scheme_of
from gemma2_workbench.classification.scores import Scores, accuracies, by_domain, class_scores, entity_scores
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.trace import ModelInfo

ENTITIES = "entities: exact words and type (seqeval, strict)"
CLASSES = "words: each class of a word by itself"
MOST_TOLD = 20


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on a file.

    Attributes:
        measure: what is counted, `ENTITIES` or (where the file or the model has plain classes) `CLASSES`.
        scores: {domain: {type or class, "ALL": scores}}; the domain "all" is the whole file.
        accuracy: share of the words with the right tag, by domain.
        tags: the predicted tags of each sentence.
        label_token: at which sub-token labels were read.
        remarks: what else one must know to read the figures, in sentences.
        sentences, words: how many.
        model: which weights.
        gold: the sentences of the file; with valid BIO tags where entities are scored.
        predicted: what the model says of each.
    """

    measure: str
    scores: dict[str, Scores]
    accuracy: dict[str, float]
    tags: list[list[str]]
    label_token: str
    remarks: tuple[str, ...]
    sentences: int
    words: int
    model: ModelInfo
    gold: tuple[Sentence, ...] = field(repr=False)
    predicted: tuple[Predictions, ...] = field(repr=False)

    @property
    def entities(self) -> bool:
        """Whether entities are scored, and not each class of a word."""
        return self.measure == ENTITIES


def evaluate(
    loaded: Classifier,
    gold: Sequence[Sentence],
    name: str,
    progress: Progress = iter,
    label_token: str | None = None,
) -> Evaluation:
    """Label the words of a file and compare with its tags.

    Args:
        loaded: a token classifier.
        gold: sentences with the right tags, in any scheme (`workbench.classification.schemes`).
        name: what to call the file in messages.
        progress: wraps the list of forward passes, as tqdm does.
        label_token: at which sub-token labels are read, as in `classify`.

    Raises:
        ValueError: the file is empty or mixes tags of a scheme with others, a sentence is too long, or the model is
            no token classifier.
    """
    if kind_of(loaded) != "token":
        raise ValueError(f"{loaded.name} labels whole texts; give a ...ForTokenClassification, such as tiny-ner")
    if not gold:
        raise ValueError(f"{name} holds no words; expected lines TOKEN<TAB>TAG")
    places = [f"{name}:{_line(sentence, 0)}" for sentence in gold]
    tags_of_gold = [sentence.tags for sentence in gold]
    bio, repairs = read_as_bio(tags_of_gold, name, lambda row, at: f"{name}:{_line(gold[row], at)}")
    entities = bio is not None and bool(scheme_of(class_names(loaded)))
    if bio is not None and entities:
        gold = [replace(sentence, tags=new) for sentence, new in zip(gold, bio, strict=True)]
    kinds, remarks = _kinds(loaded, gold, name, entities)
    remarks = [*remarks_on(loaded, label_token), *(repairs if entities else []), *remarks]
    readings = readings_of_words(loaded, [sentence.words for sentence in gold], label_token, places)
    found = label(loaded, readings, progress=progress)
    # Without entities each class counts as it is.
    tags = [list(row.tags) if entities else [row.classes[at] for at in row.best] for row in found]
    return Evaluation(
        measure=ENTITIES if entities else CLASSES,
        scores=by_domain(gold, tags, kinds, entity_scores if entities else class_scores),
        accuracy=accuracies(gold, tags),
        tags=tags,
        label_token=label_token_of(loaded, label_token),
        remarks=tuple(remarks),
        sentences=len(gold),
        words=sum(len(sentence.words) for sentence in gold),
        model=ModelInfo.of(loaded),
        gold=tuple(gold),
        predicted=found,
    )


def _kinds(
    loaded: Classifier, gold: Sequence[Sentence], name: str, entities: bool
) -> tuple[tuple[str, ...], list[str]]:
    """The types (where there are no entities to score: the classes) of model and file, and remarks on them."""
    classes = class_names(loaded)
    known = tuple(dict.fromkeys(chain.from_iterable(sentence.tags for sentence in gold)))
    without = [owner for owner, names in ((loaded.name, classes), (name, known)) if not scheme_of(names)]
    remarks = [f"{' and '.join(without)}: no BIO tags, so there are no entities to score"] if without else []
    ours, theirs = (types_of(classes), types_of(known)) if entities else (classes, known)
    for owner, kinds, others in ((loaded.name, ours, theirs), (name, theirs, ours)):
        only = [kind for kind in kinds if kind not in others]
        more = f" and {len(only) - MOST_TOLD} more" if len(only) > MOST_TOLD else ""
        remarks += [f"only {owner} knows {', '.join(only[:MOST_TOLD])}{more}"] if only else []
    return tuple(dict.fromkeys((*ours, *theirs))), remarks


def _line(sentence: Sentence, word: int) -> int | str:
    """The line of a word in its file; a question mark for sentences that come from none."""
    return sentence.lines[word] if sentence.lines else "?"
