"""The staging root is read as it is, and nothing in it can stop the reading."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from podium.errors import ConfigError
from podium.inventory import explanation, take_inventory
from podium.plan import plan_migration
from podium.staged import StagedModel
from tasks.staging import read_folders, read_staging
from tests.tasks.honest import HONEST

PICKLE = b"\x80\x04}."


def stage(root: Path, name: str, model: bytes | None = PICKLE, metadata: str | None = "{}") -> Path:
    """Write one staged model."""
    folder = root / name
    folder.mkdir(parents=True)
    if model is not None:
        (folder / "model.pkl").write_bytes(model)
    if metadata is not None:
        (folder / "metadata.json").write_text(metadata)
    return folder


def fingerprint(folder: Path) -> str:
    """The fingerprint of a folder with one model."""
    (found,) = read_folders(folder.parent, folder.name)
    return found.fingerprint


def one(root: Path) -> StagedModel:
    """Read a root that holds one model."""
    (model,) = read_staging.fn(root)
    return model


@pytest.mark.parametrize(
    ("model", "metadata", "code", "status"),
    [
        (None, "{}", "no-model", "broken"),
        (b"", "{}", "empty-model", "broken"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "{}", "lfs-pointer", "broken"),
        (b"PK\x03\x04 something", "{}", "unknown-format", "broken"),
        (PICKLE, None, "missing-metadata", "ready"),
        (PICKLE, "{not json", "bad-metadata", "ready"),
        (PICKLE, "[1, 2]", "bad-metadata", "ready"),
        (PICKLE, '{"model_id": "another"}', "id-mismatch", "ready"),
        (PICKLE, '{"metrics": {"f1": NaN}}', "bad-metric", "ready"),
    ],
)
def test_what_is_wrong_is_a_finding(
    tmp_path: Path, model: bytes | None, metadata: str | None, code: str, status: str
) -> None:
    """Each defect is a problem with a stable code, and only a missing model makes it impossible to migrate."""
    stage(tmp_path, "xgboost_20250820_104603", model, metadata)
    found = one(tmp_path)
    assert code in {p.code for p in found.problems}
    assert found.status == status


def test_what_did_not_arrive_is_a_row_with_its_reason(tmp_path: Path) -> None:
    """Pointers and empty files under names that could be anything's, and folders that wait for a model."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    stage(tmp_path, "a", None)
    (tmp_path / "a" / "best.model").write_bytes(pointer)
    (tmp_path / "b.bin").write_bytes(b"")
    stage(tmp_path, "c/v1")
    stage(tmp_path, "c/prod", None)
    for name in ("c/v2", "c/next"):
        (tmp_path / name).mkdir()
    codes = {m.model_id: m.problems[0].code for m in read_staging.fn(tmp_path) if m.status == "broken"}
    missing = dict.fromkeys(("c/prod", "c/v2", "c/next"), "no-model")
    assert codes == {"a": "lfs-pointer", "b": "empty-model", **missing}


def test_a_model_by_a_companion_s_name_is_no_part_of_another(tmp_path: Path) -> None:
    """Its content tells; a scaler of such a name stays a companion."""
    folder = stage(tmp_path, "a", None, None)
    for name, kind in (("xgb", "decision tree"), ("tab_transformer", "random forest")):
        joblib.dump(HONEST[kind](), folder / f"{name}.pkl")
    joblib.dump(StandardScaler(), folder / "churn_30_features_v2.pkl")
    assert sorted(by_id(tmp_path)) == ["a/tab_transformer", "a/xgb"]


