"""The Kubernetes work pool makes jobs that Kubernetes takes, and all that they name is there or in the docs."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.templating import apply_values

from tests.deployments.kubernetes_types import mistakes
from tests.deployments.test_reference import assert_taken, run
from tests.deployments.written import DEPLOYMENTS, ROOT, compose, kubernetes_template

DOCS = (ROOT / "docs" / "production.md").read_text().replace("\\\n", " ")
COMMAND = ["prefect", "flow-run", "execute"]


def default(variable: str) -> Any:
    """The default of a variable of the template."""
    return kubernetes_template()["variables"]["properties"][variable]["default"]


def job() -> dict[str, Any]:
    """The job of a run where every variable has its default, as the worker makes it."""
    found = kubernetes_template()
    values = {name: p["default"] for name, p in found["variables"]["properties"].items() if "default" in p}
    own = {"name": "run", "command": COMMAND, "labels": {"prefect.io/flow-run-name": "run"}, "env": []}
    manifest: dict[str, Any] = apply_values(found["job_configuration"], {**values, **own})["job_manifest"]
    return manifest


def pod() -> dict[str, Any]:
    """The pod of that job."""
    found: dict[str, Any] = job()["spec"]["template"]["spec"]
    return found


def objects() -> list[dict[str, Any]]:
    """The objects of deployments/kubernetes.yaml."""
    return list(yaml.safe_load_all((DEPLOYMENTS / "kubernetes.yaml").read_text()))


def named(kind: str, name: str) -> dict[str, Any]:
    """The object of a kind and a name in the namespace of the template."""
    (found,) = [o for o in objects() if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    assert kind == "Namespace" or found["metadata"]["namespace"] == default("namespace")
    return found


def documented(start: str) -> list[str]:
    """The words of the command in the docs that starts so."""
    (line,) = re.findall(rf"^{re.escape(start)}.*$", DOCS, re.MULTILINE)
    return shlex.split(line, comments=True)


def test_prefect_takes_the_template(prefect_server: str) -> None:
    """A real server makes a work pool by the documented command; it has every variable of Prefect's own template."""
    words = documented("prefect work-pool create")
    words[words.index("podium")] = "kubernetes"
    assert_taken(run(words[0], "--no-prompt", *words[1:], PREFECT_API_URL=prefect_server))
    from prefect.server import api

    views = Path(str(api.__file__)).parent / "collections_data" / "views" / "aggregate-worker-metadata.json"
    own = json.loads(views.read_text())["prefect-kubernetes"]["kubernetes"]["default_base_job_configuration"]
    assert set(own["variables"]["properties"]) <= set(kubernetes_template()["variables"]["properties"])
    assert set(own["job_configuration"]) == set(kubernetes_template()["job_configuration"])


def test_kubernetes_takes_what_the_template_makes() -> None:
    """With its defaults it is a Job, every field known and of its type, and no place is left open."""
    assert mistakes(job()) == []
    assert "{{" not in json.dumps(job())
    (container,) = pod()["containers"]
    assert (container["args"], container["image"]) == (COMMAND, default("image"))
    assert (job()["spec"]["backoffLimit"], pod()["restartPolicy"]) == (0, "Never")
    for quantities in container["resources"].values():
        assert all(re.fullmatch(r"\d+(m|Mi|Gi)?", quantity) for quantity in quantities.values())
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod()["volumes"]}


def test_a_job_is_not_root_and_gets_its_passwords_from_a_secret() -> None:
    """It runs as the user of the image, with no more rights and no token, and no password is in it."""
    (container,) = pod()["containers"]
    assert pod()["securityContext"]["runAsNonRoot"]
    assert f"USER {pod()['securityContext']['runAsUser']}" in (DEPLOYMENTS / "Containerfile").read_text()
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert not pod()["automountServiceAccountToken"]
    assert {"secretRef": {"name": default("credentials_secret")}} in container["envFrom"]


def test_kubernetes_takes_the_objects() -> None:
    """Every field is known and of its type, and each object is in the namespace of the template."""
    for found in objects():
        assert mistakes(found) == []
        assert named(found["kind"], found["metadata"]["name"]) == found


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("spec", "template", "spec", "restartPolcy"), "Never", "Job.spec.template.spec.restartPolcy is unknown"),
        (("spec", "template", "spec", "containers"), [{}], "Job.spec.template.spec.containers.0.name is missing"),
        (("spec", "backoffLimit"), "0", "Job.spec.backoffLimit is no int: '0'"),
        (("apiVersion",), "v1", "v1 has no Job"),
    ],
)
def test_a_mistake_is_found(path: tuple[str, ...], value: object, said: str) -> None:
    """A misspelt field, one that is missing, a wrong type, another version."""
    found = part = job()
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert mistakes(found) == [said]


def test_all_that_a_job_refers_to_is_there() -> None:
    """Namespace, account, settings and project are objects; the secret is made by the documented command."""
    named("Namespace", default("namespace"))
    named("ServiceAccount", pod()["serviceAccountName"])
    named("PersistentVolumeClaim", default("project_claim"))
    client, secrets = compose()["services"]["worker"]["environment"], compose()["services"]["worker"]["secrets"]
    assert set(named("ConfigMap", default("settings_map"))["data"]) == set(client)
    secret = documented("kubectl create secret generic")
    assert secret[4] == default("credentials_secret")
    assert secret[secret.index("--namespace") + 1] == default("namespace")
    assert {Path(word).name for word in secret if word.startswith("deployments/secrets/")} == set(secrets)


def test_runs_find_the_project_where_the_docs_register_it() -> None:
    """The folder given to `podium deploy` is where the volume of the project is mounted."""
    (container,) = pod()["containers"]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "project"]
    (folder,) = re.findall(r"^podium deploy .*--folder (/srv/project)\b", DOCS, re.MULTILINE)
    assert mount["mountPath"] == folder
    assert mount["readOnly"]


def test_the_worker_may_start_jobs_and_writes_no_password_into_them() -> None:
    """Its account is bound to its role, and it is told which secret to name instead of the password."""
    spec = named("Deployment", "podium-worker")["spec"]["template"]["spec"]
    binding = named("RoleBinding", "podium-worker")
    role = named("Role", binding["roleRef"]["name"])
    assert {subject["name"] for subject in binding["subjects"]} == {spec["serviceAccountName"]}
    assert {"create", "watch"} <= {
        verb for rule in role["rules"] if "jobs" in rule["resources"] for verb in rule["verbs"]
    }
    (container,) = spec["containers"]
    told = {entry["name"]: entry["value"] for entry in container["env"]}
    start = "PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET"
    assert told[f"{start}_NAME"] == default("credentials_secret")
    assert told[f"{start}_KEY"] in compose()["services"]["worker"]["secrets"]
    assert told["PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES"] == default("namespace")
