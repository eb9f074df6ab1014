"""Models in the formats of their libraries are loaded as what they were, and refused for the reasons of pickles."""

import ctypes
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from lightgbm import LGBMClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier

from podium.streams import BrokenError, SuspectError
from tasks.effects.joining import joined
from tasks.effects.kinds import KINDS
from tasks.effects.loading import load_staged
from tasks.effects.prediction import NotUsableError, columns_of, predict
from tasks.effects.rulings import RefusedGlobalError, UnknownClassError
from tasks.effects.skops_file import dumps
from tests.tasks.honest import HONEST, NUMBERS, REGRESSORS, TARGET, logistic

XGB = XGBClassifier(n_estimators=3).fit(NUMBERS, TARGET)
LGBM = LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1).fit(NUMBERS, TARGET)
SAVED: dict[str, tuple[Callable[[Path], Any], Any]] = {
    "m.json": (XGB.save_model, XGB),
    "m.ubj": (XGB.save_model, XGB),
    "m.model": (XGB.save_model, XGB),
    "booster.ubj": (XGB.get_booster().save_model, XGB.get_booster()),
    "m.txt": (LGBM.booster_.save_model, LGBM.booster_),
    "l.model": (LGBM.booster_.save_model, LGBM.booster_),
    "m.skops": (lambda path: skops.io.dump(HONEST["columns and random forest"](), path), None),
}


@pytest.mark.parametrize(("name", "saved"), SAVED.items())
def test_each_format_is_loaded_as_what_it_was(name: str, saved: tuple[Any, Any], tmp_path: Path) -> None:
    """A classifier comes back as one, a booster as a booster, with the same answers."""
    save, model = saved
    save(tmp_path / name)
    loaded = load_staged(tmp_path / name).model
    if model is None:
        assert [step for step, _ in loaded.steps] == ["columns", "model"]
        return
    assert type(loaded) is type(model)
    assert columns_of(loaded, ()) == list(NUMBERS.columns)
    said, meant = predict(loaded, NUMBERS).probabilities, predict(model, NUMBERS).probabilities
    assert said is not None
    assert meant is not None
    np.testing.assert_allclose(said, meant, atol=1e-6)


@pytest.mark.parametrize("name", ["regressor.ubj", "regressor.json", "booster.ubj", "booster.txt"])
def test_regressors_are_loaded_as_what_they_were(name: str, tmp_path: Path) -> None:
    """They answer with the same numbers, are taken where numbers are predicted, and nowhere else."""
    ours, theirs = (make() for make in (REGRESSORS["xgboost"], REGRESSORS["lightgbm"]))
    saved = {"regressor": ours, "booster.ubj": ours.get_booster(), "booster.txt": theirs.booster_}
    model = saved.get(name) or saved["regressor"]
    model.save_model(tmp_path / name)
    loaded, numbers = load_staged(tmp_path / name).model, KINDS["regression"]
    assert type(loaded) is type(model)
    numbers.require(loaded)
    said, meant = (numbers.ask(one, NUMBERS)[0] for one in (loaded, model))
    assert numbers.difference(meant, said) == 0
    with pytest.raises(NotUsableError, match=r"holdout\.task is classification"):
        KINDS["classification"].require(loaded)


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_broken(name: str, part: float, tmp_path: Path) -> None:
    """Libraries in C++ crash over some of these: they are told before."""
    SAVED[name][0](tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * part)])
    with pytest.raises((BrokenError, SuspectError)):
        load_staged(tmp_path / name)


def skops_file(path: Path, model: Any, **changes: str) -> Path:
    """Write a skops file, with some words of its schema changed."""
    old = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            content = old.read(name)
            for word, other in changes.items():
                content = content.replace(json.dumps(word).encode(), json.dumps(other).encode())
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("function", [subprocess.call, shutil.rmtree, np.load])
def test_a_skops_file_that_names_a_function_is_refused(function: Any, tmp_path: Path) -> None:
    """What a transformer would call must be on the list here too."""
    skops.io.dump(FunctionTransformer(function), tmp_path / "model.skops")
    with pytest.raises(RefusedGlobalError, match="no honest model needs"):
        load_staged(tmp_path / "model.skops")


