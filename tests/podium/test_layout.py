"""Whatever way people lay out their models, each model file becomes one staged model with what belongs to it."""

from pathlib import PurePosixPath as Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.layout import UNTOLD, arrange
from podium.model_files import Contents, is_companion


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
            ["a/model.pkl", "a/backup_metadata.json", "a/metadata.json", "a/baseline_metrics.json", "a/metrics.json"],
            "a",
            {
                "a": (
                    "a/model.pkl",
                    ("a/metadata.json", "a/backup_metadata.json", "a/metrics.json", "a/baseline_metrics.json"),
                )
            },
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
        (
            ["best_model.pkl", "random_forest.pkl", "metrics.json"],
            "",
            {"best_model": ("best_model.pkl", ()), "random_forest": ("random_forest.pkl", ())},
        ),
        (["notes.txt", "metrics.json"], "", {}),
        (["a/model.pkl.gz", "a/metadata.json"], "a", {"a": ("a/model.pkl.gz", ("a/metadata.json",))}),
        (["a/model.pkl", "a/model.onnx", "a/model.ubj"], "a", {"a": ("a/model.pkl", ())}),
        (["a/churn.ubj", "a/other.onnx"], "a", {"a": ("a/churn.ubj", ())}),
        (["a/model.onnx"], "a", {"a": ("a/model.onnx", ())}),
        (
            ["best_model.pkl", "cat.cbm", "cat.json", "net.pt", "net.h5", "other.onnx", "best_model_net.pth"],
            "",
            {
                "best_model": ("best_model.pkl", ()),
                "cat": ("cat.cbm", ("cat.json",)),
                "net": ("net.pt", ()),
                "other": ("other.onnx", ()),
            },
        ),
        (
            ["best_model.pkl", "metrics.json", "cat.cbm", "encoder.pt"],
            "",
            {"best_model": ("best_model.pkl", ("metrics.json",)), "cat": ("cat.cbm", ())},
        ),
        (["net.keras", "metrics.json"], "", {"net": ("net.keras", ("metrics.json",))}),
        (["a/model.pkl", "a/net.pt"], "a", {"a": ("a/model.pkl", ())}),
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
    (unit,) = arrange([f"a/{name}", "a/metadata.json"], "a", Contents(natives={f"a/{name}"}))
    assert (unit.model, unit.about) == (f"a/{name}", ("a/metadata.json",))


NAMES = st.sampled_from(
    [
        *("model.pkl", "a.pkl", "b.joblib", "metadata.json", "a_metrics.json", "scaler.pkl", "x/model.pkl", "a.ubj"),
        *(
            "a.onnx",
            "a_encoder.pkl",
            "features.pkl",
            "x/scaler.pkl",
            "c.bin",
            "x/c.bin",
            "model.bin",
            "v1/metadata.json",
        ),
    ]
)
FILES = st.lists(st.builds(lambda folder, name: f"top/{folder}{name}", st.sampled_from(["", "a/", "b/", "v2/"]), NAMES))
OF_THE_ROOT = st.lists(NAMES.filter(lambda name: "/" not in name) | st.sampled_from(["best_model.pkl", "pipeline.pkl"]))


def are_models(files: set[str]) -> Contents:
    """Contents of files: those that are called after features hold models, and those called .bin nothing."""
    return Contents(hollow={file for file in files if file.endswith(".bin")}, is_model=lambda file: "feature" in file)


@given(FILES)
def test_no_model_file_is_in_two_units(files: list[str]) -> None:
    """Every unit has an id of its own, and no two share a model."""
    units = arrange(set(files), "top", are_models(set(files)))
    assert len({unit.model_id for unit in units}) == len(units)
    models = [unit.model for unit in units if unit.model]
    assert len(set(models)) == len(models)


