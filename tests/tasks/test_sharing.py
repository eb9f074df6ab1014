"""Models that share a process of the sandbox do each other no harm."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from configs.schema import SandboxSection
from tasks.effects.sandbox import Answer, Question, Sandbox

OWN = """
import os
import signal

from sklearn.base import BaseEstimator, TransformerMixin

seen = []


class Moody(TransformerMixin, BaseEstimator):
    def __init__(self, mood="calm"):
        self.mood = mood

    def fit(self, rows, target=None):
        self.fitted_ = True
        return self

    def transform(self, rows):
        # While it is trained it is calm.
        if hasattr(self, "armed_") and self.mood != "calm":
            getattr(self, self.mood)()
        seen.append(self.mood)
        return rows

    def dies(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def waits(self):
        signal.pause()

    def wants_to_be_first(self):
        if "calm" in seen:
            self.dies()

    def boasts(self):
        # Tells of more models than it was asked about, by every descriptor it has.
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b"." * 5)
            except OSError:
                pass
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module with a transformer of many moods."""
    (tmp_path / "own_moods.py").write_text(OWN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.reload(importlib.import_module("own_moods"))


@pytest.fixture
def box(own: ModuleType) -> Iterator[Sandbox]:
    """A sandbox that can import it."""
    started = Sandbox()
    yield started
    started.close()


def ask(box: Sandbox, own: ModuleType, folder: Path, moods: list[str], **limits: Any) -> Iterator[Answer]:
    """Ask about one model for each mood, all in one process if they let it live."""
    rows = pd.DataFrame({"a": [float(i % 7) for i in range(40)], "b": [float(i % 5) for i in range(40)]})
    questions = []
    for number, mood in enumerate(moods):
        scratch = folder / f"{number}"
        scratch.mkdir(parents=True)
        model = make_pipeline(own.Moody(mood), LogisticRegression()).fit(rows, rows["a"] > 3)
        model[0].armed_ = True
        joblib.dump(model, scratch / "model.pkl")
        known: dict[str, Any] = {
            "holdout": None,
            "sha256": None,
            "preprocessors": [],
            "versions": {},
            "features": ["a", "b"],
        }
        places = {n: str(scratch / n) for n in ("model.pkl", "out", "said.npz")}
        keys = {"model": places["model.pkl"], "out": places["out"], "predictions": places["said.npz"]}
        questions.append(
            Question(scratch, {**known, **keys, "features": ["a", "b"], "extra_globals": ["own_moods.Moody"]})
        )
    return box.ask_each("convert", questions, SandboxSection(**{"seconds": 60, **limits}))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_model_that_kills_its_process_is_the_only_one_refused(
    place: int, box: Sandbox, own: ModuleType, tmp_path: Path
) -> None:
    """Those before it have their answers, and those after it get another process."""
    moods = ["calm", "calm"]
    moods.insert(place, "dies")
    answers = list(ask(box, own, tmp_path / "asked", moods))
    assert [a.code for a in answers] == ["killed" if m == "dies" else "" for m in moods]
    assert "SIGKILL" in answers[place].reason


def test_a_model_that_never_ends_is_the_only_one_refused(box: Sandbox, own: ModuleType, tmp_path: Path) -> None:
    """Its time is its own: it is asked about once more alone, and the others are answered."""
    answers = list(ask(box, own, tmp_path / "asked", ["calm", "waits", "calm"], seconds=10))
    assert [a.code for a in answers] == ["", "timeout", ""]


def test_a_model_is_not_refused_for_what_another_left_behind(box: Sandbox, own: ModuleType, tmp_path: Path) -> None:
    """What fails behind another model is asked about once more in a process of its own."""
    answers = list(ask(box, own, tmp_path / "asked", ["calm", "wants_to_be_first"]))
    assert [a.code for a in answers] == ["", ""]


def test_a_model_cannot_answer_for_others(box: Sandbox, own: ModuleType, tmp_path: Path) -> None:
    """A process that tells of models it has not done is asked again about them."""
    answers = list(ask(box, own, tmp_path / "asked", ["boasts", "calm", "calm", "calm"]))
    assert all(a.code in {"", "killed"} for a in answers)
    assert [a.code for a in answers[1:]] == ["", "", ""]


def test_nobody_waits_for_models_that_nobody_asks_about_any_more(box: Sandbox, own: ModuleType, tmp_path: Path) -> None:
    """Whoever stops listening ends the process, and the sandbox serves the next."""
    answers = ask(box, own, tmp_path / "asked", ["calm", "waits", "calm"])
    assert next(answers).code == ""
    answers.close()  # type: ignore[attr-defined]
    assert [a.code for a in ask(box, own, tmp_path / "again", ["calm"])] == [""]


TWICE = """
from resource import RLIMIT_CPU, getrlimit
from time import process_time
from tasks.effects.limits import allow_time
allow_time(4, models=3)
print(getrlimit(RLIMIT_CPU))
while process_time() < 1:
    pass
allow_time(4, models=2)
print(getrlimit(RLIMIT_CPU))
"""


def test_each_model_has_its_own_processor_time() -> None:
    """The limit moves on with each model, and ends where all of them have had theirs."""
    said = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["(5, 15)", "(6, 11)"]
