"""Reading a record from the sidecar or from inside the file; foreign, cut off and newer ones are refused.

A record is data from anywhere. It is checked before anything is done with it, and its command is never run.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.comparing import differences
from gemma2_workbench.records.embedded import READERS, embedded_record
from gemma2_workbench.records.json_text import MOST_BYTES, parsed
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.recipes import recipe_of
from gemma2_workbench.records.record import TOOL, VERSION
from gemma2_workbench.records.schema import FilePart
from gemma2_workbench.records.values import said


@dataclass(frozen=True)
class StoredRecord:
    """A record that was checked, and the file that it is about.

    Attributes:
        record: as JSON holds it.
        checked: the same, as the schema of its recipe has it.
        file: the file, which need not be there.
        sha256: checksum that the file had.
        beside: where the record inside the file and the one beside it say different things.
    """

    record: JsonObject
    checked: FilePart
    file: Path
    sha256: str
    beside: tuple[str, ...] = ()

    @property
    def recipe(self) -> type[Recipe]:
        """What kind of thing the file shows."""
        return recipe_of(self.record.get("kind"))

    @property
    def output(self) -> Output:
        """How the file looks."""
        return self.checked.figure


def read_record(path: Path) -> StoredRecord:
    """The record in a sidecar (.json), or inside a file of any format but .csv.

    Raises:
        OSError: the file is missing or unreadable.
        ValueError: it holds no record of this workbench, one that was cut off or changed, or one of a newer version.
    """
    if not path.is_file():
        raise OSError(f"there is no file {path}")
    is_sidecar = path.suffix.lower() == ".json"
    record, file = _record_in(path), path.with_suffix("") if is_sidecar else path
    sha256 = record.pop("sha256", None) if is_sidecar else sha256_of(path)
    try:
        checked = _checked(record)
        if not isinstance(sha256, str) or len(sha256) != 64:
            raise ValueError("'sha256' is missing, or no checksum")
        if checked.figure.suffix != file.suffix.lower():
            raise ValueError(f"it is of a {checked.figure.suffix} file, not of {file.name}")
    except ValueError as error:
        raise ValueError(f"{path.name} is a record that was changed or cut off: {error}") from error
    beside = _inside(file, record) if is_sidecar else _beside(file, record, sha256)
    return StoredRecord(record, checked, file, sha256, beside)


def sha256_of(path: Path) -> str:
    """Checksum of a file, which is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record_in(path: Path) -> JsonObject:
    """What a file says, if it is a record of this version."""
    if path.suffix.lower() != ".json":
        text = embedded_record(path)
    elif path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path.name} is no record: it is larger than {MOST_BYTES:,} bytes")
    else:
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        record = parsed(text)
    except ValueError as error:
        raise ValueError(f"{path.name} holds no JSON, or it was cut off ({error})") from error
    if not isinstance(record, dict) or record.get("tool") != TOOL:
        raise ValueError(f"{path.name} is JSON, but no record of {TOOL}")
    version = record.get("record")
    if type(version) is not int or version < 1:
        raise ValueError(f"{path.name} is JSON, but no record of {TOOL}: its version is no number above 0")
    if version > VERSION:
        raise ValueError(f"{path.name} is a record of version {version}, this workbench reads {VERSION}; update it")
    return record


def _checked(record: JsonObject) -> FilePart:
    """The record with every part of its kind; raises ValueError with the first one that is not."""
    recipe = recipe_of(record.get("kind"))
    try:
        return recipe.SCHEMA.model_validate_json(json.dumps(record), strict=True, extra="forbid")
    except ValidationError as error:
        raise ValueError(said(error)) from error


def _inside(file: Path, record: JsonObject) -> tuple[str, ...]:
    """What the record inside the file says otherwise than the one beside it; nothing where there is no such record."""
    if file.suffix.lower() not in READERS or not file.is_file():
        return ()
    try:
        inside = _record_in(file)
    except (ValueError, OSError) as error:
        return (f"the record inside {file.name} cannot be read: {error}",)
    return differences(inside, record, ("inside the file", "beside it"))


def _beside(file: Path, record: JsonObject, sha256: str) -> tuple[str, ...]:
    """The same, where the file itself is given."""
    sidecar = file.with_name(f"{file.name}.json")
    if not sidecar.is_file():
        return ()
    try:
        beside = _record_in(sidecar)
    except (ValueError, OSError) as error:
        return (f"the record beside {file.name} cannot be read: {error}",)
    return differences({**record, "sha256": sha256}, beside, ("inside the file", "beside it"))
