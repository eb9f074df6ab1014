"""What an exported MLflow model says of itself is read as its metadata."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.exports import named_model, of_mlmodel, of_requirements

EXPORT = """
flavors:
  python_function: {python_version: 3.10.4}
  xgboost: {model_class: xgboost.sklearn.XGBClassifier, xgb_version: 1.7.6}
mlflow_version: 2.9.1
signature:
  inputs: '[{"type": "double", "name": "tenure"}, {"type": "string", "name": "Contract"}]'
utc_time_created: '2024-01-01 10:00:00.123456'
metadata: {metrics: {f1: 0.8}, when: 2024-01-01}
"""


def test_an_export_tells_its_fields() -> None:
    """Time, versions, columns and class, and what its user said besides."""
    said, problem = of_mlmodel(EXPORT)
    assert problem is None
    assert said == {
        "trained_at_utc": "2024-01-01 10:00:00.123456",
        "library_versions": {"xgboost": "1.7.6", "python": "3.10.4", "mlflow": "2.9.1"},
        "feature_columns": ["tenure", "Contract"],
        "feature_types": {"Contract": "string", "tenure": "double"},
        "model_type": "xgboost.sklearn.XGBClassifier xgboost",
        "metrics": {"f1": 0.8},
        "when": "2024-01-01",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("flavors: [", "not valid YAML"),
        ("- a", "holds a list"),
        ("a: &a [1]\nmetadata: {b: *a}", "refers to parts of itself"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ('a: !!int ""', "not valid YAML"),
        ("a: !!bool x", "not valid YAML"),
        ("a: !!timestamp x", "not valid YAML"),
        (r'flavors: {sklearn: {sklearn_version: "1.3\ud800"}}', "not valid YAML"),
    ],
)
def test_a_bad_export_is_a_problem(text: str, reason: str) -> None:
    """Nothing is made of it, and the problem says why."""
    said, problem = of_mlmodel(text)
    assert said == {}
    assert problem
    assert reason in problem.message


@given(st.text(max_size=200))
def test_any_text_is_read_or_a_problem(text: str) -> None:
    """No text raises."""
    of_mlmodel(text)
    of_requirements(text)


@given(st.sampled_from(["int", "float", "bool", "timestamp", "binary", "set", "omap", "pairs", "null"]), st.text())
def test_any_value_of_any_type_is_read_or_a_problem(tag: str, value: str) -> None:
    """YAML lets a document say the type of a value, which it then is not."""
    of_mlmodel(f"utc_time_created: !!{tag} {json.dumps(value)}")


def test_pinned_requirements_are_versions() -> None:
    """What is pinned counts; ranges, options and comments do not."""
    text = "scikit-learn==1.3.2\nxgboost[gpu] == 1.7.6 ; python_version > '3'\nnumpy>=1\n# pandas==2\n--index-url x"
    assert of_requirements(text)[0] == {"library_versions": {"scikit-learn": "1.3.2", "xgboost": "1.7.6"}}


@pytest.mark.parametrize(
    ("flavors", "named"),
    [
        ("{python_function: {model_path: other.pkl}, sklearn: {pickled_model: model.pkl}}", "model.pkl"),
        ("{python_function: {data: a}, xgboost: {data: model.xgb, code: null}}", "model.xgb"),
        ("{python_function: {python_model: python_model.pkl}}", "python_model.pkl"),
        ("{sklearn: {pickled_model: 3}}", None),
        ("[]", None),
        ("{", None),
    ],
)
def test_an_export_names_its_model(flavors: str, named: str | None) -> None:
    """The library's own flavour goes before the general one; what is no name is none."""
    assert named_model(f"flavors: {flavors}") == named
