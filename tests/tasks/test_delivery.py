"""Messages arrive at real receivers on loopback, and one that does not arrive says why without its address."""

from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest
from apprise.plugins.slack import NotifySlack

from benchmarks.servers import free_port
from benchmarks.stacks import until
from configs.alerts import ChannelSection
from podium.alerts import Message
from podium.receipts import Receipt
from tasks.effects.delivery import deliver
from tests.flows.receivers import Mailbox, Receiver

MESSAGE = Message(
    "[critical] churn: version 3 failed", "latency: 900 ms <script>\nGo back: podium rollback", "critical"
)
TOLD = Receipt("told")
TOKENS = "T0PlAnTed1/B0PlAnTed1/PlAnTed0token1234567890x"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server."""
    running = Receiver()
    yield running
    running.close()


def sent(monkeypatch: pytest.MonkeyPatch, url: str, **named: object) -> Receipt:
    """What becomes of the message at an address that stands in the environment."""
    monkeypatch.setenv("HERE", url)
    return deliver(ChannelSection.model_validate({"url_env": "HERE", **named}), MESSAGE)


def test_a_webhook_gets_json(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """At an ordinary address, with path and query, and with title, text and how bad it is."""
    assert sent(monkeypatch, f"http://{receiver.where}/hook/a-b?key=v%26w") == TOLD
    (got,) = receiver.got
    assert (got["path"], got["title"], got["type"]) == ("/hook/a-b?key=v%26w", MESSAGE.title, "failure")
    assert got["message"] == MESSAGE.text


def test_slack_gets_its_own_form(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the address that Slack gives out; only the host stands in for Slack's."""
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{receiver.where}/services")
    assert sent(monkeypatch, f"https://hooks.slack.com/services/{TOKENS}") == TOLD
    (got,) = receiver.got
    assert got["path"] == f"/services/{TOKENS}"
    assert MESSAGE.title in str(got["attachments"])


def test_teams_gets_its_own_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS, as a workflow's adaptive card."""
    receiver = Receiver().with_tls(tmp_path)
    try:
        assert sent(monkeypatch, f"workflow://{receiver.where}/f00workflow/s1gnature-PlAnTed?verify=no") == TOLD
    finally:
        receiver.close()
    (got,) = receiver.got
    assert got["path"].startswith("/workflows/f00workflow/triggers/manual/paths/invoke?")
    assert "AdaptiveCard" in str(got)


WAYS = "from=podium@example.org&mode=insecure&to=ops@example.org"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server."""
    with closing(Mailbox("ana", "PlAnTed0mail")) as running:
        yield running


def test_mail_arrives(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over SMTP, with a password; what looks like HTML is text."""
    assert sent(monkeypatch, f"mailto://ana:PlAnTed0mail@{box.where}?{WAYS}") == TOLD
    (mail,) = [message_from_bytes(content) for content in box.got]
    assert MESSAGE.title in str(mail["Subject"])
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()}
    assert b"&lt;script&gt;" in parts["text/html"]
    assert b"<script>" not in parts["text/html"]


def test_a_wrong_password_is_said_as_the_mail_server_says_it(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its status, and without the password."""
    refused = sent(monkeypatch, f"mailto://ana:PlAnTed0wrong@{box.where}?{WAYS}")
    assert refused.outcome == "missed"
    assert "535" in str(refused.problem)
    assert "Authentication credentials invalid" in str(refused.problem)
    assert "PlAnTed" not in str(refused.problem)


def test_mail_that_is_refused_in_part_is_told_with_a_warning(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have it; where all are refused it is not told."""
    part = sent(monkeypatch, f"mailto://ana:PlAnTed0mail@{box.where}?{WAYS},nobody@example.org")
    assert (part.outcome, len(box.got)) == ("told", 1)
    assert "550" in str(part.problem)
    assert "no such user" in str(part.problem)
    box.unknown = ""
    assert sent(monkeypatch, f"mailto://ana:PlAnTed0mail@{box.where}?{WAYS}").outcome == "missed"


@pytest.mark.parametrize("status", [500, 404])
def test_a_channel_that_refuses_is_said_in_one_line(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """With what it answered, and nothing of its address."""
    receiver.status = status
    receipt = sent(monkeypatch, f"http://{receiver.where}/{TOKENS}")
    assert receipt.outcome == "missed"
    assert str(status) in str(receipt.problem)
    assert "PlAnTed" not in str(receipt.problem)
    assert "\n" not in str(receipt.problem)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """It would lose the message; the line says what is wrong with the address, whatever the address wishes."""
    receiver.status, receiver.leads_to = status, "/elsewhere"
    for wish in ("", "?redirect=yes"):
        receipt = sent(monkeypatch, f"json://{receiver.where}/{TOKENS}{wish}")
        assert receipt.outcome == "missed"
        assert f"its address redirects (status {status})" in str(receipt.problem)
    assert (len(receiver.bodies), receiver.got, receiver.asked) == (2, [], [])


def test_a_channel_that_does_not_answer_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the seconds it has; it perhaps took the message."""
    receiver.holds.clear()
    receipt = sent(monkeypatch, f"http://{receiver.where}/{TOKENS}", timeout=2)
    assert receipt == Receipt("perhaps", "it did not answer in time")
    until(lambda: receiver.bodies, "it does not arrive")
    assert (len(receiver.bodies), receiver.got) == (1, [])


def test_where_nobody_listens_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to a web server nor by mail."""
    for address in (f"http://127.0.0.1:{free_port()}/x", f"mailto://127.0.0.1:{free_port()}?{WAYS}"):
        assert sent(monkeypatch, address).outcome == "missed"


@pytest.mark.parametrize(
    ("url", "said"), [("", "HERE is not set"), ("nonsense://x", "none that apprise knows"), ("json://", "none that")]
)
def test_an_address_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    """Before anything is sent."""
    receipt = sent(monkeypatch, url)
    assert receipt.outcome == "unsent"
    assert said in str(receipt.problem)


@pytest.mark.usefixtures("prefect_server")
def test_addresses_come_from_prefect_blocks(receiver: Receiver) -> None:
    """A Secret holds an address for apprise, a notification block sends by itself; what is none of these is refused."""
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.blocks.system import Secret
    from prefect.filesystems import LocalFileSystem

    hook = f"http://{receiver.where}/block-{TOKENS}"
    Secret(value=hook).save("podium-test", overwrite=True)
    form = {"title": "{{subject}}", "message": "{{body}}"}
    custom = CustomWebhookNotificationBlock(name="test", url=hook, json_data=form, headers={})
    custom.save("podium-custom", overwrite=True)
    for block in ("secret/podium-test", "custom-webhook/podium-custom"):
        assert deliver(ChannelSection(block=block), MESSAGE) == TOLD
    assert receiver.titles == [MESSAGE.title, MESSAGE.title]
    missing = deliver(ChannelSection(block="secret/podium-missing"), MESSAGE)
    assert "secret/podium-missing cannot be read" in str(missing.problem)
    receiver.status, receiver.leads_to = 302, "/elsewhere"
    assert deliver(ChannelSection(block="custom-webhook/podium-custom"), MESSAGE).outcome == "missed"
    assert receiver.asked == []
    LocalFileSystem(basepath="/tmp").save("podium-other", overwrite=True)
    other = deliver(ChannelSection(block="local-file-system/podium-other"), MESSAGE)
    assert "neither a Secret nor a notification block" in str(other.problem)
