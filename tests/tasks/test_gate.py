"""Nothing of a staged file runs: the walk refuses what is hostile, the unpickler would too, and honest models pass."""

import collections
import contextlib
import io
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import impute, preprocessing, svm
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from configs.schema import SandboxSection
from podium.pickles import walk
from podium.streams import BrokenError, SuspectError
from tasks.effects.inspection import classes_in
from tasks.effects.loading import RestrictedUnpickler, examine, load_staged
from tasks.effects.mending import OtherVersionError
from tasks.effects.prediction import NotUsableError
from tasks.effects.rulings import RefusedGlobalError, UnknownClassError
from tasks.effects.sandbox import Answer, sandbox
from tests.tasks.honest import (
    HONEST,
    MIXED,
    NUMBERS,
    OF_NUMPY,
    OF_PANDAS,
    REGRESSORS,
    TARGET,
    TEXTS,
    logistic,
    with_attributes,
)
from tests.tasks.hostile import Maker, dumped, hostile

CORPUS = dict(hostile())
NEVER = (RefusedGlobalError, UnknownClassError, SuspectError, BrokenError)
UNSAFE = {"RefusedGlobalError", "UnknownClassError", "SuspectError", "BrokenError"}
LIMIT = 1 << 26


def converted(model: Path, scratch: Path, task: str = "classification", **known_too: Any) -> Answer:
    """What the sandbox answers on a model file."""
    scratch.mkdir()
    places = {"model": str(model), "out": str(scratch / "out"), "predictions": str(scratch / "said.npz")}
    known: dict[str, Any] = {
        "holdout": None,
        "task": task,
        "sha256": None,
        "preprocessors": [],
        "versions": {},
        "features": [],
        "types": {},
        "extra_globals": [],
    }
    return sandbox().ask("convert", scratch, SandboxSection(seconds=60), **{**known, **known_too}, **places)


def test_the_corpus_is_large_enough() -> None:
    """Many ways to a call, and many honest models."""
    assert len(CORPUS) >= 60
    assert len(HONEST) >= 40


@pytest.mark.parametrize("make", CORPUS.values(), ids=CORPUS.keys())
def test_a_hostile_file_is_refused_before_anything_of_it_runs(make: Maker, tmp_path: Path) -> None:
    """The walk alone refuses it, without importing or calling anything."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    model.write_bytes(make(witness))
    with pytest.raises(NEVER):
        examine(model, (), LIMIT)
    assert not witness.exists()


@pytest.mark.parametrize("make", CORPUS.values(), ids=CORPUS.keys())
def test_the_sandbox_refuses_a_hostile_file(make: Maker, tmp_path: Path) -> None:
    """Whatever way a file takes to a call, the answer is a refusal, and the call does not happen."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    model.write_bytes(make(witness))
    answer = converted(model, tmp_path / "scratch")
    assert answer.code in UNSAFE
    assert answer.reason
    assert not witness.exists()