@given(FILES.map(lambda files: (files, "top")) | OF_THE_ROOT.map(lambda files: (files, "")))
def test_no_model_file_vanishes(placed: tuple[list[str], str]) -> None:
    """Whatever is called as a model is one, or belongs to one; a companion may lie beside several and be nobody's."""
    files, top = placed
    units = arrange(set(files), top, are_models(set(files)))
    told = {file for unit in units for file in unit.files}
    named = {file for file in files if file.endswith((".pkl", ".joblib", ".ubj")) and not is_companion(Path(file))}
    assert named <= told


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
    units = {unit.model_id: unit for unit in arrange([*files, *others], "a", Contents(exports={"a/x/MLmodel": named}))}
    assert len(units) == 1 + len(others)
    assert units[model_id].model == (found and f"a/x/{found}")
    assert set(units[model_id].files) == set(files)


def by_id(files: list[str], top: str = "", told: Contents = UNTOLD, empty: tuple[str, ...] = ()) -> dict[str, str]:
    """Models by id, those that are missing as nothing."""
    return {unit.model_id: unit.model or "" for unit in arrange(files, top, told, empty)}


@pytest.mark.parametrize(
    ("files", "hollow", "top", "found"),
    [
        (["a.pkl", "b.bin", "model.json"], ["b.bin", "model.json"], "", {"a", "b", "model"}),
        (["model.pkl", "b.bin", "notes.txt", "a.json"], ["b.bin", "notes.txt", "a.json"], "", {"model", "b"}),
        (["a.pkl", "a.bin"], ["a.bin"], "", {"a"}),
        (["a/model.bin", "a/metadata.json"], ["a/model.bin"], "a", {"a"}),
        (["a/scaler.pkl", "a/best.model"], ["a/best.model"], "a", {"a"}),
        (["a/model.pkl", "a/deep/x.bin"], ["a/deep/x.bin"], "a", {"a"}),
        (["a/x.pkl", "a/y.pkl", "a/z.bin"], ["a/z.bin"], "a", {"a/x", "a/y"}),
        (["a/v1/model.bin", "a/v2/model.pkl"], ["a/v1/model.bin"], "a", {"a/v1", "a/v2"}),
        (["a/log.bin", "a/deep/model.pkl"], ["a/log.bin"], "a", {"a"}),
        (["a/log.bin", "a/v1/model.pkl", "a/v2/model.pkl"], ["a/log.bin"], "a", {"a/log", "a/v1", "a/v2"}),
        (["a/x/MLmodel", "a/x/model.bin", "a/y/model.pkl"], ["a/x/model.bin"], "a", {"a/x", "a/y"}),
    ],
)
def test_a_model_that_did_not_arrive_is_one(files: list[str], hollow: list[str], top: str, found: set[str]) -> None:
    """In the root each, in a folder where no model is there or above; it renames no other."""
    units = by_id(files, top, Contents(hollow=frozenset(hollow)))
    assert units.keys() == found
    assert all(units.values())


def test_a_model_that_did_not_arrive_takes_nothing_from_those_below() -> None:
    """What is about all of them stays so."""
    files = ["a/log.bin", "a/metadata.json", "a/v1/model.pkl", "a/v2/model.pkl"]
    units = arrange(files, "a", Contents(hollow=frozenset({"a/log.bin"})))
    assert {unit.model_id: unit.above for unit in units if unit.model_id != "a/log"} == {
        "a/v1": ("a/metadata.json",),
        "a/v2": ("a/metadata.json",),
    }


@pytest.mark.parametrize(
    ("files", "asked", "found"),
    [
        (["a/xgb.pkl", "a/tab_transformer.pkl"], ["a/tab_transformer.pkl"], {"a/xgb", "a/tab_transformer"}),
        (["a/model.pkl", "a/tab_transformer.pkl"], [], {"a"}),
        (["a/tab_transformer.pkl", "a/scaler.pkl"], [], {"a/tab_transformer", "a/scaler"}),
        (["a/model.pkl", "a/more/churn_features.pkl"], ["a/more/churn_features.pkl"], {"a", "a/more"}),
        (["a/model.onnx", "a/churn_features.pkl"], ["a/churn_features.pkl"], {"a"}),
    ],
)
def test_a_companion_is_looked_into_beside_models_alone(files: list[str], asked: list[str], found: set[str]) -> None:
    """What it holds decides; where a file is called as the one model of its folder, nobody asks."""
    seen: list[str] = []

    def is_model(path: str) -> bool:
        seen.append(path)
        return True

    assert by_id(files, "a", Contents(is_model=is_model)).keys() == found
    assert seen == asked


