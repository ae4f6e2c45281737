"""Text files as users have them: UTF-8, with one clear sentence where a file is something else."""

from pathlib import Path


def plain_text(path: Path) -> str:
    """The characters of a text file; line ends are made alike, a byte order mark is dropped.

    Raises:
        OSError: there is no such file, or it is a folder.
        ValueError: it is no UTF-8 text.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the files in it one by one, for example {path}/*.txt")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}; look at the name and the folder")
    return decoded(path.read_bytes(), str(path))


def decoded(data: bytes, name: str) -> str:
    """The characters of bytes that should be UTF-8; `name` is what to call them. As `plain_text`."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError(f"{name} is UTF-16 text; save it as UTF-8")
    if b"\0" in data:
        raise ValueError(f"{name} is a binary file, no text (byte 0x00 at position {data.index(0)}); give plain text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02x} at position {error.start}"
        raise ValueError(f"{name} is not UTF-8 text ({found}); save it as UTF-8 text first") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