def test_an_onnx_model_alone_is_known_as_one(tmp_path: Path) -> None:
    """Its row has its format and what its metadata says, and a code with what to do instead of a measurement."""
    folder = stage(tmp_path, "a", None, '{"model_type": "Random Forest", "metrics": {"f1": 0.8}}')
    (folder / "model.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    (row,) = take_inventory(read_staging.fn(tmp_path)).as_json()
    assert (row["format"], row["status"], row["model_type"]) == ("onnx", "broken", "random_forest")
    assert {p["code"]: "mlflow.onnx.log_model" in p["message"] for p in row["problems"]} == {"onnx": True}
    assert row["claims"] == {"f1_score": 0.8}


def test_a_foreign_model_in_the_root_is_a_row(tmp_path: Path) -> None:
    """Whatever its first bytes look like: older ones of PyTorch are pickles."""
    (tmp_path / "churn.pkl").write_bytes(PICKLE)
    (tmp_path / "net.pt").write_bytes(PICKLE + b"x")
    (tmp_path / "cat.cbm").write_bytes(b"CBM1")
    codes = {model.model_id: {p.code for p in model.problems} - {"missing-metadata"} for model in found(tmp_path)}
    assert codes == {"churn": set(), "net": {"unknown-format"}, "cat": {"unknown-format"}}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        *((name, PICKLE, "pickle") for name in ("clf.p", "x.pck", "m.mdl", "y.jl", "model")),
        ("w.lgbm", b"tree\nversion=v4", "lightgbm-text"),
        ("m.bst", b"{L\x00", "xgboost-ubj"),
        *((name, PICKLE, "pickle") for name in ("m.model", "m.bin", "best.model")),
        *(
            (f"m{end}.gz", gzip.compress(PICKLE, mtime=0), "joblib+gzip")
            for end in (".mdl", ".p", ".pck", ".jl", ".pkl")
        ),
        ("clf.p.bz2", bz2.compress(PICKLE), "joblib+bz2"),
        ("clf.mdl.xz", lzma.compress(PICKLE), "joblib+xz"),
        ("clf.mdl.gz", gzip.compress(PICKLE * 9, mtime=0)[:20], "joblib+gzip"),
        *((name, b"PK\x03\x04", "unknown") for name in ("best_model.dat", "model.mdl", "w.lgbm")),
        *((name, b"PK\x03\x04", "archive") for name in ("model.zip", "model.7z", "model.rar")),
        *((name, gzip.compress(PICKLE, mtime=0), "archive") for name in ("model.tar.gz", "model.tgz", "pipeline.tar")),
    ],
)
@pytest.mark.parametrize("folder", ["", "a"])
def test_a_model_by_a_rare_suffix_is_a_row(tmp_path: Path, folder: str, name: str, content: bytes, kind: str) -> None:
    """By its content, or as it is called so; what nobody can read has its reason."""
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / name).write_bytes(content)
    model = one(tmp_path)
    assert (model.model_id, model.folder.format) == (folder or name.split(".")[0], kind)
    assert ("unknown-format" in {p.code for p in model.problems}) == (kind in {"unknown", "archive"})
    assert any("unpack it" in p.message for p in model.problems) == (kind == "archive")


@pytest.mark.parametrize("name", ["const.jl", "data.zip", "model.py", "notes.p", "readme"])
def test_what_is_neither_called_a_model_nor_holds_one_is_none(tmp_path: Path, name: str) -> None:
    """Sources and archives of whatever suffix lie in the root as they like."""
    (tmp_path / name).write_bytes(b"const a = 1")
    assert read_staging.fn(tmp_path) == []


@pytest.mark.parametrize("name", ["notes.p.gz", "const.jl.gz", "rows.json.gz", "rows.txt.gz", "rows.bin.gz", "rows.gz"])
def test_what_is_packed_is_a_model_if_a_pickle_is_in_it(tmp_path: Path, name: str) -> None:
    """Rows and sources are packed, too."""
    (tmp_path / name).write_bytes(gzip.compress(b"const a = 1"))
    assert read_staging.fn(tmp_path) == []


@pytest.mark.parametrize("names", [["model.cbm"], ["net.pt", "history.h5"], ["net.h5", "model.pt", "deep/model.h5"]])
def test_a_foreign_model_in_a_folder_is_named_as_one(tmp_path: Path, names: list[str]) -> None:
    """That there is none would be the wrong advice; the folder keeps its id and all its files."""
    folder = stage(tmp_path, "a", None)
    (folder / "deep").mkdir()
    for name in names:
        (folder / name).write_bytes(b"CBM1")
    model = one(tmp_path)
    assert (model.model_id, [p.code for p in model.problems]) == ("a", ["unknown-format"])
    assert Path(model.folder.model_file or "").stem == ("model" if "model" in str(names) else "history")
    assert len(model.folder.beside) == len(names) - 1


def test_the_fingerprint_is_the_content(tmp_path: Path) -> None:
    """The same bytes under another name are the same model; one other byte is another."""
    same = [fingerprint(stage(tmp_path, name)) for name in ("a", "b")]
    other = fingerprint(stage(tmp_path, "c", PICKLE + b" "))
    assert same[0] == same[1] != other


