"""Renders the report of a decision that has no ranking: who asked for what, and what changed."""

from html import escape

from podium.decision import Decision
from podium.report import Report

STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_note(decision: Decision) -> Report:
    """Return the report of a decision without a ranking; every text of others is escaped."""
    content = decision.content
    facts = [
        ("In production before", _version(content["champion_before"])),
        ("Promoted", _version((content["promoted"] or {}).get("version"))),
        ("Decided", f"{content['decided_at']} by {content['asked_by']}"),
        ("Record", f"number {content['sequence']}, sha256 {decision.sha256}"),
        ("Follows", content["previous_sha256"]),
    ]
    title = f"Decision {decision.decision_id}: {content['verdict']}"
    return Report(_markdown(title, content["reasons"], facts), _html(title, content["reasons"], facts))


def _version(version: str | None) -> str:
    return f"version {version}" if version else "nothing"


def _markdown(title: str, reasons: list[str], facts: list[tuple[str, str]]) -> str:
    lines = [*(f"- {_plain(r)}" for r in reasons), "", *(f"- {name}: {_plain(value)}" for name, value in facts)]
    return "\n".join([f"# {title}", "", *lines, ""])


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in "\\*_{}[]<>|#" else c for c in " ".join(text.split()))


def _html(title: str, reasons: list[str], facts: list[tuple[str, str]]) -> str:
    items = "".join(f"<li>{escape(r)}</li>" for r in reasons)
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1><ul>{items}</ul><dl>{rows}</dl></body></html>\n"
    )