def test_a_skops_file_with_a_class_of_ones_own_says_so(tmp_path: Path) -> None:
    """The same words as for a pickle."""
    path = skops_file(tmp_path / "model.skops", logistic(), **{"sklearn.linear_model._logistic": "src.features"})
    with pytest.raises(UnknownClassError, match=r"sandbox\.extra_globals"):
        load_staged(path)


Node = dict[str, Any]


def node(loader: str, full: str, content: Any = None, **more: Any) -> Node:
    """A node of skops."""
    module, _, name = full.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": name, "content": content, **more}


def value(found: Any) -> Node:
    """A node of a text, a number, or whatever JSON knows."""
    return node("JsonNode", "builtins.str", json.dumps(found), is_json=True)


def calling(full: str, *given: Any) -> Node:
    """A node that calls a name."""
    return node("ConstructorFromReduceNode", full, node("TupleNode", "builtins.tuple", [value(one) for one in given]))


def dictionary(**entries: Node) -> Node:
    """A node of a dictionary."""
    names = [node("TypeNode", "builtins.str") for _ in entries]
    return node("DictNode", "builtins.dict", entries, key_types=node("ListNode", "builtins.list", names))


def memory() -> Node:
    """A dictionary that makes an array of the memory of something else."""
    told = {"shape": [8], "typestr": "|u1", "version": 3, "data": [ctypes.addressof(SECRET), False]}
    return dictionary(
        __array_interface__=dictionary(
            **{name: value(one) for name, one in told.items() if isinstance(one, str | int)},
            **{
                name: node("TupleNode", "builtins.tuple", [value(part) for part in one])
                for name, one in told.items()
                if isinstance(one, list)
            },
        )
    )


KERNEL = "sklearn.gaussian_process.kernels.RBF"
SECRET = ctypes.create_string_buffer(b"not for a model to read")
PAIRS = node(
    "TupleNode",
    "builtins.tuple",
    [node("TupleNode", "builtins.tuple", [value("__array_interface__"), memory()["content"]["__array_interface__"]])],
)
NODES: dict[str, tuple[Node, str]] = {
    "a booster that opens a file": (
        calling("xgboost.core.Booster", None, [], "/etc/passwd"),
        "xgboost.core.Booster by",
    ),
    "a booster with named numbers": (
        node("LossNode", "lightgbm.basic.Booster", value(None), __reduce__={"args": calling("builtins.range", 1)}),
        "lightgbm.basic.Booster by a LossNode",
    ),
    "a function": (calling("numpy.reshape", [1], [1]), "numpy.reshape by"),
    "a function on an array": (node("NdArrayNode", "numpy.exp", [], type="json"), "numpy.exp by a NdArrayNode"),
    "a function on a list": (node("ListNode", "numpy.median", [value(1)]), "numpy.median by a ListNode"),
    "a maker of what it is given": (calling("sklearn.neighbors._kd_tree.newObj", 1), "newObj by"),
    "memory by an interface of arrays": (node("ObjectNode", KERNEL, memory()), "what Python itself looks at"),
    "memory by pairs": (node("ObjectNode", KERNEL, PAIRS), "by a TupleNode"),
    "memory by text": (node("ObjectNode", KERNEL, value({"__array_interface__": {}})), "by a JsonNode"),
    "memory by the number of another": (
        node(
            "ListNode",
            "builtins.list",
            [
                {**memory(), "__id__": 7},
                node("ObjectNode", KERNEL, {**dictionary(length_scale=value(1.0)), "__id__": 7}),
            ],
        ),
        "what Python itself looks at",
    ),
    "keys by a call": (
        node(
            "DictNode",
            "builtins.dict",
            {"1": value(2)},
            key_types=node("ListNode", "builtins.list", [node("FunctionNode", "numpy.exp")]),
        ),
        "the keys of a builtins.dict by a call",
    ),
}


def with_node(path: Path, told: Node) -> Path:
    """Write the skops file of a model that has a node beside what was trained."""
    old = zipfile.ZipFile(io.BytesIO(skops.io.dumps(logistic())))
    schema = json.loads(old.read("schema.json"))
    attributes = schema["content"]
    attributes["content"]["further_"] = told
    attributes["key_types"]["content"].append(node("TypeNode", "builtins.str"))
    with zipfile.ZipFile(path, "w") as archive:
        for name in old.namelist():
            archive.writestr(name, json.dumps(schema) if name == "schema.json" else old.read(name))
    return path


