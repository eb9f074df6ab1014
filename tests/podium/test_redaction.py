"""Secrets are cut out of texts and logs, and ordinary words are not."""

import base64
import io
import json
import logging

import pytest

from podium.errors import first_line
from podium.logs import guard_logs
from podium.redaction import conceal_environment, conceal_url, redacted

SLACK = "https://hooks.slack.com/services/T0PLANTED/B0PLANTED/xPlAnTeDsEcReT00000001"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see http://ana:word@host:5000/api", "see http://host:5000/api"),
        ("postgresql://u:p@ss@db/mlflow failed", "postgresql://db/mlflow failed"),
        ("https://token@host and https://host/a@b", "https://host and https://host/a@b"),
        ("postgresql://h/x?user=ana&password=word&a=b", "postgresql://h/x?user=ana&password=***&a=b"),
        ("https://store/x?sv=1&SharedKey=word", "https://store/x?sv=1&SharedKey=***"),
        ("https://store/x?sv=1&sig=word%3D&se=2", "https://store/x?sv=1&sig=***&se=2"),
        ("http:ana:word@host is no address", "http:host is no address"),
        ("at 12:30:45 models:/churn@champion", "at 12:30:45 models:/churn@champion"),
        ("write to ana@example.org // or not", "write to ana@example.org // or not"),
    ],
)
def test_what_an_address_carries_before_its_host_is_cut_out(said: str, shown: str) -> None:
    """Whatever the password holds; what is no such thing stays."""
    assert redacted(said) == shown


def test_every_part_of_an_alert_address_is_hidden() -> None:
    """Whole, as the path that HTTP clients quote, and token by token; the words of the path are not."""
    conceal_url(SLACK)
    path = SLACK.removeprefix("https://hooks.slack.com")
    for said in (SLACK, f"Max retries exceeded with url: {path} (Caused by", "token xPlAnTeDsEcReT00000001"):
        assert "PLANTED" not in redacted(said)
        assert "PlAnTeD" not in redacted(said)
    assert redacted("all services of hooks.slack.com") == "all services of hooks.slack.com"


def test_the_environment_s_secrets_are_hidden_by_the_names_of_their_variables() -> None:
    """Other values are shown, and so are those that are too short to be looked for."""
    conceal_environment({"PGPASSWORD": "pl4nted-pg", "TOKENIZERS_PARALLELISM": "parallel", "X_TOKEN": "short"})
    assert redacted("pl4nted-pg, parallel, short") == "***, parallel, short"
    assert first_line(ValueError("pl4nted-pg\nmore")) == "***"


@pytest.mark.parametrize(
    ("variable", "value", "sent"),
    [
        ("PREFECT_API_AUTH_STRING", "admin:pl4nted-auth", "pl4nted-auth"),
        ("PREFECT_API_AUTH_STRING", "admin:pl4nted-auth", base64.b64encode(b"admin:pl4nted-auth").decode()),
        ("AZURE_STORAGE_CONNECTION_STRING", "Name=a;Key=pl4nted-azure", "Name=a;Key=pl4nted-azure"),
        ("PREFECT_CLIENT_CUSTOM_HEADERS", '{"Authorization": "Bearer pl4nted-bearer"}', "pl4nted-bearer"),
        ("X_PASSWORD", "pl4n\"t\\ed'", json.dumps("pl4n\"t\\ed'")[1:-1]),
        ("X_PASSWORD", "pl4n\"t\\ed'", repr("pl4n\"t\\ed'")[1:-1]),
    ],
)
def test_a_secret_is_hidden_in_every_form_in_which_it_is_sent_or_quoted(variable: str, value: str, sent: str) -> None:
    """The half of it that is a password, the header that HTTP makes of it, and as JSON or Python write it."""
    conceal_environment({variable: value})
    assert redacted(f"with {sent}!") == "with ***!"


def test_words_of_headers_and_passwords_that_are_no_utf_8_harm_nothing() -> None:
    """A header may hold an ordinary word; the environment may hold any bytes."""
    conceal_environment({"PREFECT_CLIENT_CUSTOM_HEADERS": '{"X-Env": "production", "X-Client": "a podium client"}'})
    assert redacted("version 5 is in production, of a client") == "version 5 is in production, of a client"
    odd = b"pl4nted-p\xe4ss".decode("utf-8", "surrogateescape")
    conceal_environment({"PGPASSWORD": odd, "PREFECT_API_AUTH_STRING": f"admin:{odd}"})
    assert redacted(f"with {odd}!") == "with ***!"


def test_no_log_of_any_library_shows_a_secret() -> None:
    """Neither its text, nor its arguments, nor the traceback of what it reports; other records stay as they are."""
    conceal_environment({"MLFLOW_TRACKING_PASSWORD": "pl4nted-in-logs"})
    guard_logs()
    log, stream = logging.getLogger("somebody.else"), io.StringIO()
    log.propagate = False
    log.addHandler(logging.StreamHandler(stream))
    log.warning("with %s", "pl4nted-in-logs")
    log.warning("%d", "pl4nted-in-logs")
    error = ValueError("http://u:word@host")
    error.__cause__ = KeyError("pl4nted-in-logs")
    log.error("failed", exc_info=error)
    log.warning("as %s", "ever")
    said = stream.getvalue()
    assert "pl4nted" not in said
    assert "word@" not in said
    assert "ValueError: http://host" in said
    assert said.endswith("as ever\n")
