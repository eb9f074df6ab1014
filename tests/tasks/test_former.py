"""Models that earlier versions saved answer as they did there, or are refused with the version to convert them with."""

import io
import json
import pickle
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from mlflow.pyfunc import load_model

from podium.formats import HEAD, format_of
from podium.streams import PIECE
from tasks.effects.conversion import convert
from tasks.effects.loading import load_staged, written_in
from tasks.effects.mending import OtherVersionError, mend
from tasks.effects.prediction import is_booster, predict
from tests.tasks.honest import HONEST, NUMBERS
from tests.tasks.test_gate import converted

ARCHIVES = {path.stem.removeprefix("scikit-learn-"): path for path in (Path(__file__).parent / "saved").glob("*.zip")}
BEFORE = Path(__file__).parent / "saved" / "before" / "scikit-learn-1.1.3.zip"
FURTHER = Path(__file__).parent / "saved" / "further" / "scikit-learn-1.5.2.zip"
CHANGED = {
    "ada.joblib": ("1.3.2", "1.4.2", "1.5.2"),
    "three, ada.joblib": ("1.3.2", "1.4.2", "1.5.2"),
    "three, against the rest.joblib": ("1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2"),
    "three, liblinear.joblib": ("1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2"),
}
"""What the installed scikit-learn would load without a word, and answer otherwise."""
STORED = ("columns, forest.joblib", "columns, xgboost.joblib", "boosting.joblib", "three, histogram.joblib")


@cache
def said(version: str) -> dict[str, Any]:
    """The answers of each file of a version, and its library versions."""
    with zipfile.ZipFile(ARCHIVES[version]) as archive:
        found: dict[str, Any] = json.loads(archive.read("said.json"))
        return found | {"rows": archive.read("rows.json").decode()}


def cases(*, changed: bool = False) -> Iterator[tuple[str, str]]:
    """Each version with each of its files."""
    for version in sorted(ARCHIVES):
        for name in said(version)["said"]:
            if (version in CHANGED.get(name, ())) is changed:
                yield version, name


def extracted(version: str, name: str, folder: Path) -> Path:
    """The file of a version in a folder of the test's."""
    with zipfile.ZipFile(ARCHIVES[version]) as archive:
        return Path(archive.extract(name, folder))


def rows_for(version: str, model: Any) -> pd.DataFrame:
    """The rows that were asked, with the columns that the model takes."""
    rows = pd.read_json(io.StringIO(said(version)["rows"]), orient="records")
    names = getattr(model, "feature_names_in_", ["a", "b", "c"])
    return rows[list(names)]


def test_there_is_an_archive_of_each_series() -> None:
    """From scikit-learn 1.3 on."""
    assert {version.rpartition(".")[0] for version in ARCHIVES} >= {"1.3", "1.4", "1.5", "1.6", "1.7", "1.8"}


@pytest.mark.parametrize(("version", "name"), cases())
def test_a_model_answers_as_it_did(version: str, name: str, tmp_path: Path) -> None:
    """Loaded here, it gives the probabilities that it gave where it was saved."""
    file = extracted(version, name, tmp_path)
    if format_of(name, file.read_bytes()[:HEAD]) == "xgboost-binary":
        assert version in {"1.3.2", "1.4.2"}
        return
    model = load_staged(file).model
    rows = rows_for(version, model)
    given = predict(model, rows).probabilities if is_booster(model) else model.predict_proba(rows)
    assert given is not None
    np.testing.assert_allclose(given, said(version)["said"][name], atol=1e-6)


@pytest.mark.parametrize(("version", "name"), cases(changed=True))
def test_what_would_answer_otherwise_is_refused(version: str, name: str, tmp_path: Path) -> None:
    """The refusal names the version that it was saved by."""
    with pytest.raises(OtherVersionError, match=f"convert it with scikit-learn=={version}"):
        load_staged(extracted(version, name, tmp_path))


def before() -> list[str]:
    """The files of scikit-learn 1.1 that nothing brings up to date."""
    with zipfile.ZipFile(BEFORE) as archive:
        return archive.namelist()


@pytest.mark.parametrize("name", before())
def test_what_is_too_old_is_refused_by_its_version(name: str, tmp_path: Path) -> None:
    """Trees of other nodes, and names that are gone, are no attack; the version is told though nothing was loaded."""
    with zipfile.ZipFile(BEFORE) as archive:
        file = Path(archive.extract(name, tmp_path))
    with pytest.raises(
        OtherVersionError, match=r"saved by scikit-learn 1\.1\.3, .* convert it with scikit-learn==1\.1\.3"
    ):
        load_staged(file)


