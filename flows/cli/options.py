"""The options that every command has, and the way from a command to its work."""

import sys
from collections.abc import Callable
from typing import Any

import click

from flows.cli.boundary import Boundary, Options


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that every command has, also accepted before the command's name.

    A raw docstring spells the mark of what click must not wrap in two characters.
    """
    command.__doc__ = (command.__doc__ or "").replace("\\b", "\b")
    for option in (
        click.option("--verbose", is_flag=True, help="Show the logs of Prefect and MLflow, and tracebacks."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output."),
        click.option("--config", "config", metavar="PATH", help="Config file [default: configs/churn.yaml]."),
    ):
        command = option(command)
    return command


def run(context: click.Context, given: dict[str, Any], name: str, **arguments: Any) -> None:
    """Run a command inside the boundary that turns every failure into one line and an exit status."""
    before: dict[str, Any] = context.obj or {}
    options = Options(
        config=given["config"] or before.get("config"),
        as_json=given["as_json"] or before.get("as_json", False),
        verbose=given["verbose"] or before.get("verbose", False),
    )
    sys.exit(Boundary(options).run(name, **arguments))
