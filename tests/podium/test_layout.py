"""Whatever way people lay out their models, each model file becomes one staged model with what belongs to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.layout import arrange


def ids(files: list[str], top: str = "") -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Model and JSON files by id."""
    return {unit.model_id: (unit.model, unit.about) for unit in arrange(files, top)}


@pytest.mark.parametrize(
    ("files", "top", "found"),
    [
        (["a/model.pkl", "a/metadata.json"], "a", {"a": ("a/model.pkl", ("a/metadata.json",))}),
        (["a/metadata.json"], "a", {"a": (None, ("a/metadata.json",))}),
        (["a/model.pkl", "a/scaler.pkl", "a/label_encoder.joblib"], "a", {"a": ("a/model.pkl", ())}),
        (["a/scaler.pkl"], "a", {"a": ("a/scaler.pkl", ())}),
        (
            ["a/best_model.pkl", "a/metrics.json", "a/evaluation.json", "a/feature_columns.json"],
            "a",
            {"a": ("a/best_model.pkl", ("a/metrics.json", "a/evaluation.json", "a/feature_columns.json"))},
        ),
        (
            ["xgb/v1/model.pkl", "xgb/v1/metadata.json", "xgb/v2/model.pkl"],
            "xgb",
            {"xgb/v1": ("xgb/v1/model.pkl", ("xgb/v1/metadata.json",)), "xgb/v2": ("xgb/v2/model.pkl", ())},
        ),
        (["xgb/v1/deep/model.pkl"], "xgb", {"xgb": ("xgb/v1/deep/model.pkl", ())}),
        (
            ["churn_20250101.joblib", "churn_20250101_metadata.json", "other.pkl", "other.json"],
            "",
            {
                "churn_20250101": ("churn_20250101.joblib", ("churn_20250101_metadata.json",)),
                "other": ("other.pkl", ("other.json",)),
            },
        ),
        (
            ["best_model.pkl", "metrics.json", "unrelated.json"],
            "",
            {"best_model": ("best_model.pkl", ("metrics.json",))},
        ),
        (
            ["a/model_v1.pkl", "a/model_v2.pkl", "a/model_v2_metrics.json"],
            "a",
            {"a/model_v1": ("a/model_v1.pkl", ()), "a/model_v2": ("a/model_v2.pkl", ("a/model_v2_metrics.json",))},
        ),
        (["notes.txt", "metrics.json"], "", {}),
        (["a/model.pkl.gz", "a/metadata.json"], "a", {"a": ("a/model.pkl.gz", ("a/metadata.json",))}),
        (["a/model.pkl", "a/model.onnx", "a/model.ubj"], "a", {"a": ("a/model.pkl", ())}),
        (["a/churn.ubj", "a/other.onnx"], "a", {"a": ("a/churn.ubj", ())}),
        (["a/model.onnx"], "a", {"a": ("a/model.onnx", ())}),
        (["a/model.json", "a/metadata.json"], "a", {"a": (None, ("a/metadata.json", "a/model.json"))}),
        (
            ["x.pkl", "x.onnx", "y.skops"],
            "",
            {"x": ("x.pkl", ()), "y": ("y.skops", ())},
        ),
        (
            ["e/m/MLmodel", "e/m/model.xgb", "e/m/requirements.txt", "e/m/input_example.json", "e/m/conda.yaml"],
            "e",
            {"e": ("e/m/model.xgb", ("e/m/MLmodel", "e/m/requirements.txt"))},
        ),
    ],
)
def test_each_layout(files: list[str], top: str, found: dict[str, object]) -> None:
    """The surveyed layouts, one by one."""
    assert ids(files, top) == found


@pytest.mark.parametrize("name", ["model.json", "model.txt", "churn.bin", "best.model"])
def test_a_name_that_could_be_anything_s_is_a_model_by_its_content(name: str) -> None:
    """What the content shows to be a model is one, and no document."""
    (unit,) = arrange([f"a/{name}", "a/metadata.json"], "a", [f"a/{name}"])
    assert (unit.model, unit.about) == (f"a/{name}", ("a/metadata.json",))


