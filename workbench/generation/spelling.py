"""Generated tokens as text, piece by piece: the text of a byte is there when its character is whole."""

from collections.abc import Iterator, Sequence
from typing import Any

from gemma2_workbench.models.tokens import Tokens, shown

# So many tokens before the first tell how it is written (a space before it or none).
_BEFORE = 8
# The bytes of the longest character: more tokens that spell nothing are no beginning of one.
_BYTES = 4
_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class Spelling:
    """Turns ids that come one after the other into text.

    Not tokenizers' `DecodeStream`, which raises at bytes that form no character; a model may well write them.

    Args:
        tokenizer: a transformers fast tokenizer.
        before: the ids that they follow.
        specials: whether special tokens are written too.
    """

    def __init__(self, tokenizer: Any, before: Sequence[int], specials: bool = False) -> None:
        self._tokenizer, self._specials = tokenizer, specials
        self._ids = [*before][-_BEFORE:]
        self._start, self._read = 0, len(self._ids)

    def add(self, token: int) -> str | None:
        """The text that one more token makes readable; None where it is the part of a character."""
        self._ids.append(token)
        held = len(self._ids) - self._read
        return None if self._new().endswith(_INCOMPLETE) and held < _BYTES else self.rest()

    def rest(self) -> str:
        """The text of what is held: a replacement character for each byte that is of no character."""
        text = self._new()
        self._start, self._read = self._read, len(self._ids)
        return text

    def _new(self) -> str:
        """The text since the last token that was read, decoded with the tokens before it."""
        return self._decoded(len(self._ids))[len(self._decoded(self._read)) :]

    def _decoded(self, stop: int) -> str:
        ids = self._ids[self._start : stop]
        return self._tokenizer.decode(ids, skip_special_tokens=not self._specials, clean_up_tokenization_spaces=False)


def joined(tokenizer: Any, prompt: Tokens, ids: Sequence[int]) -> Tokens:
    """The tokens of a prompt and of what was generated after it.

    All bytes of one character have its span, as in a text that was tokenized.

    Args:
        tokenizer: a transformers fast tokenizer.
        prompt: the tokens of the prompt.
        ids: the generated ones; their text is spelled out, special tokens too.
    """
    text, spans = prompt.text, list(prompt.spans)
    for count, part in _parts(Spelling(tokenizer, prompt.ids, specials=True), ids):
        spans += [(len(text), len(text) + len(part))] * count
        text += part
    specials = set(tokenizer.all_special_ids)
    return Tokens(
        text,
        (*prompt.ids, *ids),
        (*prompt.display, *map(shown, tokenizer.convert_ids_to_tokens(list(ids)))),
        tuple(spans),
        (*prompt.special, *(token in specials for token in ids)),
    )


def _parts(spelling: Spelling, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """How many tokens make the next part of the text, and that part."""
    held = 0
    for token in ids:
        held += 1
        part = spelling.add(token)
        if part is not None:
            yield held, part
            held = 0
    if held:
        yield held, spelling.rest()
