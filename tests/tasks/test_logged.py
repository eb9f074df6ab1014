"""What others logged in MLflow passes the gate before it is loaded, as a staged file does."""

import contextlib
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pytest
import yaml
from mlflow.pyfunc import PythonModel
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from podium.streams import BrokenError, SuspectError
from tasks.effects.logged import load_logged
from tasks.effects.prediction import NotUsableError
from tasks.effects.rulings import RefusedGlobalError, UnknownClassError
from tests.tasks.honest import HONEST, NUMBERS, TARGET, logistic
from tests.tasks.hostile import touch
from tests.tasks.test_native import LGBM, XGB, calling, with_node

TREES = {"skops_trusted_types": ["numpy.dtype", "sklearn.tree._tree.Tree"]}


def shares(rows: Any) -> Any:
    """A function of one's own, as a step of a pipeline."""
    return rows / 2


Maker = Callable[[Path, Path], None]
"""Changes a folder that plain MLflow wrote; what runs of it leaves a witness, the second path."""


def saved(folder: Path, model: Any, flavour: Any = mlflow.sklearn, **options: Any) -> Path:
    """A model as plain MLflow saves it."""
    flavour.save_model(model, folder, pip_requirements=["scikit-learn"], **options)
    return folder


def request(folder: Path, **changes: Any) -> dict[str, Any]:
    """What a process is told that loads a model of MLflow."""
    return {"model": str(folder), "extra_globals": [], "memory_mb": 64, "trust_logged": False, **changes}


def of_columns() -> Any:
    """A pipeline that keeps a list of columns as pandas gives it, as many do."""
    columns = ColumnTransformer([("numbers", StandardScaler(), NUMBERS.columns)])
    return make_pipeline(columns, LogisticRegression()).fit(NUMBERS, TARGET)


HONESTLY: dict[str, Callable[[Path], Path]] = {
    "skops": lambda folder: saved(folder, HONEST["random forest"](), **TREES),
    "pickle": lambda folder: saved(folder, HONEST["random forest"](), serialization_format="pickle"),
    "cloudpickle": lambda folder: saved(folder, of_columns(), serialization_format="cloudpickle"),
    "xgboost": lambda folder: saved(folder, XGB, mlflow.xgboost),
    "booster of xgboost": lambda folder: saved(folder, XGB.get_booster(), mlflow.xgboost),
    "lightgbm": lambda folder: saved(folder, LGBM, mlflow.lightgbm),
    "lightgbm, pickled": lambda folder: saved(folder, LGBM, mlflow.lightgbm, serialization_format="cloudpickle"),
    "booster of lightgbm": lambda folder: saved(folder, LGBM.booster_, mlflow.lightgbm),
}


@pytest.mark.parametrize("name", HONESTLY)
def test_what_is_honest_is_loaded(name: str, tmp_path: Path) -> None:
    """It answers as plain MLflow lets it answer, and its folder stays as it is."""
    folder = HONESTLY[name](tmp_path / "model")
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    meant = mlflow.pyfunc.load_model(str(folder)).predict(NUMBERS)
    assert np.array_equal(load_logged(request(folder)).predict(NUMBERS), meant)
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


def told(folder: Path, *sections: str, **words: Any) -> None:
    """Let an MLmodel say something else of its flavours."""
    content = yaml.safe_load((folder / "MLmodel").read_text())
    for section in sections:
        content["flavors"][section].update(words)
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


def pickled(folder: Path, witness: Path) -> None:
    """A pickle that runs a command."""
    told(folder, "sklearn", serialization_format="pickle")
    (folder / "model.skops").write_bytes(pickle.dumps(touch(witness)))


def trusting(folder: Path, witness: Path) -> None:
    """A skops file that calls what its own MLmodel trusts."""
    with_node(folder / "model.skops", calling("subprocess.getoutput", f"touch {witness}"))
    told(folder, "sklearn", skops_trusted_types=["subprocess.getoutput"])


