"""Each step of a staged file is judged twice: before anything runs, and on the objects themselves should that fail."""

import io
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from numpy._core.numeric import _frombuffer  # type: ignore[attr-defined]
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - lets the imputer be imported
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.metrics._scorer import _Scorer
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from xgboost.core import Booster

from configs.schema import SandboxSection
from podium.pickles import walk
from podium.streams import BrokenError, SuspectError
from tasks.effects.fencing import fence, version
from tasks.effects.loading import RestrictedUnpickler, examine, load_staged
from tasks.effects.rulings import RefusedGlobalError, UnknownClassError
from tasks.effects.sandbox import sandbox
from tests.tasks.attempts import is_possible
from tests.tasks.honest import HONEST, NUMBERS, TARGET, logistic
from tests.tasks.hostile import Maker, dumped, short
from tests.tasks.meddling import GIVEN, MEDDLING
from tests.tasks.test_gate import UNSAFE, converted

LIMIT = 1 << 26
REFUSED = (RefusedGlobalError, UnknownClassError, SuspectError, BrokenError)
AT_LOADING = {
    "a maker that is called",
    "a factory of anything",
    "a size that nobody needs",
    "more objects than there are",
    "a counter of an object",
    "a type that is everybody's",
    "a field beyond its record, by its title",
    "an array of records that grow",
}
"""What the walk lets pass, because it cannot tell what the arguments will be: the unpickler does."""


@pytest.mark.parametrize("name", MEDDLING)
def test_what_meddles_is_refused_before_it_is_loaded(name: str, tmp_path: Path) -> None:
    """By the walk alone, or, where that cannot tell, by the sandbox; no witness is written."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    model.write_bytes(MEDDLING[name](witness))
    if name not in AT_LOADING:
        with pytest.raises(REFUSED):
            examine(model, (), LIMIT)
    assert converted(model, tmp_path / "scratch").code in UNSAFE
    assert not witness.exists()


@pytest.mark.parametrize("make", MEDDLING.values(), ids=MEDDLING.keys())
def test_the_unpickler_refuses_it_too(make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the walk led astray, the objects themselves are judged."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    model.write_bytes(make(witness))
    monkeypatch.setattr("tasks.effects.loading.walk", lambda stream, limit: ())
    with pytest.raises(REFUSED):
        load_staged(model)
    assert not witness.exists()


def test_without_the_judging_it_would_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorer that saves a model is no idle fear: it does where neither the walk nor the unpickler judge."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    model.write_bytes(GIVEN["a scorer that saves a model"](witness))
    monkeypatch.setattr("tasks.effects.loading.walk", lambda stream, limit: ())
    monkeypatch.setattr("tasks.effects.unpickling.require_call", lambda *given: None)
    monkeypatch.setattr("tasks.effects.unpickling.require_state", lambda *given: None)
    monkeypatch.setattr("tasks.effects.unpickling.Steps.require", lambda *given: None)
    with pytest.raises(Exception, match=r".+"):
        load_staged(model)
    assert witness.exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CountVectorizer(input="filename"), "opens the files"),
        (
            lambda: make_pipeline(FunctionTransformer(Booster, kw_args={"model_file": "x"})),
            "calls a Booster as its func",
        ),
        (lambda: CountVectorizer(tokenizer=logistic().__class__), "calls a LogisticRegression as its tokenizer"),
        (
            lambda: FunctionTransformer(np.log1p, kw_args={"kind": Booster}).set_params(validate=Booster),
            "holds the class",
        ),
    ],
)
def test_settings_that_open_or_call_are_refused(make: Callable[[], Any], said: str, tmp_path: Path) -> None:
    """A vectorizer that reads the files that rows name, and a class where a function belongs."""
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match=said):
        load_staged(tmp_path / "model.pkl")


def with_attribute(model: Any, **attributes: Any) -> Any:
    """A model that has something in its dictionary that training did not put there."""
    vars(model).update(attributes)
    return model


def without_rows() -> Any:
    """Neighbours whose search tree cannot be grown anew."""
    model = KNeighborsClassifier(algorithm="kd_tree").fit(NUMBERS, TARGET)
    del model._fit_X
    return model


def behind_a_text(booster: Any) -> Any:
    """Steps that make a text of the rows, and a raw booster that takes it for the name of a file."""
    steps = (FunctionTransformer(np.asarray), FunctionTransformer(np.min, kw_args={"axis": None}))
    return make_pipeline(*steps, with_attribute(booster, classes_=np.array([0, 1])))


def lightgbm_booster() -> Any:
    """A raw booster of LightGBM."""
    return LGBMClassifier(n_estimators=2, min_child_samples=2, verbose=-1).fit(NUMBERS, TARGET).booster_


def distances(metric: Any, **given: Any) -> Any:
    """Neighbours by another distance than they were told."""
    model = KNeighborsClassifier(algorithm="ball_tree").fit(NUMBERS, TARGET)
    return with_attribute(model, effective_metric_=metric, effective_metric_params_=given)


def asking_at_once() -> Any:
    """Boosting that is asked as soon as it is looked at, through a step that opens a file."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model.init_ = make_pipeline(FunctionTransformer(Booster, kw_args={"model_file": "x"}), logistic())
    return model


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: FunctionTransformer(_frombuffer), "calls a _frombuffer as its func"),
        (lambda: with_attribute(logistic(), predict=np.ndarray), "has something else in the place of its predict"),
        (lambda: with_attribute(logistic(), stack_method_=["save_model"]), "would call 'save_model' of a model"),
        (lambda: with_attribute(logistic(), response_method="fit"), "would call 'fit' of a model"),
        (without_rows, "has a search tree and not the rows"),
        (asking_at_once, "calls a Booster as its func"),
        (lambda: distances(np.abs), "calls a absolute as its effective_metric_"),
        (lambda: distances("pyfunc", func=np.abs), "gives 'func' to a function, in its effective_metric_params_"),
        (lambda: distances("euclidean", out=np.ones(3)), "gives 'out' to a function"),
        (lambda: KNeighborsClassifier(metric="pyfunc", metric_params={"func": np.abs}), "'func' to a function"),
        (lambda: behind_a_text(lightgbm_booster()), "has a raw booster in it"),
        (lambda: with_attribute(logistic(), more_={"kept": lightgbm_booster()}), "has a raw booster in it"),
        (lambda: with_attribute(LGBMClassifier(), other_=lightgbm_booster()), "has a raw booster in it"),
    ],
)
def test_what_a_model_holds_is_looked_at_before_it_is_asked(make: Callable[[], Any], said: str, tmp_path: Path) -> None:
    """Other methods, helpers of pickles, and tables that nobody can check."""
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match=said):
        load_staged(tmp_path / "model.pkl")


