"""Shows what operators ask for: what was registered, what runs, and what is in order."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.telling import MEND, UNTOLD

STYLES = {"pass": "green", "warn": "yellow", "fail": "red"}


def show_registered(console: Console, document: Mapping[str, Any]) -> None:
    """Show the deployments and automations of a project, and what was done to each."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "name", "would be" if document["dry_run"] else "was"):
        table.add_column(heading)
    for kind in ("deployments", "automations"):
        for step in document[kind]:
            table.add_row(kind.removesuffix("s"), step["name"], step["action"])
    console.print(table)
    _show_move(console, document)
    _show_untold(console, document)


def _show_move(console: Console, document: Mapping[str, Any]) -> None:
    """Say that runs start in another folder than before, if that is so."""
    if before := document["moved_from"]:
        start = "would start" if document["dry_run"] else "start"
        console.print(
            f"runs {start} in {document['folder']}, and no longer in {before}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _show_untold(console: Console, document: Mapping[str, Any]) -> None:
    """Say that nobody is told of what goes wrong, if that is so."""
    if document["told"] is False:
        console.print(f"{UNTOLD}: {MEND}", highlight=False, markup=False, soft_wrap=True)


def show_up(console: Console, document: Mapping[str, Any]) -> None:
    """Show where the servers of a stack are."""
    lines = [
        f"MLflow   {document['mlflow']['url']}",
        f"Prefect  {document['prefect']['url']}",
        f"API      {document['prefect']['api']}",
        f"{len(document['deployments'])} deployments and {len(document['automations'])} automations of "
        f"{document['project']}; state and logs in {document['home']}",
        "Commands in this home use these servers. Ctrl-C ends them.",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    _show_move(console, document)
    _show_untold(console, document)


def show_checks(console: Console, document: Mapping[str, Any]) -> None:
    """Show each check with its mend, worst last where the eye is."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for check in document["checks"]:
        said = check["detail"] + (f" [bold]->[/bold] {check['mend']}" if check["mend"] else "")
        table.add_row(f"[{STYLES[check['status']]}]{check['status']}[/]", check["name"], said)
    console.print(table)
