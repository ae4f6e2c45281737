"""`work`: one block of texts through the model -> `Partial`. Nothing but the block decides its bytes."""

from collections.abc import Iterator, Sequence

from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens, tokenize
from gemma2_workbench.sweeps.corpus import Document
from gemma2_workbench.sweeps.examples import Extremes
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial, Piece
from gemma2_workbench.sweeps.reader import SweepReader
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.statistics import values_of
from gemma2_workbench.sweeps.windows import Window, windows_of
from gemma2_workbench.traces.reader import Batch, read


def work(
    loaded: Source, identity: Identity, settings: SweepSettings, number: int, documents: Sequence[Document]
) -> Partial:
    """Run the texts of a block, and fold all they give.

    Raises:
        NotFiniteError: the model computes NaN or infinity.
    """
    found = Partial.empty(identity)
    found.blocks.add(number)
    windows, texts = _windows(loaded, settings, documents, found.damaged)
    for batch in _batches(windows, settings.batch_tokens):
        rows = Batch.of([window.ids for window in batch], loaded)
        reader = SweepReader(loaded, rows, [window.since for window in batch])
        read(loaded, rows, [reader])
        for at, window in enumerate(batch):
            _fold(loaded, found, settings, window, reader, at)
    for document, piece in sorted(found.examples.texts):
        window = next(each for each in windows if (each.document, each.piece) == (document, piece))
        found.pieces[document, piece] = _piece(*texts[document], window)
    return found


def _fold(
    loaded: Source, found: Partial, settings: SweepSettings, window: Window, reader: SweepReader, at: int
) -> None:
    """Add what a window gave."""
    found.counts["windows"] += 1
    found.counts["tokens"] += len(window.ids)
    found.tally.add(window.document, values_of(reader.reading(at), loaded.layers, window.since))
    extremes: Extremes = reader.extremes(at)
    found.examples.add(extremes, window.document, window.piece, settings.seed)


def _windows(
    loaded: Source, settings: SweepSettings, documents: Sequence[Document], damaged: dict[int, str]
) -> tuple[list[Window], dict[int, tuple[Document, Tokens]]]:
    """The windows of all texts that can be read, and their tokens."""
    windows: list[Window] = []
    texts: dict[int, tuple[Document, Tokens]] = {}
    for document in documents:
        if document.text is None:
            damaged[document.number] = f"{document.name}: {document.problem}"
            continue
        try:
            tokens = tokenize(loaded.tokenizer, document.text)
        except ValueError as error:
            damaged[document.number] = f"{document.name}: {error}"
            continue
        texts[document.number] = document, tokens
        windows += windows_of(document.number, tokens, settings)
    return windows, texts


def _batches(windows: Sequence[Window], most: int) -> Iterator[list[Window]]:
    """Windows of like lengths together; the longest first, so that memory runs out early or never."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda each: (-len(each.ids), each.document, each.piece)):
        if batch and len(batch[0].ids) * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _piece(document: Document, tokens: Tokens, window: Window) -> Piece:
    """The part of a text that a window holds."""
    head = 1 if window.start > 0 else 0
    stop = window.start + len(window.ids) - head
    spans = [span for span in tokens.spans[window.start : stop] if span[1] > span[0]]
    text = tokens.text[spans[0][0] : spans[-1][1]] if spans else ""
    return Piece(document.name, text, tokens.display[:head] + tokens.display[window.start : stop])
