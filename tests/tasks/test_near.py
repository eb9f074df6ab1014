"""What lies above several models, or near them without the name of one, is carried with each or is a finding."""

import json
from collections.abc import Mapping
from pathlib import Path

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from podium.staged import StagedModel
from tasks.effects.carrying import carry_files
from tasks.staging import read_staging
from tests.tasks.honest import NUMBERS, TARGET

SCALER = StandardScaler().fit(NUMBERS)


def _trained(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength).fit(NUMBERS, TARGET)


def staged(root: Path, files: Mapping[str, object], preprocessors: tuple[str, ...] = ()) -> dict[str, StagedModel]:
    """The models of a root with these files, each a document, an object or a model of so weak a penalty, by id."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            file.write_text(json.dumps(content), encoding="utf-8")
        else:
            joblib.dump(_trained(content) if isinstance(content, float) else content, file)
    return {model.model_id: model for model in read_staging.fn(root, preprocessors=preprocessors)}


def unclaimed(model: StagedModel) -> list[str]:
    """What is said of a model's companions that are nobody's."""
    return [problem.message for problem in model.problems if problem.code == "unclaimed"]


@pytest.mark.parametrize(
    ("files", "model_id"),
    [
        ({"a/models/model.pkl": 1.0, "a/preprocessing/scaler.pkl": SCALER}, "a"),
        ({"a/deep/model.pkl": 1.0, "a/scaler.pkl": SCALER, "a/label_encoder.pkl": SCALER}, "a"),
        ({"a/v1/model.pkl": 1.0, "a/scaler.pkl": SCALER}, "a/v1"),
    ],
)
def test_a_scaler_beside_the_folder_of_a_model_is_none(tmp_path: Path, files: dict[str, object], model_id: str) -> None:
    """It is carried with the model, and prepares its rows where the config says so."""
    models = staged(tmp_path, files, preprocessors=("scaler.pkl",))
    assert list(models) == [model_id]
    folder = models[model_id].folder
    assert (Path(folder.model_file or "").name, len(folder.beside)) == ("model.pkl", len(files) - 1)
    assert [Path(file).name for file, _ in folder.preprocessors] == ["scaler.pkl"]
    assert unclaimed(models[model_id]) == []


def test_a_scaler_above_several_versions_is_carried_with_each(tmp_path: Path) -> None:
    """The nearest of a name is; with its bytes it makes up what each model is."""
    files = {"a/v1/model.pkl": 1.0, "a/v2/model.pkl": 2.0, "a/v2/scaler.pkl": SCALER, "a/scaler.pkl": 7, "a/pca.pkl": 8}
    models = staged(tmp_path, files, preprocessors=("scaler.pkl",))
    beside = {name: [str(Path(f).relative_to(tmp_path)) for f in m.folder.beside] for name, m in models.items()}
    assert beside == {"a/v1": ["a/scaler.pkl", "a/pca.pkl"], "a/v2": ["a/v2/scaler.pkl", "a/pca.pkl"]}
    assert [model.folder.preprocessors[0][0] for model in models.values()] == [
        str(tmp_path / "a" / "scaler.pkl"),
        str(tmp_path / "a" / "v2" / "scaler.pkl"),
    ]
    carry_files(models["a/v1"].folder, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy" / "beside").iterdir()) == ["pca.pkl", "scaler.pkl"]
    again = staged(tmp_path, {"a/scaler.pkl": 9})
    assert [again[name].fingerprint == models[name].fingerprint for name in sorted(models)] == [False, True]


def test_a_model_called_as_a_companion_above_others_is_one_still(tmp_path: Path) -> None:
    """What is in it tells, as of one beside others."""
    models = staged(tmp_path, {"a/tab_transformer.pkl": 1.0, "a/v1/model.pkl": 2.0, "a/x/feature_model.pkl": 3.0})
    assert list(models) == ["a", "a/v1", "a/x"]
    assert list(staged(tmp_path, {"b/scaler.pkl": SCALER})) == ["a", "a/v1", "a/x", "b"]


def test_a_companion_that_no_name_gives_to_a_model_is_a_finding(tmp_path: Path) -> None:
    """Of each model that it may belong to: those beside it, else those below the nearest folder above both."""
    files = {
        "side/xgb.pkl": 1.0,
        "side/rf.pkl": 2.0,
        "side/rf_encoder.pkl": SCALER,
        "side/churn_scaler.pkl": SCALER,
        "side/scaler_v7.joblib": SCALER,
        "apart/models/a.pkl": 3.0,
        "apart/models/b.pkl": 4.0,
        "apart/prep/scaler.pkl": SCALER,
        "apart/deep/v1/model.pkl": 5.0,
        "lone/model.pkl": 6.0,
        "lone/churn_scaler.pkl": SCALER,
    }
    models = staged(tmp_path, files)
    told = {name: said[0].partition(": ")[0] for name, model in models.items() if (said := unclaimed(model))}
    assert told == {
        **dict.fromkeys(("side/xgb", "side/rf"), "side/churn_scaler.pkl, side/scaler_v7.joblib"),
        **dict.fromkeys(("apart/models/a", "apart/models/b", "apart/deep/v1"), "apart/prep/scaler.pkl"),
    }
    assert all(model.status == "ready" for model in models.values())
    assert "its model's name before its own" in unclaimed(models["side/rf"])[0]


def test_of_many_companions_some_are_named(tmp_path: Path) -> None:
    """A finding is one line."""
    files: dict[str, object] = {"a.pkl": 1.0, "b.pkl": 2.0, **{f"churn_scaler_{i}.pkl": SCALER for i in range(9)}}
    models = staged(tmp_path, files)
    assert [said.count("churn_scaler_") for said in map("".join, map(unclaimed, models.values()))] == [3, 3]
    assert "and 6 more" in unclaimed(models["a"])[0]


@pytest.mark.parametrize(
    ("places", "near"),
    [
        (("a/v1/model.pkl", "a/v2/model.pkl"), "a/v1/metadata.json"),
        (("a/x.pkl", "a/y.pkl"), "a/x_metadata.json"),
    ],
)
def test_a_document_by_link_above_several_models_is_read(tmp_path: Path, places: tuple[str, str], near: str) -> None:
    """As a file there would be; out of the root it is not, and a nearer one goes before it."""
    outside = tmp_path / "outside.json"
    outside.write_text('{"model_type": "xgboost", "threshold": 0.9}')
    root = tmp_path / "root"
    staged(root, {**dict(zip(places, (1.0, 2.0), strict=True)), "told/told.json": {"model_type": "Random Forest"}})
    (root / "a" / "metadata.json").symlink_to("../told/told.json")
    (root / "a" / "params.json").symlink_to(outside)
    models = {name: model for name, model in staged(root, {}).items() if name.startswith("a/")}
    assert {(model.model_type, model.threshold) for model in models.values()} == {("random_forest", None)}
    assert all(model.found["model_type"] == "a/metadata.json: model_type" for model in models.values())
    again = staged(root, {near: {"model_type": "SVM"}})
    assert [again[name].model_type for name in sorted(models)] == ["svm", "random_forest"]
    (root / "told" / "told.json").write_text('{"model_type": "SVC"}')
    again = staged(root, {})
    assert {again[name].model_type for name in models} == {"svm"}
    assert [again[name].fingerprint == models[name].fingerprint for name in sorted(models)] == [False, True]


def test_a_run_with_its_model_further_down_is_one_model(tmp_path: Path) -> None:
    """What lies beside its folder is about it; above several models, or a version, it is of no single one."""
    score = {"f1": 0.5}
    files: dict[str, object] = {
        "runs/a/artifacts/model/model.pkl": 1.0,
        "runs/a/metrics.json": score,
        "runs/a/scaler.pkl": SCALER,
        "runs/b/model/model.pkl": 2.0,
        "runs/several/metrics.json": score,
        "runs/several/x/model.pkl": 3.0,
        "runs/several/y/model.pkl": 4.0,
        "runs/xgb/metrics.json": score,
        "runs/xgb/v1/model.pkl": 5.0,
        "runs/xgb/v2/deep/model.pkl": 6.0,
        "runs/xgb/v2/metrics.json": score,
        "runs/rf/metadata.json": score,
        "runs/rf/v1/model.pkl": 7.0,
    }
    models = staged(tmp_path, files)
    assert {name: bool(model.claims) for name, model in models.items()} == {
        "runs/a": True,
        "runs/b/model": False,
        "runs/rf/v1": False,
        "runs/several/x": False,
        "runs/several/y": False,
        "runs/xgb/v1": False,
        "runs/xgb/v2": True,
    }
    assert models["runs/a"].folder.beside == (str(tmp_path / "runs" / "a" / "scaler.pkl"),)


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", ".git/lfs", "__pycache__"])
def test_copies_that_programs_keep_are_no_models(tmp_path: Path, hidden: str) -> None:
    """Below a model they are carried with it, as all that lies there; in the root they are nobody's business."""
    files = {"a/model.pkl": 1.0, f"a/{hidden}/model-checkpoint.pkl": 2.0, f"{hidden}/b.pkl": 3.0}
    models = staged(tmp_path, files)
    assert list(models) == ["a"]
    assert models["a"].folder.beside == (str(tmp_path / "a" / hidden / "model-checkpoint.pkl"),)
