"""Folders for a moment: one is gone with its process, however that ends."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasks.effects import scratch
from tasks.effects.scratch import scratch_folder, sweep

KILLED = """
import os, signal
from tasks.effects.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "model").write_text("large")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_another_removes_at_the_same_time_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that start at once see the same folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        name = folder.name
    left = tmp_path / name
    left.mkdir()

    def removed_meanwhile(_: int) -> bool:
        left.rmdir()
        return False

    monkeypatch.setattr(scratch, "is_alive", removed_meanwhile)
    sweep.cache_clear()
    with scratch_folder() as folder:
        assert folder.is_dir()
    assert not left.exists()


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of living processes, and what is not ours, stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    (left,) = tmp_path.iterdir()
    (tmp_path / "podium-notes").mkdir()
    sweep.cache_clear()
    with scratch_folder() as folder:
        assert not left.exists()
        sweep.cache_clear()
        with scratch_folder() as second:
            assert folder.is_dir()
            assert second != folder
    assert [path.name for path in tmp_path.iterdir()] == ["podium-notes"]