@pytest.mark.parametrize("make", CORPUS.values(), ids=CORPUS.keys())
def test_the_unpickler_alone_runs_nothing_either(make: Maker, tmp_path: Path) -> None:
    """Were the walk led astray, loading still imports listed names only."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    content = make(witness)
    model.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.effects.loading.walk", lambda stream, limit: ())
        try:
            load_staged(model)
        except Exception as error:
            assert str(error) or type(error)
    assert not witness.exists()


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST.keys())
@pytest.mark.parametrize("save", ["joblib", "pickle 2", "pickle 5"])
def test_an_honest_model_passes_the_gate(make: Callable[[], Any], save: str, tmp_path: Path) -> None:
    """Every kind of model that people train is let through and loads."""
    model, path = make(), tmp_path / "model.pkl"
    if save == "joblib":
        joblib.dump(model, path)
    else:
        path.write_bytes(pickle.dumps(model, protocol=int(save[-1])))
    loaded = load_staged(path).model
    assert type(loaded) is type(model)


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST.keys())
def test_an_honest_model_is_stored_without_pickle_and_predicts_the_same(
    make: Callable[[], Any], tmp_path: Path
) -> None:
    """Every kind of classifier is stored in a safe format, with the same answers from there."""
    joblib.dump(make(), tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    assert answer.value["parity"]["largest_difference"] <= 1e-6
    stored = {p.suffix for p in (tmp_path / "scratch" / "out").iterdir()}
    assert stored & {".skops", ".ubj"}
    assert not stored & {".pkl", ".joblib"}


@pytest.mark.parametrize("make", REGRESSORS.values(), ids=REGRESSORS.keys())
def test_a_regressor_passes_the_gate_and_predicts_the_same(make: Callable[[], Any], tmp_path: Path) -> None:
    """Where numbers are predicted, every kind of regressor is stored in a safe format, and among labels none is."""
    joblib.dump(make(), tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch", "regression")
    assert answer.value is not None, answer.reason
    assert answer.value["parity"]["largest_difference"] <= 1e-6
    assert {p.suffix for p in (tmp_path / "scratch" / "out").iterdir()} & {".skops", ".ubj"}
    refusal = converted(tmp_path / "model.pkl", tmp_path / "other").reason
    assert "predicts numbers: holdout.task is classification" in refusal


@pytest.mark.parametrize("name", ["logistic regression", "xgboost", "lightgbm", "columns and random forest"])
def test_a_classifier_is_no_regressor(name: str, tmp_path: Path) -> None:
    """It is refused by name where numbers are predicted."""
    joblib.dump(HONEST[name](), tmp_path / "model.pkl")
    assert (
        "predicts labels: holdout.task is regression"
        in converted(tmp_path / "model.pkl", tmp_path / "scratch", "regression").reason
    )


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_every_protocol_and_compression_is_followed(protocol: int, compress: Any, tmp_path: Path) -> None:
    """Joblib's files are walked to their end, whatever they are packed in."""
    joblib.dump(HONEST["columns and random forest"](), tmp_path / "model.pkl", compress=compress, protocol=protocol)
    assert load_staged(tmp_path / "model.pkl").model is not None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"c__main__\nChurnModel\n)R.", "defined in the script"),
        (b"csrc.features\nRatios\n)R.", "sandbox.extra_globals"),
        (b"ccloudpickle.cloudpickle\n_make_function\n)R.", "cloudpickle"),
        (b"cscipy.stats._discrete_distns\nrandint_gen\n)R.", "save the best_estimator_"),
        (b"cos\nsystem\n)R.", "no honest model needs"),
    ],
)
def test_a_refusal_says_what_to_do(content: bytes, reason: str, tmp_path: Path) -> None:
    """Somebody's own class is not called an attack, and an attack is not called a class."""
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises((RefusedGlobalError, UnknownClassError), match=reason):
        examine(tmp_path / "model.pkl", (), LIMIT)


def test_a_file_that_expands_without_end_is_stopped(tmp_path: Path) -> None:
    """A small file that unpacks to a huge one is refused at the limit, not at the end of the memory."""
    bomb = dumped(bytes(1 << 24), compress=("xz", 6))
    (tmp_path / "model.pkl").write_bytes(bomb)
    assert len(bomb) < 1 << 14
    with pytest.raises(SuspectError, match="more than"):
        examine(tmp_path / "model.pkl", (), 1 << 20)


SEEDS = [dumped(logistic()), pickle.dumps(logistic(), 2), *(make(Path("witness")) for make in CORPUS.values())]


@settings(max_examples=400)
@given(st.sampled_from(SEEDS), st.data())
def test_the_walk_neither_fails_nor_hangs(seed: bytes, data: st.DataObject) -> None:
    """Whatever is done to a file, the walk ends with names or with one of its two errors."""
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, max(0, len(content) - 1)))
        piece = data.draw(st.binary(max_size=9))
        content[position : position + data.draw(st.integers(0, 4))] = piece
    follow(bytes(content))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer(content: bytes) -> None:
    """Bytes from nowhere are refused or followed, never more."""
    follow(content)


def compressed(kind: str) -> bytes:
    """A model as joblib packs it."""
    return dumped(logistic(), compress=(kind, 3))


