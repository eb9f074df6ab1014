"""A delivery counts only if its signature, its time and its content hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.webhooks import (
    CLOCKS,
    Delivery,
    Refusal,
    Version,
    check,
    clocks_agree,
    clocks_apart,
    signature_of,
    version_in,
)

SECRET = "a secret of enough characters"
NOW = 1_750_000_000
BODY = b'{"entity": "model_version"}'


def headers(
    body: bytes = BODY, stamp: str = str(NOW), delivery_id: str = "d-1", secret: str = SECRET
) -> dict[str, str]:
    """The headers of a delivery as MLflow sends them."""
    signature = signature_of(secret, delivery_id, stamp, body)
    return {"x-mlflow-signature": signature, "x-mlflow-timestamp": stamp, "x-mlflow-delivery-id": delivery_id}


def test_the_scheme_is_mlflows() -> None:
    """MLflow's own function signs as Podium expects."""
    from mlflow.webhooks.delivery import _generate_hmac_signature

    theirs = _generate_hmac_signature(SECRET, "d-1", str(NOW), BODY.decode())
    assert signature_of(SECRET, "d-1", str(NOW), BODY) == theirs


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"x-mlflow-signature": ""}, 401),
        ({"x-mlflow-signature": "v1,AAAA"}, 401),
        ({"x-mlflow-signature": headers(secret="another secret of enough")["x-mlflow-signature"]}, 401),
        ({"x-mlflow-timestamp": str(NOW + 1)}, 401),
        ({"x-mlflow-delivery-id": "d-2"}, 401),
        (headers(stamp=str(NOW - 301)), 400),
        (headers(stamp=str(NOW + 301)), 400),
        (headers(stamp="soon"), 400),
        (headers(stamp="9" * 5000), 400),
        (headers(delivery_id=""), 400),
        (headers(delivery_id="d" * 101), 400),
    ],
)
def test_what_does_not_hold_is_refused(changed: dict[str, str], status: int) -> None:
    """No signature, another one, a changed header, and a time that is too far away."""
    found = check(headers() | changed, BODY, SECRET, NOW)
    assert isinstance(found, Refusal)
    assert found.status == status


@pytest.mark.parametrize(("stamp", "said"), [(NOW - 600, "600 s ago"), (NOW + 600, "600 s from now")])
def test_a_wrong_clock_is_told_of_in_plain_words(stamp: int, said: str) -> None:
    """Ten minutes of skew are a refusal that knows its size; people hear of it, and hear that it is over."""
    found = check(headers(stamp=str(stamp)), BODY, SECRET, NOW)
    assert isinstance(found, Refusal)
    assert found.apart is not None
    assert (found.apart, f"{said} by this clock" in found.reason) == (NOW - stamp, True)
    raised = clocks_apart(found.apart)
    assert (raised.key, raised.kind, said in raised.text, "schedule" in raised.text) == (CLOCKS, "raised", True, True)
    assert (clocks_agree().key, clocks_agree().kind) == (CLOCKS, "clear")


def test_a_forged_time_is_nothing_about_clocks() -> None:
    """Whoever does not know the secret cannot have anybody told of clocks."""
    found = check(headers(stamp=str(NOW - 600), secret="another secret of enough"), BODY, SECRET, NOW)
    assert isinstance(found, Refusal)
    assert (found.status, found.apart) == (401, None)


def test_one_of_several_signatures_is_enough() -> None:
    """While a secret is replaced, a delivery may be signed with both."""
    both = f"v1,AAAA {headers()['x-mlflow-signature']}"
    assert check(headers() | {"x-mlflow-signature": both}, BODY, SECRET, NOW + 300) == Delivery("d-1", NOW, BODY)


@given(st.binary(max_size=50), st.text(max_size=50), st.text(max_size=20), st.text(max_size=20))
def test_nothing_unsigned_passes(body: bytes, signature: str, stamp: str, delivery_id: str) -> None:
    """Whatever stands in headers and body, without the secret it is refused, and breaks nothing."""
    told = {"x-mlflow-signature": signature, "x-mlflow-timestamp": stamp, "x-mlflow-delivery-id": delivery_id}
    assert isinstance(check(told, body, SECRET, NOW), Refusal)


def document(entity: str = "model_version", action: str = "created", **data: Any) -> bytes:
    """A document as MLflow sends it."""
    whole = {"name": "churn", "version": "3", "source": "models:/m-1", "run_id": "r", "tags": {}, **data}
    return json.dumps({"entity": entity, "action": action, "data": whole}).encode()


def test_a_new_version_of_the_registered_model_is_of_concern() -> None:
    """It is returned with run and source; one of another model, or that Podium made, is not, nor another event."""
    assert version_in(document(), "churn") == Version("churn", "3", "models:/m-1", "r")
    assert "it is of fraud" in str(version_in(document(name="fraud"), "churn"))
    assert "Podium registered" in str(version_in(document(tags={"podium.stage": "staging"}), "churn"))
    assert "starts nothing" in str(version_in(document(entity="registered_model"), "churn"))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b'"text"', b"{", b"\xff", b"[" * 60_000, b'{"a":' * 10_000),
        *(b'{"entity":"model_version","action":"created"}', document(name=None)),
        *(document(run_id=5), document(run_id=["a"]), document(run_id=False), document(tags=["a"])),
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
def test_another_document_is_an_error(body: bytes) -> None:
    """What is none of MLflow's documents is a ValueError, never something else."""
    with pytest.raises(ValueError, match=r".*"):
        version_in(body, "churn")
