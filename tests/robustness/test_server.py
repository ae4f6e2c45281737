"""Addresses and accounts that make no sense: one sentence and exit 2, before anything starts."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import main, parser
from gemma2_workbench.apps.cli.accounts import accounts
from gemma2_workbench.apps.cli.server import serving


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is listened on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a command ends with."""
    assert main(arguments) == 2
    out, said = capsys.readouterr()
    assert (out, said.count("\n")) == ("", 1)
    return said.removeprefix("gemma2-workbench: ")


@pytest.mark.parametrize("command", ["app", "bench"])
@pytest.mark.parametrize("port", ["80000", "0", "-1", "x", "1.5", "", "٣", "9" * 5000, "7860 ", "65536"])
def test_a_port_is_a_number_of_its_range(command: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is no port: give a number from 1 to 65535" in refused(capsys, command, f"--port={port}")


def test_the_port_of_the_environment_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "80000")
    assert refused(capsys, "app").startswith("GRADIO_SERVER_PORT '80000' is no port")


def test_a_taken_port_is_said(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "app", "--port", str(taken)).startswith(
        f"port {taken} is taken on 127.0.0.1: choose another"
    )


@pytest.mark.parametrize("host", ["", "no such host", "a\0b", "localhost:7860", "http://localhost", "é" * 100])
def test_a_host_is_an_address_of_this_machine(
    host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "is no address of this machine: give 127.0.0.1" in refused(capsys, "app", "--host", host)


def test_an_address_of_another_machine_is_none_to_listen_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: elsewhere)
    assert "is no address of this machine" in refused(capsys, "bench", "--host", "192.0.2.1")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("emma", "--auth is not USER:PASSWORD"),
        (":secret", "--auth is not USER:PASSWORD"),
        ("emma:", "--auth is not USER:PASSWORD"),
        ("", "is not a file with lines"),
        ("a:b\nc", "--auth is not USER:PASSWORD"),
        ("\udcff:x", "--auth is not USER:PASSWORD"),
        (".", "is not a file with lines"),
    ],
)
def test_accounts_that_are_none(given: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(capsys, "app", f"--auth={given}")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (b"# nobody\n\n", "names no user"),
        (b"emma:secret\nemma:other\n", "line 2 of .* names the user 'emma' again"),
        (b"emma:secret\nsecret\n", "line 2 of .* is not USER:PASSWORD"),
        (b"\xff\xfe\x00", "not a text file in UTF-8"),
    ],
)
def test_files_of_accounts_that_are_none(lines: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "users").write_bytes(lines)
    (tmp_path / "users").chmod(0o600)
    with pytest.raises(ValueError, match=words) as error:
        accounts(str(tmp_path / "users"))
    assert "secret" not in str(error.value)


def test_accounts_of_a_file_and_of_a_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "users"
    file.write_bytes("\ufeff# ours\nemma:pass: wörd \r\nknightley:x\n".encode())
    file.chmod(0o644)
    assert accounts(str(file)) == {"emma": "pass: wörd ", "knightley": "x"}
    assert "`chmod 600` keeps it yours" in capsys.readouterr().err
    assert accounts("a:b:c") == {"a": "b:c"}
    assert accounts(None) == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--model", "./nothing-here"], "there is no folder"),
        (["--models", "tiny", "/no/such/folder"], "there is no folder"),
        (["--dtype", "float8"], "use float32, bfloat16 or float16"),
        (["--model", "tests"], "there is no config.json in"),
    ],
)
@pytest.mark.parametrize("command", ["app", "bench"])
def test_a_page_of_no_model_does_not_start(
    command: str, given: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for app in ("explorer", "token_classification"):
        monkeypatch.setitem(sys.modules, f"gemma2_workbench.apps.{app}.app", None)  # nothing is started
    assert words in refused(capsys, command, *given)


def test_what_is_right_is_handed_on() -> None:
    options = parser().parse_args(["bench", "--host", "::1", "--models", "tiny", "tiny-ner", "--names", "lab.example"])
    options.host = "localhost"
    assert serving(options) == {
        "model": None,
        "dtype": None,
        "device": None,
        "quantize": None,
        "browser": False,
        "models": ["tiny", "tiny-ner"],
        "names": ["lab.example"],
        "host": "localhost",
        "port": None,
        "accounts": {},
        "memory": None,
    }