NAMES = st.sampled_from(
    [
        "model.pkl",
        "a.pkl",
        "b.joblib",
        "metadata.json",
        "a_metrics.json",
        "scaler.pkl",
        "x/model.pkl",
        "a.onnx",
        "a.ubj",
    ]
)


@given(st.lists(st.builds(lambda folder, name: f"top/{folder}{name}", st.sampled_from(["", "a/", "b/"]), NAMES)))
def test_no_model_file_is_in_two_units(files: list[str]) -> None:
    """Every unit has an id of its own, and no two share a model."""
    units = arrange(set(files), "top")
    assert len({unit.model_id for unit in units}) == len(units)
    models = [unit.model for unit in units if unit.model]
    assert len(set(models)) == len(models)


def test_a_version_keeps_its_id_when_another_comes() -> None:
    """A lone folder for a version is the version, not its type; a folder inside a model is part of that model."""
    alone = arrange(["xgb/v1/model.pkl", "xgb/v1/metadata.json"], "xgb")
    both = arrange(["xgb/v1/model.pkl", "xgb/v1/metadata.json", "xgb/v2/model.pkl"], "xgb")
    assert [unit.model_id for unit in both] == ["xgb/v1", "xgb/v2"]
    assert alone == both[:1]
    assert arrange(["churn/artifacts/model.pkl"], "churn")[0].model_id == "churn"


def test_what_is_about_whichever_model_is_there_is_no_part_of_it() -> None:
    """Metrics beside a lone model are its own, until another is staged beside it; it stays the same model."""
    files = ["churn.pkl", "metrics.json"]
    (alone,) = arrange(files)
    (first, _) = arrange([*files, "other.pkl"])
    assert (alone.about, first.about) == (("metrics.json",), ())
    assert alone.files == first.files == ("churn.pkl",)


def test_a_version_without_a_model_is_told_of() -> None:
    """A folder for a version beside others that holds metadata alone; one of plots is none."""
    found = arrange(["xgb/v1/model.pkl", "xgb/v2/metadata.json", "xgb/v3/model.pkl", "xgb/plots/roc.png"], "xgb")
    assert {unit.model_id: unit.model is None for unit in found} == {"xgb/v1": False, "xgb/v2": True, "xgb/v3": False}


EXPORT = ["MLmodel", "best.pkl", "model.pkl", "data/prep.pkl", "artifacts/inner/MLmodel", "artifacts/inner/model.skops"]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("best.pkl", "best.pkl"),
        ("data", "data/prep.pkl"),
        ("./artifacts/inner/model.skops", "artifacts/inner/model.skops"),
        (None, "model.pkl"),
        ("gone.pkl", None),
        ("../other/model.pkl", None),
    ],
)
@pytest.mark.parametrize(("others", "model_id"), [([], "a"), (["a/y/model.pkl"], "a/x")])
def test_an_export_is_the_one_model_that_it_names(
    named: str | None, found: str | None, others: list[str], model_id: str
) -> None:
    """Whatever else it holds is carried with it; where what it names is not there, it has no model."""
    files = [f"a/x/{file}" for file in EXPORT]
    units = {unit.model_id: unit for unit in arrange([*files, *others], "a", exports={"a/x/MLmodel": named})}
    assert len(units) == 1 + len(others)
    assert units[model_id].model == (found and f"a/x/{found}")
    assert set(units[model_id].files) == set(files)


def test_a_file_of_a_split_is_about_the_model_whose_name_it_bears() -> None:
    """Of two that it could name, the longer name; and in a folder of one model it is about that one."""
    found = ids(["churn.pkl", "churn_test.pkl", "churn_test_metrics.json", "churn_train_metrics.json"])
    assert found == {
        "churn": ("churn.pkl", ("churn_train_metrics.json",)),
        "churn_test": ("churn_test.pkl", ("churn_test_metrics.json",)),
    }
    assert ids(["best_model.pkl", "test_metrics.json"]) == {"best_model": ("best_model.pkl", ("test_metrics.json",))}