def test_a_copied_folder_is_a_duplicate(tmp_path: Path) -> None:
    """Two folders with the same bytes each name the other."""
    stage(tmp_path, "a")
    stage(tmp_path, "b")
    problems = {m.model_id: [p.message for p in m.problems if p.code == "duplicate"] for m in found(tmp_path)}
    assert problems == {"a": ["same bytes as b: migrated once"], "b": ["same bytes as a: migrated once"]}


def found(root: Path) -> tuple[StagedModel, ...]:
    """The inventory of a root."""
    return take_inventory(read_staging.fn(root)).models


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    """A folder or a file that is a symbolic link brings nothing in."""
    outside = stage(tmp_path / "outside", "secret")
    root = tmp_path / "root"
    folder = stage(root, "linked_file", model=None)
    (folder / "model.pkl").symlink_to(outside / "model.pkl")
    (root / "linked_folder").symlink_to(outside, target_is_directory=True)
    codes = {m.model_id: m.broken_reason for m in found(root)}
    assert codes["linked_file"] == "model.pkl is a symbolic link, which is not followed: copy the file there"
    assert "symbolic link" in (codes["linked_folder"] or "")


def test_a_companion_shared_by_link_is_carried_from_within_the_root_alone(tmp_path: Path) -> None:
    """Its content is part of the model; a link out of the root, or to nothing, is a finding; no model goes without."""
    (tmp_path / "secret.pkl").write_bytes(b"secret")
    root = tmp_path / "root"
    stage(root, "a", PICKLE)
    shared = stage(root, "shared", PICKLE + b"shared") / "scaler.pkl"
    shared.write_bytes(b"scaler")
    (root / "a" / "scaler.pkl").symlink_to("../shared/scaler.pkl")
    (root / "a" / "latest.pkl").symlink_to("model.pkl")
    (root / "a" / "notes.txt").symlink_to(tmp_path / "secret.pkl")
    (root / "a" / "plots").symlink_to("/etc")
    (one,) = read_folders(root, "a", ("scaler.pkl",))
    name = str(root / "a" / "scaler.pkl")
    assert (one.beside, one.linked) == ((name,), ((name, str(shared.resolve())),))
    assert one.preprocessors == ((name, hashlib.sha256(b"scaler").hexdigest()),)
    problems = {p.message.split()[0] for m in found(root) for p in m.problems if p.code == "linked"}
    assert (one.unreadable, problems) == (None, {"notes.txt", "plots"})
    shared.write_bytes(b"other")
    assert read_folders(root, "a")[0].fingerprint != one.fingerprint
    shared.unlink()
    (gone,) = read_folders(root, "a", ("scaler.pkl",))
    assert gone.left == ("notes.txt", "plots", "scaler.pkl")
    assert "prepares its rows" in (gone.unreadable or "")


def test_metadata_by_link_is_read_from_within_the_root_alone(tmp_path: Path) -> None:
    """As a file of its name would be, in a folder and side by side; out of the root it is a finding."""
    (tmp_path / "secret.json").write_text('{"metrics": {"f1": 0.1}}')
    root = tmp_path / "root"
    stage(root, "a", PICKLE, None)
    stage(root, "b", PICKLE + b"b", None)
    (root / "shared.json").write_text('{"model_type": "Random Forest", "metrics": {"f1": 0.7}}')
    for name in ("flat", "flat_2", "other"):
        (root / f"{name}.pkl").write_bytes(PICKLE + name.encode())
    links = {
        "a/metadata.json": "../shared.json",
        "flat_2_metadata.json": "shared.json",
        "flat_encoder.pkl": "b/model.pkl",
    }
    outside = {"b/metadata.json": "../../secret.json", "other_metadata.json": "../secret.json", "other_n.txt": "gone"}
    for link, target in (links | outside).items():
        (root / link).symlink_to(target)
    models = by_id(root)
    assert {name: model.claims for name, model in models.items() if model.claims} == {
        "a": {"f1_score": 0.7},
        "flat_2": {"f1_score": 0.7},
    }
    assert {n: m.folder.left for n, m in models.items() if m.folder.left} == {
        "b": ("metadata.json",),
        "other": ("other_metadata.json", "other_n.txt"),
    }
    assert {p.code for name in ("b", "other") for p in models[name].problems} == {"linked", "missing-metadata"}
    assert models["flat"].folder.beside == (str(root / "flat_encoder.pkl"),)
    assert models["a"].folder.beside == ()
    (root / "shared.json").write_text("{}")
    changed = {name for name, model in by_id(root).items() if model.fingerprint != models[name].fingerprint}
    assert changed == {"a", "flat_2"}


