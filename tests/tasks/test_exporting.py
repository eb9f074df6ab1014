"""A folder to serve from: the champion is there whole, before, during and after each promotion."""

import json
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from benchmarks.stacks import until
from configs.loading import load_config
from configs.schema import MlflowSection
from flows.migration import migrate
from podium.errors import ConfigError
from tasks.effects.store import Store
from tasks.exporting import export_champion
from tasks.promotion import switch_champion
from tests.flows.projects import FOREST, LOGISTIC, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")
PROMOTIONS = 100


@pytest.fixture
def two(home: Path, made: Path) -> tuple[MlflowSection, Store]:
    """A registry with two versions and no champion."""
    config = project(home.parent, made, FOREST, LOGISTIC)
    migrate(str(config))
    return load_config(config).mlflow, store_of(config)


def promote(section: MlflowSection, version: str) -> None:
    """Make a version the champion."""
    switch_champion.fn(section, version, None, "2026-01-01T00:00:00+00:00")


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class Reader(threading.Thread):
    """Reads what is current again and again, as a service that reloads its model does."""

    def __init__(self, directory: Path, sizes: dict[str, int]) -> None:
        super().__init__(daemon=True)
        self.directory, self.sizes = directory, sizes
        self.seen: list[str] = []
        self.looks = 0
        self.wrong: list[str] = []
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                self._look()
            except (OSError, ValueError) as error:
                self.wrong.append(repr(error))
            self.looks += 1

    def has_looked_since(self, looks: int) -> bool:
        """Whether it began to look, and did, since it had looked so often."""
        return self.looks >= looks + 2

    def _look(self) -> None:
        folder = self.directory / os.readlink(self.directory / "current")
        found = json.loads((folder / "metadata.json").read_text())
        if size_of(folder / "model") != self.sizes[found["version"]]:
            self.wrong.append(f"half written: {folder}")
        if not self.seen or self.seen[-1] != found["model_id"]:
            self.seen.append(found["model_id"])


def test_a_reader_never_sees_less_than_a_whole_model(two: tuple[MlflowSection, Store], tmp_path: Path) -> None:
    """During 100 promotions, each of which writes a folder, what is current is there and complete."""
    section, store = two
    directory, sizes = tmp_path / "served", {}
    for version in ("1", "2"):
        promote(section, version)
        sizes[version] = size_of(directory / str(export_champion.fn(section, directory)) / "model")
    reader = Reader(directory, sizes)
    reader.start()
    for number in range(PROMOTIONS):
        version = "12"[number % 2]
        store.client.set_model_version_tag("churn", version, "podium.model_id", f"model-{number}")
        promote(section, version)
        assert export_champion.fn(section, directory) == f"model-{number}" == os.readlink(directory / "current")
        until(partial(reader.has_looked_since, reader.looks), "the reader does not read", every=0.001)
    reader.ended.set()
    reader.join()
    assert reader.wrong == []
    assert reader.seen[-PROMOTIONS:] == [f"model-{number}" for number in range(PROMOTIONS)]
    assert len(list(directory.iterdir())) == 2 + PROMOTIONS + 1


def test_exporting_again_touches_nothing(two: tuple[MlflowSection, Store], tmp_path: Path) -> None:
    """The folder stays as it was written, to the inode."""
    section, _ = two
    promote(section, "1")
    name = export_champion.fn(section, tmp_path)
    before = (tmp_path / str(name)).stat().st_ino, (tmp_path / "current").lstat().st_ino
    assert export_champion.fn(section, tmp_path) == name
    assert ((tmp_path / str(name)).stat().st_ino, (tmp_path / "current").lstat().st_ino) == before


def test_what_is_served_stays_until_nothing_is_in_production(two: tuple[MlflowSection, Store], tmp_path: Path) -> None:
    """An alias that is gone takes nothing away as long as the last decision names a champion."""
    section, store = two
    promote(section, "1")
    name = export_champion.fn(section, tmp_path, "1")
    store.client.delete_registered_model_alias("churn", "champion")
    assert export_champion.fn(section, tmp_path, "1") is None
    assert os.readlink(tmp_path / "current") == name
    assert export_champion.fn(section, tmp_path, None) is None
    assert not (tmp_path / "current").is_symlink()


def test_a_kill_leaves_what_was_current_and_the_next_run_finishes(
    two: tuple[MlflowSection, Store], tmp_path: Path, home: Path
) -> None:
    """Killed right before either rename: the model before is still served, and no scrap stays."""
    section, store = two
    names = {str(v.version): v.tags["podium.model_id"] for v in store.versions()}
    promote(section, "1")
    export_champion.fn(section, tmp_path)
    promote(section, "2")
    for call in ("rename", "replace"):
        code = (
            "import os, pathlib, signal, sys\n"
            "from configs.schema import MlflowSection\n"
            "from tasks.exporting import export_champion\n"
            "def die(path, target):\n"
            "    return real(path, target) if 'fetched' in str(path) else os.kill(os.getpid(), signal.SIGKILL)\n"
            f"real = pathlib.Path.{call}; pathlib.Path.{call} = die\n"
            f"export_champion.fn(MlflowSection(tracking_uri={store.uri!r}), pathlib.Path({str(tmp_path)!r}))\n"
        )
        ended = subprocess.run([sys.executable, "-c", code], timeout=120, check=False, capture_output=True, text=True)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert os.readlink(tmp_path / "current") == names["1"]
    assert export_champion.fn(section, tmp_path) == names["2"] == os.readlink(tmp_path / "current")
    assert not list(tmp_path.glob(".podium-*"))


def test_a_name_cannot_leave_the_folder(two: tuple[MlflowSection, Store], tmp_path: Path) -> None:
    """A model id is somebody's text: its folder is one step down, whatever it says."""
    section, store = two
    store.client.set_model_version_tag("churn", "1", "podium.model_id", "../../outside")
    promote(section, "1")
    name = export_champion.fn(section, tmp_path / "out" / "served")
    assert name is not None
    assert (tmp_path / "out" / "served" / name / "model" / "MLmodel").is_file()
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["served"]


def test_a_folder_named_current_is_not_replaced(two: tuple[MlflowSection, Store], tmp_path: Path) -> None:
    """Somebody's own folder of that name stays, and the error says so."""
    (tmp_path / "current").mkdir()
    promote(two[0], "1")
    with pytest.raises(ConfigError, match="is no link"):
        export_champion.fn(two[0], tmp_path)
