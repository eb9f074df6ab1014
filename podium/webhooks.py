"""Judges what claims to be a delivery of MLflow's webhooks: who signed it, when, and whether it is of any concern.

The scheme is that of https://www.standardwebhooks.com with MLflow's header names: HMAC-SHA256 over
``<delivery id>.<timestamp>.<body>``, in base64 behind ``v1,``.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.alerts import Alert

SIGNATURE, TIMESTAMP, DELIVERY = "x-mlflow-signature", "x-mlflow-timestamp", "x-mlflow-delivery-id"
EDITION = "v1"
LARGEST = 64 * 1024
"""Bytes of a delivery: MLflow's are a few hundred, with tags and description some thousand."""
TOLERANCE = 300
"""Seconds that the clocks of sender and receiver, and its way, may lie apart."""
LONGEST_ID = 100
SECONDS = re.compile(r"[0-9]{1,12}")
SHORTEST_SECRET = 16
CLOCKS = "webhooks.clocks"
"""What an alert is about where the clocks of sender and receiver lie apart."""
OURS = "podium.stage"
"""Tag with which Podium registers versions. It need not be told of what it did itself."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a delivery is refused, and with which status of HTTP.

    ``apart`` are the seconds since it was signed, by this clock, where these are why; fewer than 0 are the future.
    """

    status: int
    reason: str
    apart: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that MLflow signed, not long ago. ``seconds`` is when, of the epoch."""

    id: str
    seconds: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was registered, as MLflow says. ``source`` is where its files are."""

    name: str
    version: str
    source: str
    run_id: str | None


def signature_of(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a delivery."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"{EDITION},{base64.b64encode(digest).decode()}"


def check(
    headers: Mapping[str, str], body: bytes, secret: str, now: float, tolerance: int = TOLERANCE
) -> Delivery | Refusal:
    """Return a delivery if its signature and time hold, else why they do not. ``headers`` are in lower case.

    The signature comes first: nothing else is said to whoever does not know the secret.
    """
    signature, stamp, delivery_id = (headers.get(name, "") for name in (SIGNATURE, TIMESTAMP, DELIVERY))
    if not signature:
        return Refusal(401, "it is not signed: give the webhook in MLflow the same secret")
    wanted = signature_of(secret, delivery_id, stamp, body).encode()
    # Several signatures, apart by spaces, are there while a secret is being replaced.
    if not any(hmac.compare_digest(wanted, said.encode()) for said in signature.split(" ")):
        return Refusal(401, "its signature does not fit: another secret, or it was changed on its way")
    if not (0 < len(delivery_id) <= LONGEST_ID and SECONDS.fullmatch(stamp)):
        return Refusal(400, "it has no delivery id or no time")
    apart = now - int(stamp)
    if abs(apart) > tolerance:
        return Refusal(400, f"{_when(apart)} by this clock, and {tolerance} s are allowed", apart)
    return Delivery(delivery_id, int(stamp), body)


def _when(apart: float) -> str:
    return f"it was signed {apart:.0f} s ago" if apart >= 0 else f"it was signed {-apart:.0f} s from now"


def clocks_apart(apart: float, tolerance: int = TOLERANCE) -> Alert:
    """Return the alert about a delivery with the right secret and the wrong time."""
    text = (
        f"A delivery with the right secret was refused: {_when(apart)} by this clock, and {tolerance} s are allowed. "
        "Set the clocks of MLflow's machine and of this one, or allow more with --tolerance; if both are right, "
        "somebody sends an old delivery again. What was refused MLflow does not send again: the next selection by "
        "schedule finds it."
    )
    return Alert(CLOCKS, "raised", "warning", "MLflow's webhooks are refused because of their time", text)


def clocks_agree() -> Alert:
    """Return the alert about a delivery in time."""
    return Alert(CLOCKS, "clear", "warning", "MLflow's webhooks are in time again")


def version_in(body: bytes, registered_model: str) -> Version | str:
    """Return the version that a delivery tells of, or why there is nothing to do about it.

    Raises:
        ValueError: it is none of MLflow's documents.
    """
    told = _object(_read(body))
    what = f"{told.get('entity')}.{told.get('action')}"
    if what != "model_version.created":
        return f"{what} starts nothing"
    data = _object(told.get("data"))
    run_id = _text(data, "run_id") if data.get("run_id") is not None else None
    found = Version(_text(data, "name"), _text(data, "version"), _text(data, "source"), run_id or None)
    if found.name != registered_model:
        return f"it is of {found.name}, and this endpoint is for {registered_model}"
    if OURS in _object(data.get("tags") or {}):
        return f"Podium registered version {found.version} itself"
    return found


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is expected")
    return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is expected to be a text")
    return value