@pytest.mark.parametrize(
    "make",
    [
        lambda: CountVectorizer().fit(["the __init__ method sets shape and dtype", "no __setstate__ here"]),
        lambda: DictVectorizer().fit([{"__x__": 1.0, "y": 2.0}]),
        lambda: GridSearchCV(logistic(), {}, cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=1)),
        lambda: ColumnTransformer([("some", "passthrough", slice("a", "b"))]),
        lambda: IterativeImputer(max_iter=1).fit(NUMBERS.mask(NUMBERS.quantile(0.9) < NUMBERS)),
        lambda: OrderedDict(__version__="1"),
    ],
    ids=["words", "keys", "repeated splits", "a slice of names", "imputer", "ordered"],
)
@pytest.mark.parametrize("protocol", range(6))
def test_peoples_own_words_and_forms_are_no_attack(make: Callable[[], Any], protocol: int, tmp_path: Path) -> None:
    """Dictionaries hold whatever words there are; what else looked odd and is not."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(make(), protocol))
    loaded = load_staged(tmp_path / "model.pkl").model
    assert type(loaded) is type(make())


def test_a_long_name_or_key_costs_no_time() -> None:
    """Of a text of megabytes nobody asks whether Python would look at it, or imports it."""
    key = b"X" + (1 << 22).to_bytes(4, "little") + b"_" * ((1 << 22) - 1) + b"!"
    many = b"\x80\x02}" + key + b"q\x000" + b"h\x00Ns" * 1000 + b"."
    assert walk(_stream(bytearray(many)), LIMIT) == ()
    with pytest.raises(SuspectError, match="longer than any"):
        walk(_stream(bytearray(b"\x80\x04" + key + short("name") + b"\x93.")), LIMIT)


def test_a_scorer_that_asks_for_anything_else_is_refused(tmp_path: Path) -> None:
    """Scorers ask a model for labels, chances or decisions, and for no other method."""
    search = GridSearchCV(logistic(), {})
    search.scorer_ = _Scorer(accuracy_score, 1, {}, "save_model")
    joblib.dump(search, tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match="'save_model' of a model"):
        load_staged(tmp_path / "model.pkl")


SEEDS = [dumped(logistic()), dumped(HONEST["stacking"]()), *(make(Path("witness")) for make in MEDDLING.values())]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_the_walk_and_the_unpickler_see_the_same_names(seed: bytes, data: st.DataObject) -> None:
    """Whatever is done to a file, what the walk lets through asks for no name that the walk did not see."""
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    names: set[tuple[str, str]] = set()
    try:
        names = {(name.module, name.name) for name in walk(_stream(content), LIMIT)}
    except (SuspectError, BrokenError):
        return
    asked: set[tuple[str, str]] = set()

    class Noting(RestrictedUnpickler):
        def find_class(self, module: str, name: str) -> Any:
            found = super().find_class(module, name)
            asked.add((module, name))
            return found

    try:
        Noting("", _stream(content)).load()
    except Exception as error:
        assert str(error) or type(error)
    assert asked <= names


def _stream(content: bytearray) -> Any:
    return io.BytesIO(bytes(content))


FENCED = """
import sys
from pathlib import Path
from tests.tasks.test_judging import fenced
sys.exit(fenced(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
"""


@pytest.mark.skipif(not version(), reason="this kernel has no Landlock")
def test_a_fenced_process_writes_to_its_folders_only(tmp_path: Path) -> None:
    """It reads, writes beneath what it was given, and reaches no program, no socket and no other process."""
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "there").write_text("as it was")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [sys.executable, "-c", FENCED, str(own), str(other), str(listener.getsockname()[1])]
        assert subprocess.run(words, timeout=120, check=False).returncode == 0
    assert (own / "new").read_text() == "written"
    assert [path.name for path in other.iterdir()] == ["there"]
    assert (other / "there").read_text() == "as it was"


def fenced(own: Path, other: Path, port: int) -> int:
    """Return how many of the things that are forbidden were possible."""
    parent = os.getppid()
    fence([own])
    (own / "new").write_text("written")
    Path(os.devnull).write_text("nothing")
    attempts: list[Callable[[], Any]] = [
        lambda: (other / "new").write_text("x"),
        lambda: (other / "there").write_text("x"),
        lambda: (other / "there").unlink(),
        lambda: (own / "new").rename(other / "moved"),
        lambda: (other / "folder").mkdir(),
        lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        lambda: subprocess.run([sys.executable, "-V"], check=True, stdout=subprocess.DEVNULL),
    ]
    if version() >= 4:
        attempts.append(lambda: socket.create_connection(("127.0.0.1", port)))
    if version() >= 6:
        attempts.append(lambda: os.kill(parent, signal.SIGCONT))
    return sum(is_possible(attempt) for attempt in attempts) + ((other / "there").read_text() != "as it was")


@pytest.mark.skipif(not version(), reason="this kernel has no Landlock")
def test_the_sandbox_is_fenced(tmp_path: Path) -> None:
    """What a child writes outside of the folder of its question is refused by the kernel, and that is the answer."""
    model = tmp_path / "model.pkl"
    joblib.dump(logistic(), model)
    out = tmp_path / "elsewhere" / "out"
    out.parent.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    known: dict[str, Any] = {"holdout": None, "task": "classification", "sha256": None, "preprocessors": []}
    known |= {"versions": {}, "features": [], "types": {}, "extra_globals": []}
    places = {"model": str(model), "out": str(out), "predictions": str(scratch / "said.npz")}
    answer = sandbox().ask("convert", scratch, SandboxSection(seconds=60), **known, **places)
    assert answer.value is None
    assert "Permission denied" in answer.reason
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    "model",
    [
        logistic(),
        RandomForestClassifier(n_estimators=5, n_jobs=-1).fit(NUMBERS, TARGET),
        BaggingClassifier(LogisticRegression(), n_estimators=4, n_jobs=2).fit(NUMBERS, TARGET),
    ],
    ids=["plain", "threads", "processes"],
)
def test_an_honest_model_answers_behind_the_fence(model: Any, tmp_path: Path) -> None:
    """It is converted, its answers are written to its own folder, and one that wants helpers answers without them."""
    joblib.dump(model, tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    assert pd.Series(np.load(tmp_path / "scratch" / "said.npz")["labels"]).notna().all()
