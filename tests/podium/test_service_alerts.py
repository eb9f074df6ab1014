"""What the team is told of a service of the local stack."""

import pytest

from podium.alerts import Limits, rule
from podium.service_alerts import News, service_alert


@pytest.mark.parametrize(
    ("news", "severity", "title"),
    [
        ("restarted", "warning", "mlflow has ended (status -9) and was started again"),
        ("unwell", "warning", "mlflow has ended (status -9), was started again and is not well"),
        ("given-up", "critical", "podium up has ended: mlflow is given up"),
    ],
)
def test_each_news_has_a_title_and_is_sent(news: News, severity: str, title: str) -> None:
    """The end is critical, so that it reaches a channel that wants nothing else; the reason is told."""
    alert = service_alert(news, "mlflow", "has ended (status -9)", 1_800_000_000.0)
    assert (alert.severity, alert.title) == (severity, title)
    assert "has ended (status -9)" in alert.title + alert.text
    sent = rule(alert, None, Limits("critical"), 0, 1_800_000_000.0).action == "send"
    assert sent == (severity == "critical")


def test_what_happens_again_is_told_again() -> None:
    """Two ends of the same service are two occasions, and one that is not well is another than one that is again."""
    told = [
        service_alert(news, "mlflow", "has ended", at).about for news in ("restarted", "unwell") for at in (1.0, 2.0)
    ]
    assert len(set(told)) == 4