def test_metadata_by_link_to_a_model_s_own_file_is_read_once(tmp_path: Path) -> None:
    """One further down is read by it; another name for what is read already brings nothing."""
    folder = stage(tmp_path, "a", PICKLE, None)
    (folder / "docs").mkdir()
    (folder / "docs" / "told.json").write_text('{"metrics": {"f1": 0.7}}')
    fingerprint = one(tmp_path).fingerprint
    (folder / "metadata.json").symlink_to("docs/told.json")
    (folder / "metrics.json").symlink_to("metrics.json")
    model = one(tmp_path)
    assert (model.claims, model.fingerprint, model.folder.left) == ({"f1_score": 0.7}, fingerprint, ("metrics.json",))
    (folder / "metrics.json").unlink()
    (folder / "params.json").write_text('{"max_depth": 3}')
    (folder / "hyperparameters.json").symlink_to("params.json")
    assert [name for name, _ in one(tmp_path).folder.metadata] == ["metadata.json", "params.json"]


def test_a_link_to_itself_stops_nothing(tmp_path: Path) -> None:
    """In the root, and below; in the place of a model it is a row."""
    stage(tmp_path, "a")
    for link in ("loop", "a/loop", "b.pkl"):
        (tmp_path / link).symlink_to(Path(link).name)
    assert {name: model.status for name, model in by_id(tmp_path).items()} == {"a": "ready", "b.pkl": "broken"}


def test_a_companion_by_link_below_a_model_is_carried(tmp_path: Path) -> None:
    """It is no model in the place of one."""
    (stage(tmp_path, "a") / "preprocessing").mkdir()
    (stage(tmp_path, "b", PICKLE + b"b") / "scaler.pkl").write_bytes(b"scaler")
    link = tmp_path / "a" / "preprocessing" / "scaler.pkl"
    link.symlink_to("../../b/scaler.pkl")
    models = by_id(tmp_path)
    assert (sorted(models), models["a"].folder.beside) == (["a", "b"], (str(link),))


READING = """
import encodings.utf_8_sig, json, os, sys
from pathlib import Path
from tasks.staging import read_staging
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps({m.model_id: [m.status, m.broken_reason] for m in read_staging.fn(Path(sys.argv[1]))}))
"""


