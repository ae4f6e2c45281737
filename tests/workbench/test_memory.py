"""How much memory is free: the machine's, within the limits of control groups of both versions."""

from pathlib import Path

import psutil
import pytest

from gemma2_workbench import memory

GB = 1 << 30


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    ("membership", "folder", "limit", "usage", "cache"),
    [
        ("0::/work/job", "work/job", "memory__max", "memory__current", "inactive_file"),
        ("0::/work/job", "work", "memory__max", "memory__current", "inactive_file"),
        ("0::/", ".", "memory__max", "memory__current", "inactive_file"),
        # As seen from inside a container: the path is the one outside it.
        ("5:cpu,memory:/docker/1", "memory", "memory__limit_in_bytes", "memory__usage_in_bytes", "total_inactive_file"),
        ("9:memory:/a", "memory/a", "memory__limit_in_bytes", "memory__usage_in_bytes", "total_inactive_file"),
    ],
)
def test_a_limit_of_a_group_around_the_process_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, membership: str, folder: str, limit: str, usage: str, cache: str
) -> None:
    (tmp_path / "cgroup").write_text(f"3:cpuset:/elsewhere\n{membership}\n")
    parts = {limit: f"{3 * GB}\n", usage: f"{2 * GB}\n", "memory__stat": f"anon 5\n{cache} {GB // 2}\n"}
    group(tmp_path / "fs" / folder, **parts)
    monkeypatch.setattr(memory, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "fs")
    free = psutil.virtual_memory()._replace(available=100 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert memory.available_bytes() == 3 * GB // 2


@pytest.mark.parametrize("limit", ["max\n", None])
def test_without_a_limit_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None) -> None:
    if limit is not None:
        (tmp_path / "cgroup").write_text("0::/\n")
        group(tmp_path / "fs", memory__max=limit, memory__current="7")
    monkeypatch.setattr(memory, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "fs")
    free = psutil.virtual_memory()._replace(available=5 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert memory.available_bytes() == 5 * GB