@pytest.mark.parametrize("case", NODES)
def test_a_skops_file_that_does_more_with_reviewed_types_is_refused(case: str, tmp_path: Path) -> None:
    """Skops itself calls them with whatever a file gives, and sets whatever attribute it names."""
    told, reason = NODES[case]
    with pytest.raises(SuspectError, match=reason):
        load_staged(with_node(tmp_path / "model.skops", told))


def test_the_memory_of_others_is_no_idle_fear(tmp_path: Path) -> None:
    """Without the look an object of a skops file is an array of whatever memory it names."""
    path = with_node(tmp_path / "model.skops", node("ObjectNode", KERNEL, memory()))
    model = skops.io.load(path, [KERNEL])
    assert bytes(np.asarray(model.further_)) == b"not for "


def test_a_reviewed_type_that_opens_files_is_no_idle_fear(tmp_path: Path) -> None:
    """Without the look a skops file makes a booster of a file that it names."""
    XGB.save_model(tmp_path / "other.ubj")
    told = calling("xgboost.core.Booster", None, [], str(tmp_path / "other.ubj"))
    path = with_node(tmp_path / "model.skops", told)
    assert skops.io.load(path, ["xgboost.core.Booster"]).further_.num_boosted_rounds() == 3
    with pytest.raises(SuspectError, match=r"xgboost\.core\.Booster by"):
        load_staged(path)


@pytest.mark.parametrize("name", HONEST)
def test_what_is_stored_can_be_staged_again(name: str, tmp_path: Path) -> None:
    """The skops file of an honest model has no node that is refused."""
    joblib.dump(HONEST[name](), tmp_path / "model.pkl")
    (tmp_path / "model.skops").write_bytes(dumps(load_staged(tmp_path / "model.pkl").model))
    assert load_staged(tmp_path / "model.skops").model is not None


def test_words_that_python_looks_at_are_words_in_a_skops_file(tmp_path: Path) -> None:
    """What a vectorizer has learned is nothing but texts."""
    skops.io.dump(CountVectorizer().fit(["the __init__ method", "no __setstate__"]), tmp_path / "model.skops")
    assert "__init__" in load_staged(tmp_path / "model.skops").model.vocabulary_


def test_a_schema_without_end_is_broken(tmp_path: Path) -> None:
    """One nested deeper than anybody could follow, and one that is no JSON."""
    for content in ("[" * 200_000, "{"):
        with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
            archive.writestr("schema.json", content)
        with pytest.raises(BrokenError, match="its schema cannot be followed"):
            load_staged(tmp_path / "model.skops")


def test_a_skops_file_that_expands_is_stopped(tmp_path: Path) -> None:
    """What it would expand to is asked before anything is unpacked."""
    with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(1 << 24))
    with pytest.raises(SuspectError, match="expands to more"):
        load_staged(tmp_path / "model.skops", limit=1 << 20)


def test_a_model_and_its_scaler_become_one() -> None:
    """The pipeline takes raw rows, and says what the model says of scaled ones."""
    scaler = StandardScaler().fit(NUMBERS)
    model = LogisticRegression().fit(scaler.transform(NUMBERS), TARGET)
    whole = joined([("scaler", scaler)], model)
    assert columns_of(whole, ()) == list(NUMBERS.columns)
    np.testing.assert_array_equal(whole.predict(NUMBERS), model.predict(scaler.transform(NUMBERS)))


def test_a_model_that_knows_the_scaler_s_columns_is_given_them() -> None:
    """XGBoost refuses rows without the names that it was trained on."""
    scaler = StandardScaler().set_output(transform="pandas").fit(NUMBERS)
    model = XGBClassifier(n_estimators=2).fit(scaler.transform(NUMBERS), TARGET)
    whole = joined([("scaler", scaler.set_output(transform="default"))], model)
    assert whole.predict_proba(NUMBERS).shape == (60, 2)


def test_what_transforms_nothing_is_no_preprocessor() -> None:
    """A model, or a booster behind a scaler, cannot be joined."""
    with pytest.raises(NotUsableError, match="transforms nothing"):
        joined([("scaler", logistic())], logistic())
    with pytest.raises(NotUsableError, match="raw booster"):
        joined([("scaler", StandardScaler().fit(NUMBERS))], XGB.get_booster())
