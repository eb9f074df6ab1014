"""Looks at the alert channels: a test message to each, and what each was told."""

import platform
import time
from typing import Any

from prefect import flow

from configs.alerts import ChannelSection
from configs.loading import load_config
from configs.schema import PodiumConfig
from podium.alerts import Message, standing
from podium.errors import NegativeAnswerError, UsageError
from podium.receipts import TrialOutcome
from tasks.alerting import send_test
from tasks.effects.alert_memory import Memory


@flow(name="alerts-test", validate_parameters=False)
def try_channels(
    config_path: str | None = None, channels: tuple[str, ...] = (), dry_run: bool = False, asked_by: str = "user"
) -> TrialOutcome:
    """Send a test message to each channel, or to those named, and return which of them took it.

    Raises:
        UsageError: there is no channel, or none of that name.
        NegativeAnswerError: one did not take it; its answer is the whole outcome.
    """
    config = load_config(config_path)
    chosen = _chosen(config, channels)
    text = f"A test that {asked_by} asked for on {platform.node()}: alerts about this model arrive here."
    message = Message(f"[test] {config.mlflow.registered_model}: podium alerts test", text, "info")
    outcome = TrialOutcome(tuple(send_test(name, section, message, dry_run) for name, section in chosen), dry_run)
    if missed := outcome.missed:
        raise NegativeAnswerError(f"not reached: {', '.join(missed)}", outcome)
    return outcome


def told(config_path: str | None = None) -> list[dict[str, Any]]:
    """Return for each channel what it was told that is still so, and what is owed to it."""
    config = load_config(config_path)
    memory, now = Memory(config.mlflow), time.time()
    return [standing(name, memory.of(name), now) for name in config.alerts.channels]


def _chosen(config: PodiumConfig, names: tuple[str, ...]) -> list[tuple[str, ChannelSection]]:
    known = config.alerts.channels
    if not known:
        raise UsageError("no alert channel is configured: add one to alerts.channels, see docs/alerts.md")
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"{unknown[0]}: no such channel; alerts.channels has {', '.join(known)}")
    return [(name, known[name]) for name in names or known]