def with_code(folder: Path, witness: Path) -> None:
    """Code that is imported because the MLmodel asks for it."""
    (folder / "code").mkdir()
    (folder / "code" / "brought_along.py").write_text(f"open({str(witness)!r}, 'w')")
    told(folder, "python_function", code="code", loader_module="brought_along")


def elsewhere(folder: Path, witness: Path) -> None:
    """A file in a folder with an MLmodel of its own, which is what MLflow reads of it."""
    inner = Path(shutil.copytree(folder, folder / "inner"))
    pickled(inner, witness)
    told(folder, "python_function", model_path="inner/model.skops")
    told(folder, "python_function", data="inner/model.skops")


HOSTILE: dict[str, tuple[Maker, type[Exception], str]] = {
    "a pickle that runs a command": (pickled, RefusedGlobalError, "posix.system|subprocess|os.system"),
    "a skops file that trusts itself": (trusting, RefusedGlobalError, "subprocess.getoutput"),
    "code beside it": (with_code, NotUsableError, "brought_along, whose code is not run.*sandbox.trust_logged"),
    "a file elsewhere": (elsewhere, SuspectError, "'inner/model.skops', which is no file beside it"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_and_not_run(name: str, tmp_path: Path) -> None:
    """Plain MLflow runs each, as it does here for who trusts everybody."""
    make, error, reason = HOSTILE[name]
    folder, witness = saved(tmp_path / "model", logistic()), tmp_path / "witness"
    make(folder, witness)
    with pytest.raises(error, match=reason):
        load_logged(request(folder))
    assert not witness.exists()
    with contextlib.suppress(Exception):
        load_logged(request(folder, trust_logged=True))
    assert witness.exists()


def test_a_class_of_xgboost_is_no_other_name(tmp_path: Path) -> None:
    """MLflow calls whatever name an MLmodel has as the class of a model."""
    folder = saved(tmp_path / "model", XGB, mlflow.xgboost)
    told(folder, "xgboost", model_class="os.abort")
    with pytest.raises(SuspectError, match=r"asks for a call of os\.abort"):
        load_logged(request(folder))


def test_a_file_of_joblib_is_no_pickle(tmp_path: Path) -> None:
    """Its arrays lie between the opcodes: Python would take their bytes for opcodes, and does not get to see them."""
    folder = saved(tmp_path / "model", HONEST["random forest"](), serialization_format="pickle")
    joblib.dump(HONEST["random forest"](), folder / "model.pkl")
    with pytest.raises(BrokenError, match=r"model\.pkl is no pickle as MLflow writes it"):
        load_logged(request(folder))


@pytest.mark.filterwarnings("ignore:.*[Tt]ype hint")
def test_code_of_ones_own_needs_a_word(tmp_path: Path) -> None:
    """A model of MLflow's that is a class is refused, and loaded for who trusts all who may log models."""

    class Shares(PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return np.zeros(len(model_input))

    folder = tmp_path / "model"
    mlflow.pyfunc.save_model(folder, python_model=Shares(), pip_requirements=["scikit-learn"])
    with pytest.raises(NotUsableError, match=r"mlflow\.pyfunc\.model, whose code is not run.*sandbox\.trust_logged"):
        load_logged(request(folder))
    assert load_logged(request(folder, trust_logged=True)).predict(NUMBERS) is not None


def test_a_class_of_ones_own_needs_its_name(tmp_path: Path) -> None:
    """As in a staged pickle: named in the config it is imported and runs."""
    model = make_pipeline(FunctionTransformer(shares), LogisticRegression()).fit(NUMBERS, TARGET)
    folder = saved(tmp_path / "model", model, serialization_format="pickle")
    with pytest.raises(UnknownClassError, match=r"sandbox\.extra_globals"):
        load_logged(request(folder))
    named = request(folder, extra_globals=[f"{__name__}.shares"])
    assert np.array_equal(load_logged(named).predict(NUMBERS), model.predict(NUMBERS))
