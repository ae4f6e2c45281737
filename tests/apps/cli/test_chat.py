"""`chat`: turns from a pipe, commands, a template, and a conversation that has become too long."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gemma2_workbench import LoadedModel, generate, load, load_trace
from gemma2_workbench.apps.cli import main
from gemma2_workbench.generation.conversation import Conversation
from gemma2_workbench.generation.settings import Settings

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
Talk = Callable[..., tuple[int, str, str]]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Talk:
    """`talk(input, *flags)` -> exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(given: bytes, *flags: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        code = main(["chat", "--max-new-tokens", "6", *flags])
        return code, *capsys.readouterr()

    return run


def test_piped_turns_continue_the_text_of_all_of_them(talk: Talk, loaded: LoadedModel) -> None:
    code, out, err = talk(b"Anna met Bob. Later Anna\n\nThen\n!save c.json\n!trace c.safetensors\n!exit\nnot read")
    first = generate(loaded, "Anna met Bob. Later Anna", max_new_tokens=6)
    second = generate(loaded, f"Anna met Bob. Later Anna{first}\nThen", max_new_tokens=6)
    assert (code, out) == (0, f"{first}\n{second}\n")
    assert "tiny has no chat template, so it does not answer" in err
    saved = json.loads(Path("c.json").read_text())
    assert [turn["content"] for turn in saved["messages"]] == [
        "Anna met Bob. Later Anna",
        str(first),
        "Then",
        str(second),
    ]
    assert load_trace("c.safetensors").tokens == second.tokens


def test_what_cannot_be_answered_is_said_and_the_rest_goes_on(talk: Talk) -> None:
    code, out, err = talk(b"a\xfa\n!foo\n!save\n!save no/where.json\n!trace t.safetensors\n!clear now\nAnna\n")
    assert (code, out.count("\n")) == (2, 1)
    for said in (
        "line 1 of standard input is not UTF-8 text",
        "!foo is no command; !help lists them",
        "!save needs the name of a file, as in: !save chat.json",
        "there is no answer yet",
        "!clear now is no command",
    ):
        assert said in err
    Path("mine.json").write_text("mine")
    assert "mine.json is there already" in talk(b"!save mine.json\n!help\n")[2]
    assert Path("mine.json").read_text() == "mine"


def test_a_template_is_used_and_ends_a_turn(twin_folder: Callable[..., Path], loaded: LoadedModel) -> None:
    folder = twin_folder()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": TEMPLATE}))
    chat = Conversation(load(folder), Settings(max_new_tokens=5, temperature=1.0, seed=3))
    assert chat.prompt(" Hi ") == "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"
    made = chat.answer("Hi")
    assert made.tokens.ids.count(chat.loaded.tokenizer.bos_token_id) == 1
    assert chat.answer("Hi").generation.settings.seed == 4
    assert [turn["role"] for turn in chat.messages] == ["user", "assistant"] * 2
    chat.clear()
    assert (chat.messages, chat.last) == ([], None)
    assert chat.answer("Hi").tokens == made.tokens


def test_a_conversation_that_is_too_long_says_so_and_stays(twin_folder: Callable[..., Path]) -> None:
    chat = Conversation(load(twin_folder(max_position_embeddings=24)), Settings(max_new_tokens=500))
    assert chat.answer("Anna met").generation.stop in ("limit", "end")
    with pytest.raises(ValueError, match="takes at most 24, its answer included .*: !clear begins a new one"):
        chat.answer("Anna met Bob " * 9)
    assert len(chat.messages) == 2
    made = Conversation(chat.loaded, Settings(max_new_tokens=9)).answer("a", stop=lambda: True)
    assert len(made.tokens) == made.generation.start + 1
