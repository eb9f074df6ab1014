"""The gate, the retention rule, the checks, the requirements and the import contract."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podium.checks import Expected, Observed, judge
from podium.requirements import drift, requirements_of
from podium.retention import Held, Keeping, retire
from podium.safety import rule_on
from podium.writer import Writer, is_abandoned, parse_writer

REFUSED = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("functools", "partial"),
    ("operator", "attrgetter"),
    ("numpy", "load"),
    ("numpy.lib.npyio", "load"),
    ("joblib", "load"),
    ("joblib.numpy_pickle", "load"),
    ("sklearn.utils._testing", "SkipTest"),
    ("sklearn.pipeline", "Pipeline.__init__"),
    ("sklearn.utils", "murmurhash3_32"),
    ("subprocess", "Popen"),
]
MODULES = sorted(p.stem for p in (Path(__file__).parents[2] / "podium").glob("*.py"))


@pytest.mark.parametrize(("module", "name"), REFUSED)
def test_what_reaches_execution_is_refused(module: str, name: str) -> None:
    """No callable that loads, imports or executes what it is given is allowed, wherever it lives."""
    assert not rule_on(module, name).allowed


def test_what_honest_models_need_is_allowed() -> None:
    """Arrays, trees, boosters and estimator classes pass; estimators only as such."""
    assert rule_on("numpy", "dtype").allowed
    assert not rule_on("sklearn.tree._tree", "Tree").estimator
    assert rule_on("sklearn.linear_model._logistic", "LogisticRegression").estimator
    assert rule_on("src.features", "Own", ["src.features.Own"]).allowed


def test_the_writer_of_a_half_done_run_is_judged_by_its_process_or_its_lease() -> None:
    """Here a process decides, elsewhere an hour does; a tag that names nobody is nobody's."""
    here = Writer("host", 1, 10_000.0)
    there = replace(here, host="other")
    assert parse_writer(str(here)) == here
    assert is_abandoned("", here, lambda _: True)
    assert is_abandoned(str(replace(here, pid=2)), here, lambda _: False)
    assert not is_abandoned(str(replace(here, pid=2)), here, lambda _: True)
    assert is_abandoned(str(here), here, lambda _: True)
    assert not is_abandoned(str(there), here, lambda _: False)
    assert is_abandoned(str(replace(there, since=1.0)), here, lambda _: True)
    assert is_abandoned(str(replace(here, pid=2, since=1.0)), here, lambda _: True)


def held(version: int, **more: Any) -> Held:
    """A version that was in production on the day of its number."""
    return replace(Held(str(version), f"m{version}", "archived", f"2026-01-0{version}"), **more)


def test_beyond_the_last_kept_ones_versions_go_only_if_told() -> None:
    """The rule deletes the oldest, archives what it keeps, and never touches an alias or a version never promoted."""
    versions = [
        held(1),
        held(2, aliases=("previous",)),
        held(3, stage="production"),
        held(4),
        Held("5", "m5", "staging"),
    ]
    actions = {r.version: r.action for r in retire(versions, "4", Keeping(1, delete_older=True))}
    assert actions == {"3": "archive", "1": "delete"}
    assert {r.action for r in retire(versions, "4", Keeping(1, delete_older=False))} == {"archive"}


GOOD = Observed(1.0, "3 columns", 10, {"f1_score": 0.8}, 5, 0, 2.0, ("gender",))
WANTED = Expected({"f1_score": 0.8}, 1e-6, 500)


def failed(seen: Observed, wanted: Expected = WANTED) -> set[str]:
    """The names of the checks that fail."""
    return {c.name for c in judge(seen, wanted) if not c.passed}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"errors": {"loads": "no"}}, "loads"),
        ({"signature": ""}, "signature"),
        ({"errors": {"predicts": "no"}}, "predicts"),
        ({"metrics": {"f1_score": 0.7}}, "reproduces"),
        ({"metrics": {}}, "reproduces"),
        ({"single_differences": 1}, "single-rows"),
        ({"latency_ms": 501.0}, "latency"),
        ({"latency_ms": 0.0}, "latency"),
        ({"errors": {"missing-category": "no"}}, "missing-category"),
        ({"errors": {"unseen-category": "no"}}, "unseen-category"),
    ],
)
def test_each_check_fails_when_it_should(change: dict[str, Any], name: str) -> None:
    """One thing wrong fails one check; a good model fails none."""
    assert failed(GOOD) == set()
    assert failed(replace(GOOD, **change)) == {name}


def test_a_policy_may_allow_what_raises_on_unknown_texts() -> None:
    """The error is told, and is no failure; that it cannot predict still is."""
    errors = {"missing-category": "no", "unseen-category": "no"}
    lenient = replace(WANTED, unknown_categories=False)
    told = {c.name: c.detail for c in judge(replace(GOOD, errors=errors), lenient)}
    assert failed(replace(GOOD, errors=errors), lenient) == set()
    assert told["unseen-category"] == "verification.unknown_categories allows it: no"
    assert failed(replace(GOOD, errors={"predicts": "no"}), lenient) == {"predicts"}


