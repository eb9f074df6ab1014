"""Names that people give become names that MLflow takes, and never the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_logged_model_name, _validate_metric

from podium.names import distinct, key, label_key, model_name, printable


@given(st.text(max_size=300))
def test_mlflow_takes_every_name(name: str) -> None:
    """Whatever text a name is, MLflow's own checks pass what is made of it."""
    _validate_metric(key(name), 0.5, 0, 0)
    _validate_metric(f"holdout_class_{label_key(name)}.precision", 0.5, 0, 0)
    _validate_logged_model_name(model_name(name))


@given(st.lists(st.text(max_size=12), min_size=2, max_size=8, unique=True))
def test_two_names_never_become_one(names: list[str]) -> None:
    """Metrics of different labels stay apart, whatever had to be changed in them."""
    assert len({key(name) for name in names}) == len({label_key(name) for name in names}) == len(names)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["a.pkl", "b"])), max_size=6))
def test_of_one_name_all_but_the_first_have_another(named: list[tuple[str, str]]) -> None:
    """What nobody else is called stays, and so does the first of each name."""
    names = [name for name, _ in named]
    found = distinct(names, [longer for _, longer in named])
    assert len(set(found)) == len(found)
    assert all(found[names.index(name)] == name for name in names)


@pytest.mark.parametrize("name", ["f1_score", "train/accuracy", "class_1.recall", "max_depth", "Month-to-month"])
def test_usual_names_stay(name: str) -> None:
    """What MLflow takes is not changed."""
    assert key(name) == name


def test_a_name_that_is_no_text_can_be_printed() -> None:
    """Bytes that are no UTF-8 are spelled out."""
    assert printable("caf\udce9") == "caf\\xe9"
