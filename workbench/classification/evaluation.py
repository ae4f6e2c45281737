"""`evaluate`: how well a token classifier labels a file of words whose labels are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.classification.conll import Sentence
from workbench.classification.labelled import label
from workbench.classification.labels import is_bio, is_bio_scheme, repaired, types_of
from workbench.classification.logits import Progress
from workbench.classification.reading import class_names, kind_of, readings_of_words
from workbench.classification.scores import Scores, accuracies, by_domain, class_scores, entity_scores
from workbench.loading import LoadedModel
from workbench.trace import ModelInfo

ENTITIES = "entities: exact words and type (seqeval, strict)"
CLASSES = "words: each class of a word by itself"


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on a file.

    Attributes:
        measure: what is counted, `ENTITIES` or (where the file or the model has no BIO tags) `CLASSES`.
        scores: {domain: {type or class, "ALL": scores}}; the domain "all" is the whole file.
        accuracy: share of the words with the right tag, by domain.
        tags: the predicted tags of each sentence.
        remarks: what else one must know to read the figures, in sentences.
        sentences, words: how many.
        model: which weights.
    """

    measure: str
    scores: dict[str, Scores]
    accuracy: dict[str, float]
    tags: list[list[str]]
    remarks: tuple[str, ...]
    sentences: int
    words: int
    model: ModelInfo


def evaluate(loaded: LoadedModel, gold: Sequence[Sentence], name: str, progress: Progress = iter) -> Evaluation:
    """Label the words of a file and compare with its tags.

    Args:
        loaded: a token classifier.
        gold: sentences with the right tags. IOB1 tags (an entity begins with I-) are read as what they mean.
        name: what to call the file in messages.
        progress: wraps the list of forward passes, as tqdm does.

    Raises:
        ValueError: the file is empty or mixes BIO tags with others, a sentence is too long, or the model is no token
            classifier.
    """
    if kind_of(loaded) != "token":
        raise ValueError(f"{loaded.name} labels whole texts; give a Gemma2ForTokenClassification, such as tiny-ner")
    if not gold:
        raise ValueError(f"{name} holds no words; expected lines TOKEN<TAB>TAG")
    _check_one_scheme(gold, name)
    entities, kinds, remarks = _kinds(loaded, gold, name)
    if entities:
        gold, repairs = _as_bio(gold, name)
        remarks = repairs + remarks
    try:
        readings = readings_of_words(loaded, [sentence.words for sentence in gold])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    found = label(loaded, readings, progress=progress)
    tags = [list(labelled.tags) for labelled in found]
    return Evaluation(
        measure=ENTITIES if entities else CLASSES,
        scores=by_domain(gold, tags, kinds, entity_scores if entities else class_scores),
        accuracy=accuracies(gold, tags),
        tags=tags,
        remarks=tuple(remarks),
        sentences=len(gold),
        words=sum(len(sentence.words) for sentence in gold),
        model=ModelInfo.of(loaded),
    )


def _kinds(loaded: LoadedModel, gold: Sequence[Sentence], name: str) -> tuple[bool, tuple[str, ...], list[str]]:
    """Whether there are entities to score, the types (else classes) of model and file, and remarks on them."""
    classes, known = class_names(loaded), tuple(dict.fromkeys(tag for sentence in gold for tag in sentence.tags))
    without = [owner for owner, names in ((loaded.name, classes), (name, known)) if not is_bio_scheme(names)]
    remarks = [f"{' and '.join(without)}: no BIO tags, so there are no entities to score"] if without else []
    ours, theirs = (classes, known) if without else (types_of(classes), types_of(known))
    for owner, kinds, others in ((loaded.name, ours, theirs), (name, theirs, ours)):
        only = [kind for kind in kinds if kind not in others]
        remarks += [f"only {owner} knows {', '.join(only)}"] if only else []
    return not without, tuple(dict.fromkeys((*ours, *theirs))), remarks


def _check_one_scheme(gold: Sequence[Sentence], name: str) -> None:
    """Raises ValueError where some tags are BIO and others are not: a slip, or another scheme such as BIOES."""
    tags = [(tag, line) for sentence in gold for tag, line in zip(sentence.tags, _lines(sentence), strict=True)]
    others = [found for found in tags if not is_bio(found[0])]
    inside = [found for found in tags if is_bio(found[0]) and found[0] != "O"]
    if others and inside:
        (bad, at), (good, there) = others[0], inside[0]
        raise ValueError(
            f"{name}:{at}: the tag {bad!r} is not BIO while others are ({good!r} in line {there}); allowed are O, "
            "B-TYPE and I-TYPE (of BIOES, write S- as B- and E- as I-)"
        )


def _as_bio(gold: Sequence[Sentence], name: str) -> tuple[list[Sentence], list[str]]:
    """The sentences with valid tags, and a remark where some were not."""
    valid = [replace(sentence, tags=repaired(sentence.tags)) for sentence in gold]
    changed = [
        line
        for before, after in zip(gold, valid, strict=True)
        for was, now, line in zip(before.tags, after.tags, _lines(before), strict=True)
        if was != now
    ]
    if not changed:
        return valid, []
    return valid, [
        f"{len(changed)} entities of {name} begin with I- instead of B- (the first in line {changed[0]}); they were "
        "read as IOB1, each as if it began with B-"
    ]


def _lines(sentence: Sentence) -> Sequence[int | str]:
    """The line of each word in its file; a question mark for sentences that come from none."""
    return sentence.lines or ["?"] * len(sentence.words)