def test_companions_below_a_model_are_its_own() -> None:
    """They are carried along, and are no models; a model below it is one."""
    files = ["a/model.pkl", "a/preprocessing/scaler.pkl", "a/preprocessing/label_encoder.pkl"]
    (unit,) = arrange(files, "a")
    assert (unit.model, set(unit.files)) == ("a/model.pkl", set(files))
    assert by_id([*files, "a/old/churn.pkl"], "a").keys() == {"a", "a/old"}


def test_an_exported_model_is_no_companion_s() -> None:
    """An ONNX model beside a scaler alone is the model."""
    assert by_id(["a/model.onnx", "a/scaler.pkl"], "a") == {"a": "a/model.onnx"}


@pytest.mark.parametrize(
    ("files", "empty", "missing"),
    [
        (["x/prod/metadata.json"], [], ["x/prod"]),
        (["x/prod/model_info.json", "x/prod/plots/roc.png"], [], ["x/prod"]),
        (["x/plots/roc.png", "x/plots/config.json"], [], []),
        (["x/v3/plots/roc.png"], [], ["x/v3"]),
        ([], ["x/prod", "x/.cache", "x/v9/plots"], ["x/prod", "x/v9"]),
        (["x/prod/.gitkeep"], [], ["x/prod"]),
        (["x/model.pkl", "x/info/metadata.json"], ["x/plots"], []),
        ([], ["x/v1/plots"], []),
    ],
)
def test_a_folder_without_its_model_is_told_of(files: list[str], empty: list[str], missing: list[str]) -> None:
    """Whatever it is called, beside folders of models: by what it tells of a model, or as it holds nothing."""
    units = by_id(["x/v1/model.pkl", "x/v2/model.pkl", *files], "x", empty=tuple(empty))
    assert [model_id for model_id, model in units.items() if not model] == missing


def test_files_that_bear_a_model_s_name_are_its_own() -> None:
    """The model with the longest such name; a file about many is nobody's, and another model is none's."""
    named = ["a_notes.md", "a.pkl.sha256", "a_encoder.pkl", "a b.txt", "a-b_scaler.joblib", "a-b_metadata.json"]
    others = ["model_registry.json", "model.pkl", "ax.txt", "b_scaler.pkl", "model_v2.json", "feature_columns.json"]
    units = arrange(["a.pkl", "a-b.pkl", *named, "ax.txt", "b_scaler.pkl"])
    assert {unit.model_id: unit.files for unit in units} == {
        "a": ("a.pkl", "a b.txt", "a.pkl.sha256", "a_encoder.pkl", "a_notes.md"),
        "a-b": ("a-b.pkl", "a-b_metadata.json", "a-b_scaler.joblib"),
    }
    units = arrange([*others, "model_v1.pkl", "feature.onnx"], told=Contents(natives=frozenset({"model_v2.json"})))
    assert [unit.files for unit in units] == [("model.pkl",), ("model_v1.pkl",), ("model_v2.json",)]


def test_a_companion_makes_no_model_one_of_several() -> None:
    """Beside a lone model in the root it changes nothing of what is about that model."""
    metadata = ["metrics.json", "feature_columns.json"]
    (unit,) = arrange(["best_model.pkl", "scaler.joblib", "label_encoder.pkl", *metadata])
    assert (unit.about, unit.files) == (tuple(metadata), ("best_model.pkl", "label_encoder.pkl", "scaler.joblib"))
    several = arrange(["a.pkl", "b.json", *metadata], told=Contents(natives=frozenset({"b.json"})))
    assert not any(set(unit.about) & set(metadata) for unit in several)