@pytest.mark.parametrize("save", [*range(6), "joblib", "zlib"])
def test_the_version_is_read_in_any_form(save: int | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a file names it, in any protocol and packed; that of the installed version is none."""
    model = HONEST["decision tree"]()
    monkeypatch.setattr("sklearn.base.__version__", "1.2.0rc1")
    file = tmp_path / "model.pkl"
    if isinstance(save, int):
        file.write_bytes(pickle.dumps(model, save))
    else:
        joblib.dump(model, file, compress=3 if save == "zlib" else 0)
    with file.open("rb") as raw:
        assert written_in(raw) == {"scikit-learn": "1.2.0rc1"}
    monkeypatch.undo()
    file.write_bytes(pickle.dumps(model))
    with file.open("rb") as raw:
        assert written_in(raw) == {}


def test_a_version_between_two_pieces_is_read() -> None:
    """A file is read piece by piece."""
    for offset in range(-40, 2):
        raw = io.BytesIO(bytes(PIECE + offset) + b"\x8c\x10_sklearn_version\x94\x8c\x051.1.3\x94ub.")
        assert written_in(raw) == {"scikit-learn": "1.1.3"}, offset


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("version", sorted(ARCHIVES))
def test_what_was_mended_can_be_stored(version: str, name: str, tmp_path: Path) -> None:
    """Nothing that stood in for a former name is left in it, and the stored model answers the same."""
    places = {"out": str(tmp_path / "out"), "predictions": str(tmp_path / "said.npz")}
    known: dict[str, Any] = {
        "holdout": None,
        "sha256": None,
        "preprocessors": [],
        "versions": {},
        "features": [],
        "types": {},
    }
    file = str(extracted(version, name, tmp_path))
    answer = convert({"model": file, "extra_globals": [], "memory_mb": 64, **known, **places})
    assert answer["parity"]["largest_difference"] <= 1e-6
    assert answer["saved_by"] == {"scikit-learn": version}
    ours = {"boosting.joblib", "columns, forest.joblib", "three, histogram.joblib"}
    assert (answer["requirements"] == "recorded") is (name in ours and version != "1.3.2")


@pytest.mark.parametrize("name", ["ridge", "ridge, searched", "self-training", "threshold"])
def test_what_was_called_otherwise_is_found(name: str, tmp_path: Path) -> None:
    """Attributes and a class that scikit-learn has renamed since: the model is stored with the labels it gave then."""
    with zipfile.ZipFile(FURTHER) as archive:
        file = Path(archive.extract(f"{name}.joblib", tmp_path))
        meant = json.loads(archive.read("said.json"))[file.name]
        rows = pd.read_json(io.StringIO(archive.read("rows.json").decode()), orient="records")
    answer = converted(file, tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    assert load_model(str(tmp_path / "scratch" / "out")).predict(rows).tolist() == meant


@pytest.mark.parametrize("saved_by", ["1.5.2", sklearn.__version__])
def test_the_word_of_a_file_goes_before_that_of_its_metadata(saved_by: str, tmp_path: Path) -> None:
    """The requirements of the stored model name the version that saved it, be that the installed one or not."""
    file = tmp_path / "forest.joblib"
    if saved_by in ARCHIVES:
        extracted(saved_by, file.name, tmp_path)
    else:
        joblib.dump(HONEST["decision tree"](), file)
    answer = converted(file, tmp_path / "scratch", versions={"sklearn_version": "1.7.2", "numpy": "2.1.0"})
    assert answer.value is not None, answer.reason
    assert (answer.value["saved_by"], answer.value["requirements"]) == ({"scikit-learn": saved_by}, "recorded")
    lines = (tmp_path / "scratch" / "out" / "requirements.txt").read_text().splitlines()
    assert {f"scikit-learn=={saved_by}", "numpy==2.1.0"} <= set(lines)


@pytest.mark.parametrize("weight", [0.01, 0.4, 7.0])
def test_the_counts_of_a_tree_become_shares_whatever_its_rows_weighed(weight: float) -> None:
    """Before 1.4 nodes held weighted counts, which boosting by weights makes small."""
    model = HONEST["decision tree"]()
    meant = model.predict_proba(NUMBERS)
    values = model.tree_.value
    values *= model.tree_.weighted_n_node_samples[:, None, None] * weight
    np.testing.assert_allclose(mend(model).predict_proba(NUMBERS), meant)