PACKED = {kind: compressed(kind) for kind in ("zlib", "gzip", "bz2", "lzma", "xz")}
PACKED["skops"] = skops.io.dumps(logistic())
PACKED["skops, packed"] = skops.io.dumps(logistic(), compression=zipfile.ZIP_DEFLATED)


@settings(max_examples=300)
@given(st.sampled_from(sorted(PACKED)), st.data())
def test_what_is_packed_neither_fails_nor_hangs(kind: str, data: st.DataObject) -> None:
    """Whatever is done to what packs a file, looking at it and loading it end in one of the errors of the gate."""
    content = bytearray(PACKED[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 40) | st.integers(-80, -1))
        content[position : position + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.skops" if kind.startswith("skops") else "model.pkl")
        path.write_bytes(bytes(content))
        classes_in(path, "skops" if path.suffix == ".skops" else "pickle")
        with contextlib.suppress(*NEVER, NotUsableError, OtherVersionError):
            load_staged(path, limit=LIMIT)


@pytest.mark.parametrize(("names", "told"), [(1, ("LogisticRegression",)), (100, ())])
def test_a_long_list_of_files_is_not_read(names: int, told: tuple[str, ...], tmp_path: Path) -> None:
    """A zip file may list any number of files, each by a name of any length, before it says what it is."""
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", '{"__class__": "LogisticRegression", "more": "' + "x" * (5 << 20) + '"}')
        for number in range(names):
            archive.writestr(f"{number:05}" + "x" * 60_000, b"")
    assert classes_in(path, "skops") == told


def long(number: int) -> bytes:
    """A LONG4."""
    size = (number.bit_length() + 8) // 8
    return b"\x8b" + size.to_bytes(4, "little") + number.to_bytes(size, "little")


def record(levels: int) -> bytes:
    """A type of records with many fields, each of a type of records, so many levels deep; each is kept as number 0."""
    made = b"cnumpy\ndtype\n(Vf8\ntRq\x00"
    for _ in range(levels):
        fields = b"".join(b"V" + str(i).encode() + b"\nh\x00K\x00\x86" for i in range(60))
        made += b"0cnumpy\ndtype\n(VV8\ntR(K\x03NNN(" + fields + b"dtbq\x00"
    return made + b"0"


WRAPPER = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}("
ENDLESS = {
    "records in records": b"\x80\x02" + record(12) + WRAPPER + b"Vshape\nK\x01\x85Vdtype\nh\x00ub.",
    "a size of a million digits": (
        b"\x80\x04" + long(1 << 4_000_000) + b"q\x010" + record(0) + WRAPPER
        + b"Vshape\n(" + b"h\x01" * 100_000 + b"tVdtype\nh\x00ub."
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ENDLESS)
def test_the_walk_does_not_reckon_without_end(case: str) -> None:
    """A small file cannot make it count for hours: it also runs outside the sandbox, to tell the class of a model."""
    with pytest.raises(SuspectError, match="an array"):
        walk(io.BytesIO(ENDLESS[case]), LIMIT)


def test_a_distribution_of_scipy_is_never_made(tmp_path: Path) -> None:
    """One executes a text of its state as it is loaded: what stands in for it does nothing, and keeps its name."""
    witness = tmp_path / "witness"
    frozen = stats.uniform(0, 1)
    frozen.dist._parse_arg_template = f"open({str(witness)!r}, 'w')"
    model = logistic()
    model.distribution_ = frozen
    content = pickle.dumps(model)
    (tmp_path / "model.pkl").write_bytes(content)
    loaded = load_staged(tmp_path / "model.pkl").model
    assert loaded.distribution_ == "scipy.stats._distn_infrastructure.rv_continuous_frozen, not kept"
    assert not witness.exists()
    with pytest.raises(KeyError):
        pickle.loads(content)
    assert witness.exists()


def test_columns_chosen_by_pandas_are_kept_as_lists(tmp_path: Path) -> None:
    """An index of pandas within a column transformer, of texts or of objects, becomes the list of its names."""
    joblib.dump(HONEST["columns chosen by pandas"](), tmp_path / "model.pkl")
    loaded = load_staged(tmp_path / "model.pkl").model
    assert [columns for _, _, columns in loaded[0].transformers] == [["a", "b", "c"], ["kind"]]
    joblib.dump(HONEST["content of pandas beside it"](), tmp_path / "model.pkl")
    kept = vars(load_staged(tmp_path / "model.pkl").model)
    assert (kept["columns"], kept["plain"]) == (["a", "b", "c"], ["a", "b", "c"])
    assert kept["sample"] == "pandas.DataFrame, not kept"


def kept(name: str, folder: Path) -> dict[str, Any]:
    """The attributes of an honest model as they are loaded."""
    joblib.dump(HONEST[name](), folder / "model.pkl")
    return vars(load_staged(folder / "model.pkl").model)


def test_what_is_not_kept_says_what_it_was(tmp_path: Path) -> None:
    """Numbers and texts are told where there is a plain word for them; of everything else the name remains."""
    told = kept("content of python beside it", tmp_path)
    assert (told["path"], told["pure"], told["price"]) == ("/models/churn.pkl", "c:\\models", 1.5)
    assert told["id"] == "00000000-0000-0000-0000-000000000007"
    assert told["counts"] == collections.Counter(TEXTS)
    for name in ("further content of pandas beside it", "sparse numbers beside it"):
        for attribute, value in kept(name, tmp_path).items():
            if attribute in OF_PANDAS or attribute.startswith(("coo", "dia", "bsr", "lil", "dok")):
                assert isinstance(value, str), attribute
                assert value.endswith(", not kept"), attribute


def test_records_are_kept_as_they_were(tmp_path: Path) -> None:
    """With titles, with arrays in them, and as plain records those whose fields were attributes."""
    got = kept("further content of numpy beside it", tmp_path)
    for name, value in OF_NUMPY.items():
        if not isinstance(value, np.random.Generator):
            assert got[name].dtype.fields == value.dtype.fields, name
            assert got[name].tobytes() == value.tobytes(), name
            assert type(got[name]) in {np.ndarray, np.void}, name


def test_sources_of_random_numbers_go_on_where_they_were(tmp_path: Path) -> None:
    """Whichever of NumPy's it is."""
    got = kept("further content of numpy beside it", tmp_path)
    for name, value in OF_NUMPY.items():
        if isinstance(value, np.random.Generator):
            assert got[name].bit_generator.state["bit_generator"] == name
            fresh = np.random.Generator(getattr(np.random, name)(0))
            np.testing.assert_array_equal(got[name].random(5), fresh.random(5))


def test_counts_and_keys_are_not_changed_by_what_is_not_kept(tmp_path: Path) -> None:
    """A dictionary that counts would add to itself, and dates can be keys too."""
    day = datetime(2025, 1, 1, tzinfo=UTC)
    model = with_attributes(logistic(), counts=collections.Counter("aab"), by_day={day: 1, "other": day})
    joblib.dump(model, tmp_path / "model.pkl")
    got = load_staged(tmp_path / "model.pkl").model
    assert got.counts == {"a": 2, "b": 1}
    assert got.by_day == {"datetime.datetime, not kept": 1, "other": "datetime.datetime, not kept"}


BANDS = MIXED.assign(band=pd.cut(NUMBERS["a"], 3).astype(object))[["band"]]
LOST: dict[str, tuple[Callable[[], Any], str]] = {
    "categories": (
        lambda: preprocessing.OneHotEncoder(handle_unknown="ignore").fit(BANDS),
        r"its OneHotEncoder has a pandas\S*Interval in its categories_",
    ),
    "categories that are told as others": (
        lambda: preprocessing.OrdinalEncoder().fit(np.array([[Decimal("0.1")], [Decimal("0.2")]], dtype=object)),
        r"its OrdinalEncoder has a decimal\.Decimal in its categories_",
    ),
    "labels": (
        lambda: with_attributes(logistic(), classes_=np.array([pd.Timestamp(0), pd.Timestamp(1)], dtype=object)),
        r"its LogisticRegression has a \S+timestamp in its classes_",
    ),
    "a value for gaps": (
        lambda: impute.SimpleImputer(missing_values=pd.NA),
        r"has a pandas\S*NA in its missing_values",
    ),
    "an argument": (
        lambda: preprocessing.FunctionTransformer(np.clip, kw_args={"a_min": pd.Timedelta(1)}),
        "in its kw_args",
    ),
    "a function": (lambda: preprocessing.FunctionTransformer(pd.DataFrame), "has a pandas.DataFrame in its func"),
    "rows of training": (lambda: svm.SVC(kernel=rbf_kernel).fit(NUMBERS, TARGET), "has a pandas.DataFrame in its"),
}


def test_categories_given_by_pandas_are_a_list(tmp_path: Path) -> None:
    """An index is kept as the list of what it shows, and answers as it did."""
    rows = MIXED[["kind"]]
    model = preprocessing.OrdinalEncoder(categories=[pd.Index(["low", "mid", "high"])]).fit(rows)
    joblib.dump(model, tmp_path / "model.pkl")
    got = load_staged(tmp_path / "model.pkl").model
    assert got.categories == [["low", "mid", "high"]]
    np.testing.assert_array_equal(got.transform(rows), model.transform(rows))


@pytest.mark.parametrize("case", LOST)
def test_what_a_model_answers_by_is_kept_or_it_is_refused(case: str, tmp_path: Path) -> None:
    """Else it would answer otherwise, and what is stored of it would do the same."""
    make, reason = LOST[case]
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(NotUsableError, match=rf"{reason}.*not kept"):
        load_staged(tmp_path / "model.pkl")


def follow(content: bytes) -> None:
    """Walk some bytes, with only the errors that a walk may end in."""
    try:
        walk(io.BytesIO(content), LIMIT)
    except (SuspectError, BrokenError):
        return


def test_what_the_walk_lets_through_asks_for_nothing_else(tmp_path: Path) -> None:
    """The names that are really looked up while loading are those that the walk found."""
    joblib.dump(HONEST["stacking"](), tmp_path / "model.pkl")
    with (tmp_path / "model.pkl").open("rb") as raw:
        found = {name.full for name in walk(raw, LIMIT)}
        raw.seek(0)
        seen: set[str] = set()

        class Noting(RestrictedUnpickler):
            def find_class(self, module: str, name: str) -> Any:
                seen.add(f"{module}.{name}")
                return super().find_class(module, name)

        Noting(str(tmp_path), raw).load()
    assert seen == found


MANY = np.column_stack([TARGET, 1 - np.asarray(TARGET)])


@pytest.mark.parametrize(
    "model",
    [
        MultiOutputClassifier(LogisticRegression()),
        make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression())),
        OneVsRestClassifier(LogisticRegression()),
        RandomForestClassifier(n_estimators=2),
        XGBClassifier(n_estimators=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_classifier_of_several_labels_a_row_is_not_usable(model: Any, tmp_path: Path) -> None:
    """Whatever it calls its classes, it is refused for one reason and not measured by some of its answers."""
    joblib.dump(model.fit(NUMBERS, MANY), tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.code == "NotUsableError"
    assert answer.reason == "it answers each row with 2 labels, and one is measured: stage a model for each"


@pytest.mark.parametrize("strategy", ["uniform", "stratified"])
def test_a_model_whose_stored_form_answers_otherwise_is_told_apart(strategy: str, tmp_path: Path) -> None:
    """What draws anew each time it is asked answers otherwise once it is stored; with its draws fixed it does not."""
    model, fixed = (DummyClassifier(strategy=strategy, random_state=seed).fit(NUMBERS, TARGET) for seed in (None, 0))
    joblib.dump(model, tmp_path / "model.pkl")
    joblib.dump(fixed, tmp_path / "fixed.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert (answer.code, answer.value) == ("DiffersError", None)
    assert "the stored model answers" in answer.reason
    assert converted(tmp_path / "fixed.pkl", tmp_path / "again").value is not None