def read_by_somebody(root: Path) -> dict[str, list[str]]:
    """What a process without the rights of root reads of a staging root: state and reason by id."""
    command = [sys.executable, "-c", READING, str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr[-1000:]
    return dict(json.loads(ended.stdout))


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A staging root that everybody may read, which folders of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_what_cannot_be_read_is_a_finding_of_its_own_model(open_root: Path) -> None:
    """A file or a folder without read permission breaks no other model, wherever it lies."""
    root = open_root
    (stage(root, "alone") / "model.pkl").chmod(0)
    stage(root, "fine", PICKLE + b"fine")
    for name in ("flat", "flat closed"):
        (root / f"{name}.pkl").write_bytes(PICKLE + name.encode())
    (root / "flat closed.pkl").chmod(0)
    stage(root / "nested", "v1", PICKLE + b"v1").chmod(0)
    stage(root / "nested", "v2", PICKLE + b"v2")
    stage(root / "nested", "v3", PICKLE + b"v3")
    (stage(root, "with a part", PICKLE + b"part") / "explainer").mkdir(mode=0)
    found = read_by_somebody(root)
    for folder in (root / "nested" / "v1", root / "with a part" / "explainer"):
        folder.chmod(0o700)
    broken = {"alone", "flat closed", "nested/v1", "with a part"}
    assert {name for name, (status, _) in found.items() if status == "broken"} == broken
    assert found.keys() == broken | {"fine", "flat", "nested/v2", "nested/v3"}
    assert all(found[name][1].startswith("cannot be read: Permission denied") for name in broken)


def test_the_time_of_a_file_is_its_own(tmp_path: Path) -> None:
    """Where nothing tells when a model was trained it is the time of its file, whatever else comes into the folder."""
    for name, when in (("a", 1.7e9), ("b", 1.6e9)):
        (tmp_path / f"{name}.pkl").write_bytes(PICKLE + name.encode())
        os.utime(tmp_path / f"{name}.pkl", (when, when))
    found = by_id(tmp_path)
    assert {name: model.trained_at.timestamp() for name, model in found.items()} == {"a": 1.7e9, "b": 1.6e9}
    assert {model.trained_at_source for model in found.values()} == {"file time"}


def test_names_with_spaces_and_other_scripts_are_read(tmp_path: Path) -> None:
    """A folder may be called anything that the file system takes."""
    for name in ("my model (final) v2", "модель_20250820_104603", "a'b"):
        stage(tmp_path, name)
    assert {m.status for m in found(tmp_path)} == {"ready"}


def test_hidden_folders_and_loose_files_are_left_alone(tmp_path: Path) -> None:
    """What is being written, and what is no folder, is not a staged model."""
    stage(tmp_path, ".half.partial")
    (tmp_path / "README.md").write_text("notes")
    assert read_staging.fn(tmp_path) == []


@pytest.mark.parametrize("root", [None, Path("nowhere"), Path(__file__)])
def test_a_root_that_is_not_there_is_one_clear_line(root: Path | None) -> None:
    """The error names the key and, where there is one, the folder."""
    with pytest.raises(ConfigError, match=r"staging\.root"):
        read_staging.fn(root)


def test_the_demo_ranks_the_trap_first(made: Path) -> None:
    """By recorded F1 the overfitted model wins: that is the trap."""
    models = found(made / "staging")
    assert models[0].model_id == "xgboost_20250826_013058"
    assert len(models) == 8
    assert [p.code for m in models for p in m.problems] == ["tie", "tie"]


def test_the_demo_metadata_is_what_legacy_projects_write(made: Path) -> None:
    """Its keys are those of a legacy project, Windows paths and naive times included."""
    document = json.loads((made / "staging" / "xgboost_20250820_104603" / "metadata.json").read_text())
    assert set(document) == {
        *("model_id", "model_path", "stage", "registered_at", "model_name", "model_type", "performance_metrics"),
        *("hyperparameters", "feature_columns", "created_by", "description"),
    }
    assert document["model_path"] == "models\\staging\\xgboost_20250820_104603\\model.pkl"
    assert document["registered_at"] == "2025-08-20T10:46:03"


def by_id(root: Path) -> dict[str, StagedModel]:
    """The staged models of a root by their ids."""
    return {model.model_id: model for model in read_staging.fn(root)}


def test_files_side_by_side_are_models_of_their_own(tmp_path: Path) -> None:
    """Flat files with JSON files of their names are read, each with its own claims."""
    for name, f1 in (("churn_20250101", 0.7), ("churn_20250202", 0.8)):
        (tmp_path / f"{name}.joblib").write_bytes(PICKLE)
        (tmp_path / f"{name}_metadata.json").write_text(json.dumps({"metrics": {"f1": f1}}))
    found = by_id(tmp_path)
    assert {name: model.claims for name, model in found.items()} == {
        "churn_20250101": {"f1_score": 0.7},
        "churn_20250202": {"f1_score": 0.8},
    }
    assert found["churn_20250202"].trained_at.date().isoformat() == "2025-02-02"


def test_a_file_and_a_folder_of_one_name_are_two_models(tmp_path: Path) -> None:
    """The folder keeps the id, that of the file is its whole name."""
    stage(tmp_path, "churn", metadata='{"f1": 0.7}')
    (tmp_path / "churn.pkl").write_bytes(PICKLE + b"x")
    (tmp_path / "churn.json").write_text('{"f1": 1.6}')
    assert {name: model.claims for name, model in by_id(tmp_path).items()} == {
        "churn": {"f1_score": 0.7},
        "churn.pkl": {},
    }


def test_nested_folders_of_types_and_versions_are_read(tmp_path: Path) -> None:
    """A model's id is its path below the root where folders are nested."""
    for version in ("v1", "v2"):
        stage(tmp_path / "xgboost", version, PICKLE + version.encode(), "{}")
    assert sorted(by_id(tmp_path)) == ["xgboost/v1", "xgboost/v2"]


def test_what_stands_above_versions_fills_in_and_tells_no_scores(tmp_path: Path) -> None:
    """Type, columns and threshold of all; a score only if it is listed for the version; nothing of it is identity."""
    stage(tmp_path, "xgboost/v1", PICKLE, None)
    stage(tmp_path, "xgboost/v2", PICKLE + b"2", '{"metrics": {"f1": 0.7}, "features": ["b"]}')
    before = {name: model.fingerprint for name, model in by_id(tmp_path).items()}
    common = {"algorithm": "Random Forest", "feature_columns": ["a"], "threshold": 0.4, "trained_at": "2025-01-01"}
    told = tmp_path / "xgboost" / "metadata.json"
    told.write_text(json.dumps({**common, "metrics": {"f1": 0.99}, "roc_auc": 0.99}))
    models = by_id(tmp_path)
    first, second = explanation(models["xgboost/v1"]), explanation(models["xgboost/v2"])
    assert {f["field"]: (f["value"], f["found"]) for f in first["fields"] if f["field"] != "trained_at"} == {
        "model_type": ("random_forest", "xgboost/metadata.json: algorithm"),
        "features": (["a"], "xgboost/metadata.json: feature_columns"),
        "threshold": (0.4, "xgboost/metadata.json: threshold"),
    }
    assert (first["trained_at_source"], second["recorded_metrics"]) == ("file time", {"f1_score": 0.7})
    assert models["xgboost/v2"].feature_columns == ("b",)
    assert {name: model.fingerprint for name, model in models.items()} == before
    told.write_text(json.dumps({**common, "version_scores": {"v1": {"scores": {"f1": 0.6}}, "v2": {"f1": 0.9}}}))
    claims = {name: model.claims for name, model in by_id(tmp_path).items()}
    assert claims == {"xgboost/v1": {"f1_score": 0.6}, "xgboost/v2": {"f1_score": 0.7}}
    told.write_text("{")
    assert all("bad-metadata" in {p.code for p in model.problems} for model in by_id(tmp_path).values())


def test_one_model_with_many_files_about_it(tmp_path: Path) -> None:
    """Metrics, features and parameters in files of their own make one document; other files are carried along."""
    folder = stage(tmp_path, "churn", metadata=None)
    (folder / "model.pkl").rename(folder / "best_model.pkl")
    (folder / "metrics.json").write_text('{"accuracy": 0.8, "f1": "81.2%"}')
    (folder / "feature_columns.json").write_text('["tenure", "gender"]')
    (folder / "params.json").write_text('{"max_depth": 3}')
    (folder / "scaler.pkl").write_bytes(PICKLE)
    model = one(tmp_path)
    assert model.claims == {"accuracy": 0.8, "f1_score": pytest.approx(0.812)}
    assert model.feature_columns == ("tenure", "gender")
    assert model.hyperparameters == {"max_depth": 3}
    assert [Path(path).name for path in model.folder.beside] == ["scaler.pkl"]


def test_an_export_as_the_root_itself_is_read(tmp_path: Path) -> None:
    """Its description is metadata, its files are carried, and a folder beside is a model of its own."""
    (tmp_path / "model.pkl").write_bytes(PICKLE)
    (tmp_path / "MLmodel").write_text(
        "flavors: {sklearn: {pickled_model: model.pkl, sklearn_version: 1.5.0}}\nutc_time_created: '2024-01-01 10:00'"
    )
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4")
    (tmp_path / "conda.yaml").write_text("name: env")
    stage(tmp_path, "beside", PICKLE + b"beside")
    models = by_id(tmp_path)
    assert models.keys() == {"model", "beside"}
    model = models["model"]
    assert (dict(model.versions), model.trained_at.year) == ({"scikit-learn": "1.5.0", "numpy": "1.26.4"}, 2024)
    assert [Path(path).name for path in model.folder.beside] == ["conda.yaml"]


def test_a_preprocessor_is_found_below_its_model(tmp_path: Path) -> None:
    """Beside it first, else where one file of its own has that name; of two neither is taken, and the model waits."""
    folder = stage(tmp_path, "m")
    for place in ("artifacts", "old"):
        assert [Path(f).name for f, _ in read_folders(tmp_path, "m", ("scaler.pkl",))[0].preprocessors] == (
            ["scaler.pkl"] if place == "old" else []
        )
        (folder / place).mkdir()
        (folder / place / "scaler.pkl").write_bytes(place.encode())
    torn = read_folders(tmp_path, "m", ("scaler.pkl",))[0]
    said = "scaler.pkl, which prepares its rows, is there as artifacts/scaler.pkl, old/scaler.pkl"
    assert (torn.preprocessors, torn.unreadable) == ((), f"{said}: put one beside the model")
    (folder / "scaler.pkl").write_bytes(b"beside")
    whole = read_folders(tmp_path, "m", ("scaler.pkl",))[0]
    assert whole.unreadable is None
    (found,) = whole.preprocessors
    assert found == (str(folder / "scaler.pkl"), hashlib.sha256(b"beside").hexdigest())


@pytest.mark.parametrize(
    "registry",
    [
        [{"model_path": "models\\a.pkl", "f1_score": 0.7}, {"path": "b.pkl", "f1_score": 0.8}],
        {"models": [{"file": "a.pkl", "f1_score": 0.7}, {"file": "b.pkl", "f1_score": 0.8}]},
        {"versions": {"a": {"metrics": {"f1": 0.7}}, "b": {"metrics": {"f1": 0.8}}}},
    ],
    ids=["a list", "a list in an object", "by version"],
)
@pytest.mark.parametrize("file", ["registry.json", "model_registry.json", "metadata.json"])
def test_a_file_about_many_models_is_read_for_each(file: str, registry: object, tmp_path: Path) -> None:
    """A registry's entry is the metadata of the model it names, by file or by id."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.pkl").write_bytes(PICKLE + name.encode())
    (tmp_path / file).write_text(json.dumps(registry))
    assert {name: model.claims["f1_score"] for name, model in by_id(tmp_path).items()} == {"a": 0.7, "b": 0.8}


def test_a_version_has_what_a_registry_says_of_its_model(tmp_path: Path) -> None:
    """Type, features and threshold, unless it says so itself; never the model's scores or its time."""
    for name in ("churn/v1", "churn/v2"):
        stage(tmp_path, name, metadata=None)
    about = {"model_type": "xgboost", "features": ["a", "b"], "threshold": 0.4, "f1": 0.9, "created_at": "2024-01-01"}
    versions = [{"version": "v1", "f1": 0.7}, {"version": "v2", "metrics": {"f1": 0.8}, "info": {"features": ["c"]}}]
    (tmp_path / "registry.json").write_text(json.dumps({"models": [{"name": "churn", **about, "versions": versions}]}))
    found = by_id(tmp_path)
    assert {(m.model_type, m.threshold) for m in found.values()} == {("xgboost", 0.4)}
    assert [found[name].feature_columns for name in ("churn/v1", "churn/v2")] == [("a", "b"), ("c",)]
    assert [found[name].claims["f1_score"] for name in ("churn/v1", "churn/v2")] == [0.7, 0.8]
    assert all(model.trained_at.year != 2024 for model in found.values())


@pytest.mark.parametrize(
    ("own", "kind", "versions"),
    [
        ({"name": "random_forest_v1"}, "random_forest", {"sklearn_version": "1.2.0"}),
        ({"name": "first"}, "xgboost", {"sklearn_version": "1.2.0"}),
        ({"model_type": "lightgbm", "sklearn_version": "1.5.0"}, "lightgbm", {"sklearn_version": "1.5.0"}),
    ],
)
def test_what_a_version_says_of_itself_counts(
    own: dict[str, str], kind: str, versions: dict[str, str], tmp_path: Path
) -> None:
    """A name tells of a type only where it has the words for one; library versions are its own or its model's."""
    stage(tmp_path, "churn/v1", metadata=None)
    model = {
        "name": "churn",
        "model_type": "xgboost",
        "sklearn_version": "1.2.0",
        "versions": [{"version": "v1", **own}],
    }
    (tmp_path / "registry.json").write_text(json.dumps({"models": [model]}))
    (found,) = by_id(tmp_path).values()
    assert (found.model_type, dict(found.versions)) == (kind, versions)


def test_a_version_beneath_its_model_is_called_by_its_version(tmp_path: Path) -> None:
    """What a registry lists by version is no other name than that of the folder; another one is."""
    for name in ("churn/v1", "churn/v2"):
        stage(tmp_path, name, metadata=None)
    (tmp_path / "churn" / "registry.json").write_text('{"v1": {"f1": 0.7}, "v2": {"f1": 0.8}}')
    stage(tmp_path, "churn/v3", metadata='{"model_id": "v4"}')
    mismatched = {m.model_id for m in read_staging.fn(tmp_path) if "id-mismatch" in {p.code for p in m.problems}}
    assert mismatched == {"churn/v3"}


def test_versions_of_files_side_by_side_are_no_other_names(tmp_path: Path) -> None:
    """A registry by version tells of each file at whose end the version stands."""
    for version in ("v1", "v2"):
        (tmp_path / f"churn_{version}.pkl").write_bytes(PICKLE + version.encode())
    (tmp_path / "registry.json").write_text('{"v1": {"f1": 0.7}, "v2": {"f1": 0.8}, "latest": "v2"}')
    models = by_id(tmp_path)
    assert {name: model.claims["f1_score"] for name, model in models.items()} == {"churn_v1": 0.7, "churn_v2": 0.8}
    assert not {p.code for model in models.values() for p in model.problems}


def test_a_registry_that_nobody_can_read_is_a_finding(tmp_path: Path) -> None:
    """Of each model that it may be about: of all for the root's own, else of those of its folder."""
    stage(tmp_path, "a")
    stage(tmp_path, "b/v1", PICKLE + b"1")
    stage(tmp_path, "b/v2", PICKLE + b"2")
    (tmp_path / "b" / "registry.json").write_text("version https://git-lfs.github.com/spec/v1\n")
    told = {m.model_id: [p.message for p in m.problems if p.code == "bad-metadata"] for m in read_staging.fn(tmp_path)}
    lfs = "b/registry.json is a Git LFS pointer: run `git lfs pull`"
    assert told == {"a": [], "b/v1": [lfs], "b/v2": [lfs]}
    (tmp_path / "models.json").write_text("[{]")
    told = {m.model_id: [p.message for p in m.problems if p.code == "bad-metadata"] for m in read_staging.fn(tmp_path)}
    assert [len(messages) for messages in told.values()] == [1, 2, 2]
    assert "models.json is not valid JSON" in told["a"][0]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        ("random forest", "random_forest"),
        ("columns and xgboost", "xgboost"),
        ("stacking", "stacking"),
        ("calibrated, isotonic", "decision_tree"),
    ],
)
@pytest.mark.parametrize("compress", [0, 3])
def test_the_class_tells_what_metadata_does_not(tmp_path: Path, make: str, kind: str, compress: int) -> None:
    """Without loading it, the file of a model says what it is; the answer says how it was found."""
    folder = stage(tmp_path, "best", metadata=None)
    joblib.dump(HONEST[make](), folder / "model.pkl", compress=compress)
    model = one(tmp_path)
    assert model.model_type == kind
    assert model.found["model_type"].startswith("the class ")


