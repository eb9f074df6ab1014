"""The commands that bring new candidates: training them, and telling of those that others trained."""

from typing import Any

import click

from flows.cli.options import common, run


@click.command()
@click.option("--kinds", metavar="KINDS", help="Kinds of model, apart by commas [default: training.kinds].")
@click.option("--dry-run", is_flag=True, help="Show what would be trained and write nothing.")
@click.option("--again", is_flag=True, help="Train what is there already once more, as a further candidate.")
@common
@click.pass_context
def train(context: click.Context, /, kinds: str | None, dry_run: bool, again: bool, **given: Any) -> None:
    r"""Train the configured kinds of model and log them as candidates.

    \b
    Examples:
      podium train --dry-run
      podium train --kinds xgboost,lightgbm
    """
    named = [kind.strip() for kind in kinds.split(",") if kind.strip()] if kinds is not None else None
    run(context, given, "train", kinds=named, dry_run=dry_run, again=again)


@click.command()
@click.argument("run_id")
@click.option("--again", is_flag=True, help="Tell it as another event: a server passes over one that it knows.")
@click.option("--dry-run", is_flag=True, help="Only see whether it is a candidate.")
@common
@click.pass_context
def notify(context: click.Context, /, run_id: str, again: bool, dry_run: bool, **given: Any) -> None:
    r"""Tell Prefect that a run, or a logged model, of your training code is there to be measured.

    \b
    Examples:
      podium notify 1f0c9a7be3d24f6d8b0e5a7c9d1e3f50
      podium notify m-0a1b2c3d4e5f60718293a4b5c6d7e8f9
    """
    run(context, given, "notify", run_id=run_id, again=again, dry_run=dry_run)


@click.group()
def webhooks() -> None:
    """Receive the webhooks of MLflow's registry."""


@webhooks.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8788, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--certificate", metavar="FILE", help="Certificate chain (PEM), to be asked by https.")
@click.option("--key", metavar="FILE", help="Private key of the certificate (PEM).")
@click.option("--secret-block", metavar="NAME", help="Prefect Secret block [default: PODIUM_WEBHOOK_SECRET is read].")
@click.option(
    "--tolerance", default=300, show_default=True, type=click.IntRange(1, 3600), help="Oldest delivery, in s."
)
@common
@click.pass_context
def serve(context: click.Context, /, **given: Any) -> None:
    """Turn signed deliveries of a new model version into the event that starts a selection.

    Example: PODIUM_WEBHOOK_SECRET=... podium webhooks serve --port 8788
    """
    own = {name: given.pop(name) for name in ("host", "port", "certificate", "key", "secret_block", "tolerance")}
    context.obj = context.obj or (context.find_root().obj or {})
    run(context, given, "webhooks", **own)


def add_commands(group: click.Group) -> None:
    """Add these commands to the command line."""
    for command in (train, notify, webhooks):
        group.add_command(command)
