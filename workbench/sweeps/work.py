"""`work`: one block of texts through the model -> `Partial`. Nothing but the block decides its bytes."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gemma2_workbench.heads.random_repeats import random_repeats
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import Tokens, shown_ids, tokenize
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial, Piece
from gemma2_workbench.sweeps.readers import sweep_reader
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.texts.blocks import Document, Drawn
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
    windows, texts = windows_in(loaded, settings, documents, found.damaged)
    for batch in batches(windows, settings.batch_tokens, alike=not is_causal(loaded)):
        fold(loaded, found, settings, batch)
    places = {(window.document, window.piece): window for window in windows}
    for key in sorted(found.examples.texts):
        found.pieces[key] = _piece(*texts[key[0]], places[key])
    return found


def fold(loaded: Source, found: Partial, settings: SweepSettings, batch: Sequence[Window]) -> None:
    """Run a batch, and add what it gave."""
    rows = rows_of(batch, loaded)
    reader = sweep_reader(loaded, rows, [window.since for window in batch])
    read(loaded, rows, [reader])
    found.counts["windows"] += len(batch)
    found.counts["tokens"] += sum(rows.lengths)
    found.tally.add([window.document for window in batch], reader.reading())
    found.examples.add(reader.extremes(), [(window.document, window.piece) for window in batch], settings.seed)


def is_causal(loaded: Source) -> bool:
    """Whether no query of any layer sees what stands behind it, which padding does."""
    return all(layer.causal for layer in loaded.layers)


def rows_of(batch: Sequence[Window], loaded: Source) -> Batch:
    """The ids of a batch, padded."""
    return replace(Batch.of([window.ids for window in batch], loaded), masked=not is_causal(loaded))


def windows_in(
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
            tokens = _tokens(loaded.tokenizer, document.text)
        except ValueError as error:
            damaged[document.number] = f"{document.name}: {error}"
            continue
        texts[document.number] = document, tokens
        windows += windows_of(document.number, tokens, settings)
    return windows, texts


def _tokens(tokenizer: Any, text: str | Drawn) -> Tokens:
    """The tokens of a text; random ones are looked up here."""
    if isinstance(text, str):
        return tokenize(tokenizer, text)
    seed = int.from_bytes(hashlib.sha256(f"repeats {text.seed} {text.number}".encode()).digest()[:7], "big")
    (ids,) = random_repeats(tokenizer, 1, text.length, seed)
    return shown_ids(tokenizer, ids)


def batches(windows: Sequence[Window], most: int, alike: bool = False) -> Iterator[list[Window]]:
    """Windows of like lengths together; the longest first, so that memory runs out early or never.

    Args:
        windows: of some texts.
        most: tokens of a batch, padding included.
        alike: whether a batch may hold windows of one length only.
    """
    batch: list[Window] = []
    for window in sorted(windows, key=lambda each: (-len(each.ids), each.document, each.piece)):
        longest = len(batch[0].ids) if batch else 0
        if batch and (longest * (len(batch) + 1) > most or alike and len(window.ids) < longest):
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
