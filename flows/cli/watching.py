"""The commands that watch and ask what is in production."""

from typing import Any

import click

from flows.cli.options import common, run


@click.command()
@click.option("--batch", metavar="FILE", help="Recent rows, Parquet or CSV, or a folder [default: monitoring.batches].")
@click.option("--history", is_flag=True, help="Only show what earlier looks found.")
@click.option("--dry-run", is_flag=True, help="Show what is found and write nothing.")
@common
@click.pass_context
def monitor(context: click.Context, /, batch: str | None, history: bool, dry_run: bool, **given: Any) -> None:
    r"""Compare recent rows with the holdout, and the champion on them with what it was.

    Exit status 3 if the rows have drifted, or the champion does worse than it may.

    \b
    Examples:
      podium monitor --batch data/2026-11-27.parquet
      podium monitor --history
    """
    run(context, given, "monitor", batch=batch, history=history, dry_run=dry_run)


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is found and write nothing.")
@common
@click.pass_context
def explain(context: click.Context, /, dry_run: bool, **given: Any) -> None:
    """Show how much each column moves the champion's answers, and which way; keep it with its run.

    Example: podium explain --json
    """
    run(context, given, "explain", dry_run=dry_run)


@click.command()
@click.option("--input", "rows", metavar="FILE", required=True, help="Rows, Parquet or CSV.")
@click.option("--output", metavar="FILE", required=True, help="Where the answers go, Parquet or CSV; replaced at once.")
@click.option("--dry-run", is_flag=True, help="Ask about the first rows only, and write nothing.")
@common
@click.pass_context
def score(context: click.Context, /, rows: str, output: str, dry_run: bool, **given: Any) -> None:
    """Write what the champion says of a file of rows, in their order, with their identifiers.

    Example: podium score --input customers.parquet --output answers.parquet
    """
    run(context, given, "score", rows=rows, output=output, dry_run=dry_run)


def add_commands(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (monitor, explain, score):
        group.add_command(command)
