"""What the team is told of a service of the local stack."""

from typing import Literal

from podium.alerts import Alert, Severity

News = Literal["restarted", "unwell", "given-up"]


def service_alert(news: News, service: str, why: str, at: float) -> Alert:
    """Return the alert of a service that did not work, and of what became of it. ``at`` is in seconds of the epoch."""
    severity, title, text = _said(news, service, why)
    return Alert(f"service.{service}", "event", severity, title, text, f"{news} {at:.3f}")


def _said(news: News, service: str, why: str) -> tuple[Severity, str, str]:
    if news == "restarted":
        text = "It is well again. What runs were at meanwhile is finished by the next ones."
        return "warning", f"{service} {why} and was started again", text
    if news == "unwell":
        text = f"It is tried on. See logs/{service}.log in PODIUM_HOME, and what podium doctor says."
        return "warning", f"{service} {why}, was started again and is not well", text
    text = f"{service} {why}\nNothing runs, by no schedule and no event, until it is mended and podium up started."
    return "critical", f"podium up has ended: {service} is given up", text