def test_the_class_of_a_skops_file_is_told_too(tmp_path: Path) -> None:
    """A skops file lists its classes as text."""
    folder = stage(tmp_path, "best", None, None)
    skops.io.dump(HONEST["columns and random forest"](), folder / "model.skops")
    model = one(tmp_path)
    assert (model.model_type, model.folder.format) == ("random_forest", "skops")


@given(st.binary(max_size=300))
def test_no_file_stops_the_inventory(content: bytes) -> None:
    """Whatever bytes a model file has, the inventory has a row for it."""
    with tempfile.TemporaryDirectory() as root:
        stage(Path(root), "any", b"\x80" + content, None)
        assert one(Path(root)).model_id == "any"


def test_ten_thousand_folders_are_ten_thousand_rows(tmp_path: Path) -> None:
    """None is lost on the way from the folders to the plan, and of the same bytes one is migrated."""
    for number in range(10_000):
        claim = f'{{"f1": 0.{number:05d}}}' if number % 10 else "{}"
        stage(tmp_path / f"team {number % 7}", f"model_{number - number % 3:05d}_{number % 3}", metadata=claim)
    models = take_inventory(read_staging.fn(tmp_path)).models
    plan = plan_migration(models, {})
    assert (len(models), plan.found, len({model.model_id for model in models})) == (10_000, 10_000, 10_000)
    assert len(plan.todo) == 9_000 + 1, "a tenth of them have the same bytes"


def test_ten_thousand_models_side_by_side_are_ten_thousand_rows(tmp_path: Path) -> None:
    """Each file has the document that bears its name, and no other."""
    for number in range(10_000):
        (tmp_path / f"churn_{number}.pkl").write_bytes(PICKLE)
        (tmp_path / f"churn_{number}_metadata.json").write_text(f'{{"f1": 0.{number:05d}}}')
    models = take_inventory(read_staging.fn(tmp_path)).models
    claims = {model.model_id: model.recorded_metrics["f1_score"] for model in models}
    assert claims == {f"churn_{number}": float(f"0.{number:05d}") for number in range(10_000)}