ROOT_EXPORT = ["MLmodel", "conda.yaml", "input_example.json", "requirements.txt"]


@pytest.mark.parametrize(
    ("models", "named", "found"),
    [
        (["model.pkl"], "model.pkl", {"model": True}),
        (["lr.pkl", "other.pkl"], "./lr.pkl", {"lr": True, "other": False}),
        (["model.pkl", "lr.pkl"], "lr.pkl", {"lr": True, "model": False}),
        (["model.pkl", "lr.pkl"], "model.pkl", {"model": True, "lr": False}),
        (["model.pkl", "model.joblib"], "model.pkl", {"model": True}),
        (["model.pkl"], "data/model.pkl", {"model": False}),
        (["model.pkl"], None, {"model": False}),
        (["model.cb"], "model.cb", {"model": True}),
    ],
)
def test_an_export_in_the_root_itself_is_read(models: list[str], named: str | None, found: dict[str, bool]) -> None:
    """The model that it names has what MLflow wrote about it; every other stays as it is."""
    units = {u.model_id: u for u in arrange([*ROOT_EXPORT, *models], told=Contents(exports={"MLmodel": named}))}
    assert {model_id: unit.about == ("MLmodel", "requirements.txt") for model_id, unit in units.items()} == found
    assert {model_id: set(ROOT_EXPORT) <= set(unit.files) for model_id, unit in units.items()} == found


def test_a_file_of_a_split_is_about_the_model_whose_name_it_bears() -> None:
    """Of two that it could name, the longer name; and in a folder of one model it is about that one."""
    found = ids(["churn.pkl", "churn_test.pkl", "churn_test_metrics.json", "churn_train_metrics.json"])
    assert found == {
        "churn": ("churn.pkl", ("churn_train_metrics.json",)),
        "churn_test": ("churn_test.pkl", ("churn_test_metrics.json",)),
    }
    assert ids(["best_model.pkl", "test_metrics.json"]) == {"best_model": ("best_model.pkl", ("test_metrics.json",))}


@pytest.mark.parametrize(
    ("model", "about", "files"),
    [
        ("model_v5", ["metrics_v5.json"], ["metrics_v5.json", "scaler_v5.pkl", "label_encoder_v5.joblib"]),
        ("churn_model_20250101", ["churn_metadata_20250101.json"], ["churn_scaler_20250101.pkl"]),
        ("churn_20250101", ["churn_test_metrics_20250101.json"], []),
        ("a", ["a.pkl.json"], ["a.pkl.json"]),
        ("b", ["b.joblib.metadata.json"], []),
        ("c", ["c.pkl.gz.metrics.json"], []),
        ("xgb_churn_v5", ["metrics_v5.json", "test_metrics_v5.json"], ["metrics_v5.json", "scaler_v5.pkl"]),
        ("xgb2_churn_v5", ["metrics_v5.json"], ["metrics_v5.json", "standard_scaler_v5.pkl"]),
        ("xgb_churn_20250101_1", ["metadata_20250101_1.json"], []),
    ],
)
def test_a_file_may_have_another_word_in_the_place_of_model(model: str, about: list[str], files: list[str]) -> None:
    """Before a version or a time, or after the whole name of the file: it is read, and is the model's own."""
    beside = [
        "other.pkl",
        "model_v4.pkl",
        "metrics_v4.json",
        "churn_metrics_2024.json",
        "z_scaler.pkl",
        "encoder_v9.pkl",
    ]
    unit = next(u for u in arrange({*beside, f"{model}.pkl", *about, *files}) if u.model_id == model)
    assert unit.about == tuple(about)
    assert set(unit.files) == {f"{model}.pkl", *about, *files}


