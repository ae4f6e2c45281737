"""The other program: stock transformers and its tokenizers on the same folder."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoTokenizer

from gemma2_workbench import Trace
from tests.robustness.fuzz.case import Answer

CLOSE = 2e-3  # probabilities, of which float32 in another order of sums changes the sixth digit


def ids_of(tokenizer: Any, text: str) -> list[int]:
    """The ids that stock transformers gives, with one BOS where the text brought its own."""
    ids = [int(token) for token in tokenizer(text)["input_ids"]]
    bos = tokenizer.bos_token_id
    return ids[1:] if bos is not None and ids[:2] == [bos, bos] else ids


def wrong_ids(tokenizer: Any, text: str, ids: list[int]) -> str | None:
    """What is wrong with the ids of a text."""
    bos, right = tokenizer.bos_token_id, ids_of(tokenizer, text)
    # A capture puts the BOS there where a tokenizer leaves it out, because the model was trained to see it.
    with_bos = right if bos is None or right[:1] == [bos] else [bos, *right]
    if ids in (right, with_bos, [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]):
        return None
    return f"other ids than the tokenizer's: {ids[:12]}, {right[:12]}"


def model_of(folder: Path) -> Any:
    """Stock transformers' model of a folder, eager, in float32; raises what transformers raises."""
    name = json.loads((folder / "config.json").read_text("utf-8"))["architectures"][0]
    cls = getattr(transformers, name)
    model, told = cls.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    if told["missing_keys"] or told.get("mismatched_keys"):
        raise ValueError(f"missing or unfit weights: {told['missing_keys']}")
    return model.eval()


def outputs(folder: Path, ids: list[int]) -> Any:
    """What stock transformers computes: logits and attention probabilities."""
    with torch.no_grad():
        return model_of(folder)(torch.tensor([ids]), output_attentions=True)


def wrong_trace(trace: Trace, folder: Path) -> str | None:
    """What is wrong with a trace of the model in a folder: its ids, or the last layer's map beside transformers'."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        found = wrong_ids(tokenizer, trace.tokens.text, list(trace.tokens.ids))
        stock = outputs(folder, list(trace.tokens.ids))
    except Exception as error:
        return f"accepted what transformers refuses ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
    if found:
        return found
    if not torch.isfinite(stock.logits).all():
        return "accepted a model that computes numbers that are not finite"
    last = len(trace.layers) - 1
    ours = torch.stack([trace.stage(last, head) for head in range(trace.heads)]).nan_to_num()
    apart = float((ours - stock.attentions[last][0]).abs().max())
    return None if apart < CLOSE else f"a map that differs from transformers' by {apart:.3g}"


def wrong_labels(record: dict[str, Any], folder: Path) -> str | None:
    """What is wrong with the JSON of `classify`: beside transformers' probabilities at the words' tokens.

    The label of a word may be read at its first or last token or from the mean of them: which one is a setting.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        read = [_read(tokenizer, folder, found["text"][s["start"] : s["end"]], s) for found, s in _sentences(record)]
        names = model_of(folder).config.id2label
    except Exception as error:
        return f"accepted what transformers refuses ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
    for word, rows in (pair for sentence in read for pair in sentence):
        choices = [logits.softmax(-1) for logits in (rows[0], rows[-1], rows.mean(0))]
        if not all(torch.isfinite(choice).all() for choice in choices):
            return "accepted a model that computes numbers that are not finite"
        told = [(names[int(choice.argmax())], float(choice.max())) for choice in choices]
        # A scheme other than BIO may be read as BIO, so labels are compared by the class alone where it stands alone.
        if not any(abs(word["confidence"] - share) < CLOSE for _, share in told):
            return f"{word['text']!r} is {word['label']} with {word['confidence']:.4f}; transformers says {told}"
    return None


def _sentences(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for found in record["inputs"]:
        for sentence in found["sentences"]:
            yield found, sentence


def _read(tokenizer: Any, folder: Path, text: str, sentence: dict[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Each word with transformers' logits [t, C] at its tokens."""
    encoded = tokenizer(text, return_offsets_mapping=True)
    ids, spans = list(encoded["input_ids"]), list(encoded["offset_mapping"])
    if tokenizer.bos_token_id is not None and ids[:2] == [tokenizer.bos_token_id] * 2:
        ids, spans = ids[1:], spans[1:]
    logits = outputs(folder, ids).logits[0]
    read = []
    for word in sentence["words"]:
        start, end = word["start"] - sentence["start"], word["end"] - sentence["start"]
        places = [at for at, (first, stop) in enumerate(spans) if first < end and stop > start]
        read.append((word, logits[places]))
    return read


def not_finite(value: Any) -> str | None:
    """The first number that is not finite in JSON."""
    if isinstance(value, dict):
        return next((found for part in value.values() if (found := not_finite(part))), None)
    if isinstance(value, list):
        return next((found for part in value if (found := not_finite(part))), None)
    return f"the number {value}" if isinstance(value, float) and not math.isfinite(value) else None


def json_out(answer: Answer) -> dict[str, Any]:
    """The JSON on stdout."""
    return json.loads(answer.out)