def test_what_cannot_be_checked_has_not_passed() -> None:
    """No recorded metrics, and neither holdout nor example, are failures, not passes."""
    assert failed(GOOD, replace(WANTED, metrics={})) == {"reproduces"}
    assert failed(replace(GOOD, rows=0), replace(WANTED, has_holdout=False)) == {"predicts"}


def test_without_a_holdout_the_example_is_what_is_checked() -> None:
    """The input example stands in for the holdout, and the check says what was not verified."""
    checks = judge(replace(GOOD, rows=5), replace(WANTED, has_holdout=False))
    assert [c.name for c in checks if not c.passed] == []
    assert "reproduces" not in {c.name for c in checks}
    assert any("no metric is verified" in c.detail for c in checks)


def test_what_a_model_is_stored_with_is_pinned() -> None:
    """Every library inside it, by the name under which it is installed; what is not installed pins nothing."""
    found = requirements_of("sklearn", {"xgboost", "imblearn", "own"}, lambda name: None if name == "own" else "9")
    assert {"mlflow==9", "scikit-learn==9", "skops==9", "xgboost==9", "imbalanced-learn==9"} <= set(found.lines)
    assert not any(line.startswith("own") for line in found.lines)
    assert not found.recorded


HERE = {
    "mlflow": "3.17.2",
    "scikit-learn": "1.9.1",
    "skops": "0.16.0",
    "numpy": "2.4.1",
    "pandas": "3.1.1",
    "xgboost": "3.2.0",
    "lightgbm": "4.6.0",
}


@pytest.mark.parametrize(
    ("flavour", "inside", "recorded", "found"),
    [
        (
            "sklearn",
            {"sklearn"},
            {"scikit-learn": "1.5.2"},
            "mlflow==3.17.2 scikit-learn==1.5.2 skops==0.16.0 numpy pandas",
        ),
        (
            "sklearn",
            {"sklearn"},
            {"sklearn_version": "1.5.2", "numpy": "2.0.2", "skops": "0.9"},
            "mlflow==3.17.2 scikit-learn==1.5.2 skops==0.16.0 numpy==2.0.2 pandas",
        ),
        (
            "sklearn",
            {"sklearn"},
            {"sklearn": "1.9.0"},
            "mlflow==3.17.2 scikit-learn==1.9.0 skops==0.16.0 numpy==2.4.1 pandas==3.1.1",
        ),
        ("xgboost", {"xgboost"}, {"xgboost": "3.1.3"}, "mlflow==3.17.2 xgboost==3.1.3 scikit-learn numpy pandas"),
        ("sklearn", {"sklearn"}, {"scikit-learn": "1.3.2"}, None),
        ("sklearn", {"sklearn"}, {"scikit-learn": ">=1.5"}, None),
        ("sklearn", {"sklearn"}, {"scikit-learn": "2.0.0"}, None),
        ("sklearn", {"sklearn", "xgboost"}, {"scikit-learn": "1.5.2"}, None),
        ("xgboost", {"xgboost"}, {"xgboost": "1.7.6"}, None),
        ("xgboost", {"xgboost"}, {}, None),
    ],
)
def test_a_model_needs_what_it_was_trained_with(
    flavour: str, inside: set[str], recorded: dict[str, str], found: str | None
) -> None:
    """Where that is recorded, and reads what is stored; else what it was converted with, all of it together."""
    needed = requirements_of(flavour, inside, HERE.get, recorded)
    assert needed.recorded is (found is not None)
    if found:
        assert " ".join(needed.lines) == found
    else:
        assert {f"{name}=={HERE[name]}" for name in ("mlflow", "scikit-learn")} <= set(needed.lines)


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ({"scikit-learn": "1.3.0"}, "scikit-learn 1.3.0, 1.9.1 is installed"),
        ({"sklearn_version": "1.3.0"}, "scikit-learn 1.3.0"),
        ({"sklearn": "1.9.0"}, ""),
        ({"unheard-of": "1.0"}, ""),
        ({}, ""),
    ],
)
def test_other_versions_than_installed_are_a_finding(recorded: dict[str, str], found: str) -> None:
    """A model trained with an older minor version may behave otherwise; patch releases do not matter."""
    problems = drift(recorded, lambda name: {"scikit-learn": "1.9.1"}.get(name))
    assert found in "".join(p.message for p in problems)
    assert bool(problems) is bool(found)


def imported(module: str) -> set[str]:
    """The top-level packages that importing a module brings in, in a fresh interpreter."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_the_domain_brings_in_neither_prefect_nor_mlflow(module: str) -> None:
    """Each module, imported alone, stays plain Python."""
    assert not imported("podium" if module == "__init__" else f"podium.{module}") & {"prefect", "mlflow"}


def test_a_flow_brings_in_no_library_of_models() -> None:
    """Whatever looks at models does so in processes of its own: each run of a deployment begins with these imports."""
    assert not imported("flows.selection") & {"sklearn", "xgboost", "lightgbm", "skops"}


def test_help_brings_in_nothing_heavy() -> None:
    """The command's module imports nothing that help does not need."""
    heavy = {"prefect", "mlflow", "pandas", "sklearn", "pydantic", "polars", "numpy", "rich"}
    assert not imported("flows.cli.main") & heavy
