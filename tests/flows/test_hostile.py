"""A hostile model that somebody logged with plain MLflow is run nowhere, and each command says why."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pytest
import yaml

from flows.explanation import explain
from flows.migration import migrate
from flows.monitoring import monitor
from flows.rollback import rollback
from flows.scoring import score
from flows.selection import select
from flows.verification import verify
from podium.errors import NegativeAnswerError
from tests.flows.projects import LOGISTIC, project, refused, store_of
from tests.tasks.honest import logistic
from tests.tasks.hostile import touch
from tests.tasks.test_native import calling, with_node

pytestmark = pytest.mark.usefixtures("prefect_server")
CALLED = "subprocess.getoutput"


def a_pickle(folder: Path, witness: Path) -> dict[str, Any]:
    """Put a command into a pickle."""
    (folder / "model.skops").write_bytes(pickle.dumps(touch(witness)))
    return {"serialization_format": "cloudpickle"}


def a_skops_file(folder: Path, witness: Path) -> dict[str, Any]:
    """Put a command into a skops file, and trust it in its MLmodel."""
    with_node(folder / "model.skops", calling(CALLED, f"touch {witness}"))
    return {"skops_trusted_types": [CALLED]}


def logged(config: Path, folder: Path, make: Callable[[Path, Path], dict[str, Any]]) -> str:
    """Log a hostile model by MLflow's client, in a run of its own; returns its version."""
    mlflow.sklearn.save_model(logistic(), folder, pip_requirements=["scikit-learn"])
    told = yaml.safe_load((folder / "MLmodel").read_text())
    told["flavors"]["sklearn"] |= make(folder, folder.parent / "witness")
    (folder / "MLmodel").write_text(yaml.safe_dump(told))
    store = store_of(config)
    run = store.client.create_run(store.experiment_id, run_name=make.__name__)
    model = store.client.create_logged_model(store.experiment_id, make.__name__, run.info.run_id)
    store.client.log_model_artifacts(model.model_id, str(folder))
    store.client.finalize_logged_model(model.model_id, "READY")
    store.client.set_terminated(run.info.run_id)
    files = f"models:/{model.model_id}"
    return str(store.client.create_model_version("churn", files, run.info.run_id, model_id=model.model_id).version)


def test_it_is_run_by_no_command(home: Path, made: Path) -> None:
    """Neither as a candidate, nor as the target of a rollback, nor in production, where only a hand can have put it."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    versions = [logged(config, home.parent / make.__name__, make) for make in (a_pickle, a_skops_file)]
    reasons = {r.candidate.model_id: str(r.candidate.unmeasured) for r in select(str(config)).selection.ranking}
    assert "posix.system" in reasons["a_pickle"]
    assert CALLED in reasons["a_skops_file"]
    with pytest.raises(NegativeAnswerError, match=CALLED):
        rollback(str(config), versions[1])
    store_of(config).client.set_registered_model_alias("churn", "champion", versions[1])
    assert CALLED in refused(verify, config).checks[0].detail
    rows, said = str(made / "holdout.parquet"), str(home.parent / "said.parquet")
    for asked in (
        lambda: explain(str(config)),
        lambda: score(rows, said, str(config)),
        lambda: monitor(str(config), rows),
    ):
        with pytest.raises(NegativeAnswerError, match=CALLED):
            asked()
    assert not (home.parent / "witness").exists()
