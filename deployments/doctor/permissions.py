"""Looks whether an account may write at an MLflow server, by a question that changes nothing.

To remove a tag that is not there needs the permission to write, and leaves everything as it is.
"""

import json
from urllib.parse import quote

from configs.schema import MlflowSection
from deployments.doctor.asking import Answer, get, mlflow_headers, read
from deployments.doctor.servers import DENIED, experiment_in, named
from podium.health import Health, May, permissions

TAG = "podium.doctor.no-such-tag"
MISSING = "RESOURCE_DOES_NOT_EXIST"


def may_write(uri: str, section: MlflowSection) -> Health:
    """Look at everything of a project that is written."""
    names = (section.experiment, f"{section.experiment}.decisions")
    found = {f"experiment {name}": _experiment(uri, name) for name in names}
    return permissions({**found, f"model {section.registered_model}": _model(uri, section.registered_model)})


def _experiment(uri: str, name: str) -> May:
    known = _asked(uri, f"experiments/{named(name)}")
    question = {"experiment_id": experiment_in(known).get("experiment_id"), "key": TAG}
    return _judged(known) or _judged(_asked(uri, "experiments/delete-experiment-tag", question, "POST"), "yes") or "yes"


def _model(uri: str, name: str) -> May:
    # Of what is not there a server with accounts says what it says of what may only be read.
    known = _asked(uri, f"registered-models/get?name={quote(name)}")
    question = {"name": name, "key": TAG}
    return _judged(known) or _judged(_asked(uri, "registered-models/delete-tag", question, "DELETE")) or "yes"


def _asked(uri: str, path: str, content: object = None, method: str | None = None) -> Answer:
    headers = {**mlflow_headers(), "Content-Type": "application/json"}
    body = json.dumps(content).encode() if content else None
    return get(f"{uri.rstrip('/')}/api/2.0/mlflow/{path}", headers, body, method=method)


def _judged(found: Answer, gone: May = "absent") -> May | None:
    """Return what an answer says, None if nothing is against it; ``gone`` is what it says that nothing is there."""
    if found.status in DENIED:
        return "no"
    if found.status == 404 and read(found.body).get("error_code") == MISSING:
        return gone
    return None if found.status == 200 else "unknown"
