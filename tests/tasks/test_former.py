"""Models that earlier versions saved answer as they did there, or are refused with the version to convert them with."""

import io
import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.formats import HEAD, format_of
from tasks.effects.conversion import convert
from tasks.effects.loading import load_staged
from tasks.effects.mending import OtherVersionError, mend
from tasks.effects.prediction import is_booster, predict
from tests.tasks.honest import HONEST, NUMBERS

ARCHIVES = {path.stem.removeprefix("scikit-learn-"): path for path in (Path(__file__).parent / "saved").glob("*.zip")}
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


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("version", sorted(ARCHIVES))
def test_what_was_mended_can_be_stored(version: str, name: str, tmp_path: Path) -> None:
    """Nothing that stood in for a former name is left in it, and the stored model answers the same."""
    places = {"out": str(tmp_path / "out"), "predictions": str(tmp_path / "said.npz")}
    known: dict[str, Any] = {"holdout": None, "sha256": None, "preprocessors": [], "versions": {}, "features": []}
    file = str(extracted(version, name, tmp_path))
    answer = convert({"model": file, "extra_globals": [], "memory_mb": 64, **known, **places})
    assert answer["parity"]["largest_difference"] <= 1e-6
    assert answer["saved_by"] == {"scikit-learn": version}
    ours = {"boosting.joblib", "columns, forest.joblib", "three, histogram.joblib"}
    assert (answer["requirements"] == "recorded") is (name in ours and version != "1.3.2")


@pytest.mark.parametrize("weight", [0.01, 0.4, 7.0])
def test_the_counts_of_a_tree_become_shares_whatever_its_rows_weighed(weight: float) -> None:
    """Before 1.4 nodes held weighted counts, which boosting by weights makes small."""
    model = HONEST["decision tree"]()
    meant = model.predict_proba(NUMBERS)
    values = model.tree_.value
    values *= model.tree_.weighted_n_node_samples[:, None, None] * weight
    np.testing.assert_allclose(mend(model).predict_proba(NUMBERS), meant)