@pytest.mark.parametrize("file", ["churn_metrics_v1.json", "metrics_v2.json", "a_metrics_v1.json", "best_metrics.json"])
def test_a_file_that_could_stand_for_two_models_or_another_is_nobody_s(file: str) -> None:
    """Of two models of the same version neither has it."""
    units = arrange(["churn_model_v1.pkl", "churn_v1.pkl", "model_v1.pkl", "best_model.pkl", file])
    assert not any(file in (*unit.about, *unit.files) for unit in units)


@pytest.mark.parametrize(
    ("models", "file"),
    [
        (("xgb_v1", "rf_v1"), "metrics_v1.json"),
        (("xgb_v1", "rf_v1"), "scaler_v1.pkl"),
        (("l1_logreg_v1", "rf_v1"), "metrics_v1.json"),
        (("churn_30d_v1", "churn_v1"), "metrics_v1.json"),
        (("lr_v2_1", "rf_v3"), "metrics_1.json"),
        (("xgb_v1", "rf_v3"), "metrics_v11.json"),
        (("xgb_v1", "rf_v3"), "metrics_v2_1.json"),
        (("lr_1", "rf_v3"), "scaler_v2_1.pkl"),
        (("churn_v1", "lr_v2"), "fraud_scaler_v2.pkl"),
        (("churn_v1", "fraud_v2"), "churn_2025_scaler_v2.pkl"),
        (("churn_v1", "lr_v2"), "fraud_features_v1.csv"),
    ],
)
def test_a_version_alone_names_a_model_only_if_a_single_one_ends_in_it(models: tuple[str, str], file: str) -> None:
    """A part of a version is none, and the name of another model is more than a version."""
    units = arrange([*(f"{model}.pkl" for model in models), file])
    assert not any(file in (*unit.about, *unit.files) for unit in units)


@pytest.mark.parametrize("top", ["", "x"])
def test_a_companion_that_bears_no_name_is_carried_with_each_model_beside_it(top: str) -> None:
    """Alone or of several a model has it; what may be another's, by a name or a version, is nobody's."""
    common = ["scaler.pkl", "label_encoder.joblib", "ohe.pkl", "X_test.pkl", "threshold.pkl"]
    others = ["fraud_scaler.pkl", "scaler_v2.pkl", "scaler.onnx", "README.md"]
    files = [f"{top}/{file}".strip("/") for file in ("rf.pkl", "lr.pkl", *common, *others)]
    units = arrange(files, top)
    carried = {unit.model_id: {Path(file).name for file in unit.files} for unit in units}
    own = {Path(top, stem).as_posix(): {f"{stem}.pkl", *common} for stem in ("rf", "lr")}
    assert carried == own
    (alone,) = arrange([file for file in files if "lr" not in file], top)
    assert {Path(file).name for file in alone.files} >= {"rf.pkl", *common}


@pytest.mark.parametrize("name", ["ohe", "le", "pca", "tfidf", "sc", "threshold", "X_test"])
def test_a_short_name_of_a_companion_is_one_alone(name: str) -> None:
    """Within another it may be part of a model's; and what holds an estimator is a model."""
    assert by_id(["x/clf.pkl", f"x/{name}.pkl"], "x") == {"x": "x/clf.pkl"}
    assert by_id(["x/clf.pkl", f"x/{name}_lr.pkl"], "x").keys() == {"x/clf", f"x/{name}_lr"}
    assert len(arrange(["x/clf.pkl", f"x/{name}.pkl"], "x", Contents(is_model=lambda _: True))) == 2


def test_metrics_of_the_model_are_about_whichever_is_there() -> None:
    """Beside a lone model they are read, once."""
    assert ids(["best_model.pkl", "model_metrics.json"]) == {"best_model": ("best_model.pkl", ("model_metrics.json",))}
    assert ids(["model.pkl", "model_metrics.json"]) == {"model": ("model.pkl", ("model_metrics.json",))}
