"""What metadata says is read as it is written, and whatever cannot be read is a finding."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.inventory import take_inventory
from podium.metadata import as_number, parse_time
from podium.plan import Known, plan_migration
from podium.summary import summarise
from tests.podium.factories import NOW, staged

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["metrics", "performance_metrics", "f1_score", "model_id", "hyperparameters", "trained_at", "feature_columns"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
def test_no_metadata_raises(document):  # type: ignore[no-untyped-def]
    """Any JSON under any known key is read, or is a problem."""
    assert staged("a", json.dumps(document)).model_id == "a"


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    """Any text at all is read, or is a problem."""
    assert staged("a", text).model_id == "a"


@pytest.mark.parametrize(
    ("value", "number"),
    [(0.81, 0.81), ("0.81", 0.81), ("81.2%", 0.812), (1, 1.0), ("x", None), (None, None), (True, None), ("nan", None)],
)
def test_numbers_are_read_as_people_write_them(value: object, number: float | None) -> None:
    """Numbers, texts of numbers and percentages count; anything else does not."""
    assert as_number(value) == (pytest.approx(number) if number is not None else None)


@pytest.mark.parametrize("name", ["f1", "f1_score", "f1-score"])
def test_a_metric_has_many_names(name: str) -> None:
    """Each usual name of F1 is F1."""
    assert staged("a", json.dumps({"metrics": {name: 0.5}})).recorded_metrics == {"f1_score": 0.5}


def test_class_wise_metrics_are_kept_by_label() -> None:
    """A classification report gives metrics per class."""
    report = {"1": {"precision": 0.5, "support": 10}, "weighted avg": {"precision": 0.9}}
    found = staged("a", json.dumps({"metrics": {"f1": 0.5, "classification_report": report}})).recorded_metrics
    assert found == {"f1_score": 0.5, "class_1.precision": 0.5}


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2025-08-20T10:46:03", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03", "Europe/Berlin", datetime(2025, 8, 20, 8, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03Z", "Europe/Berlin", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T12:46:03+02:00", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("xgboost_20250820_104603", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("xgboost_20259920_104603", "UTC", None),
        ("yesterday", "UTC", None),
        (20250820, "UTC", None),
    ],
)
def test_times_are_read_with_their_zone(value: object, zone: str, expected: datetime | None) -> None:
    """A time without an offset is in the configured zone; what is no time is None."""
    assert parse_time(value, zone) == expected


def test_where_a_time_was_found_is_said() -> None:
    """Metadata first, then the id, then the file's own time."""
    assert staged("x_20250820_104603", '{"registered_at": "2024-01-01"}').trained_at_source == "metadata.registered_at"
    assert staged("x_20250820_104603").trained_at_source == "id"
    assert (staged("x").trained_at_source, staged("x").trained_at) == ("file time", NOW)


def test_the_inventory_ranks_by_claims_with_the_silent_last() -> None:
    """The highest claim leads, a model without one is last."""
    models = [staged("none"), staged("low", '{"f1": 0.1}'), staged("high", '{"f1": 0.9}')]
    assert [m.model_id for m in take_inventory(models).models] == ["high", "low", "none"]


def test_side_by_side_problems_name_the_others() -> None:
    """Ties, copies and identifiers among the features are found."""
    text = '{"f1": 0.5, "feature_columns": ["customerID"]}'
    models = take_inventory([staged("a", text), staged("b", text, fingerprint="a", model_digest="a")], ["customerID"])
    assert {p.code for p in models.models[0].problems} == {"duplicate", "tie", "identifier-feature"}


def test_statistics_are_by_type() -> None:
    """Counts and the best claim of each type, most models first."""
    rows = summarise([staged("xgboost_1", '{"f1": 0.5}'), staged("xgboost_2", '{"f1": 0.7}'), staged("random_forest")])
    assert [(r["model_type"], r["models"], r["f1_max"]) for r in rows] == [
        ("xgboost", 2, 0.7),
        ("random_forest", 1, None),
    ]


@given(st.lists(st.sampled_from("abcdef"), min_size=0, max_size=8, unique=True), st.sets(st.sampled_from("abcdef")))
def test_a_plan_accounts_for_every_model(names: list[str], known: set[str]) -> None:
    """Found is to do plus decided, each model once, and what is known is never done again."""
    held = {name: Known(name, "run", "1") for name in known}
    plan = plan_migration([staged(n) for n in names], held)
    accounted = [m.model_id for m in plan.todo] + [o.model_id for o in plan.decided]
    assert sorted(accounted) == sorted(names)
    assert not known & {m.model_id for m in plan.todo}


def test_an_alias_is_noted_once() -> None:
    """Another id of known bytes is noted on the version, and not again when it is noted already."""
    copy = staged("copy", fingerprint="f")
    assert plan_migration([copy], {"f": Known("first", "r", "3")}).aliases == {"3": ("copy",)}
    assert plan_migration([copy], {"f": Known("first", "r", "3", ("copy",))}).aliases == {}
