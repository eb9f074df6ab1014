"""The ``podium`` command. Nothing heavy is imported before a command needs it, so that help answers at once."""

from typing import Any

import click

from flows.cli import after_training, watching
from flows.cli.operating import OPERATING
from flows.cli.options import common, run
from podium import __version__

EXAMPLES = """
\b
Examples:
  podium demo                                  the whole story on real churn data
  podium analyze --config configs/churn.yaml   what is in the staging folders
  podium migrate --dry-run                     what a migration would do
  podium select --json | jq .verdict           for scripts
  podium up                                    MLflow, Prefect and a worker, until Ctrl-C

Exit status: 0 done; 1 unexpected failure; 2 bad usage or config; 3 the answer is no.
"""


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="podium")
@common
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """Bring staged models into MLflow, measure them, and promote the one that is really best."""
    context.obj = given


@main.command()
@click.option("--explain", metavar="MODEL_ID", help="Show how each field of one model was found.")
@common
@click.pass_context
def analyze(context: click.Context, /, explain: str | None, **given: Any) -> None:
    r"""List the staged models, what they claim, and what is wrong with them. Loads no model.

    \b
    Examples:
      podium analyze --json
      podium analyze --explain xgboost_20250820_104603
    """
    run(context, given, "analyze", explain=explain)


@main.command()
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@common
@click.pass_context
def migrate(context: click.Context, /, dry_run: bool, **given: Any) -> None:
    """Bring every staged model into MLflow, once.

    Example: podium migrate --dry-run
    """
    run(context, given, "migrate", dry_run=dry_run)


@main.command()
@click.option("--dry-run", is_flag=True, help="Show the verdict on what is measured and write nothing.")
@click.option("--plan", metavar="FILE", help="Write the verdict to a file for `podium apply`, and nothing else.")
@common
@click.pass_context
def select(context: click.Context, /, dry_run: bool, plan: str | None, **given: Any) -> None:
    r"""Measure the candidates on the holdout and put the best into production.

    \b
    Examples:
      podium select --config configs/churn.yaml
      podium select --plan promotion.json
    """
    run(context, given, "select", dry_run=dry_run, plan=plan)


@main.command()
@click.argument("plan")
@common
@click.pass_context
def apply(context: click.Context, /, plan: str, **given: Any) -> None:
    """Carry out a plan of `podium select --plan`. Exit status 3 if anything has changed since.

    Example: podium apply promotion.json
    """
    run(context, given, "apply", plan=plan)


@main.command()
@common
@click.pass_context
def verify(context: click.Context, /, **given: Any) -> None:
    """Load the production model in a fresh process and test it. Exit status 3 if a check fails.

    Example: podium verify --json
    """
    run(context, given, "verify")


@main.command()
@click.option("--to", metavar="VERSION", help="Version to go back to [default: the one before the champion].")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@common
@click.pass_context
def rollback(context: click.Context, /, to: str | None, dry_run: bool, **given: Any) -> None:
    """Put the version before the champion back into production. Exit status 3 if it does not load.

    Example: podium rollback --to 4
    """
    run(context, given, "rollback", to=to, dry_run=dry_run)


@main.command()
@click.argument("version", required=False)
@common
@click.pass_context
def pin(context: click.Context, /, version: str | None, **given: Any) -> None:
    """Hold the champion against automatic change: selections report their verdict and keep it.

    Example: podium pin
    """
    run(context, given, "pin", version=version)


@main.command()
@click.argument("version", required=False)
@common
@click.pass_context
def unpin(context: click.Context, /, version: str | None, **given: Any) -> None:
    """Lift the pin; with a version, also what holds it back since a rollback.

    Example: podium unpin 4
    """
    run(context, given, "unpin", version=version)


@main.command()
@click.argument("decision_id")
@common
@click.pass_context
def approve(context: click.Context, /, decision_id: str, **given: Any) -> None:
    """Carry out a promotion that waits for approval. Exit status 3 if production has changed since.

    Example: podium approve 1f0c9a7be3d2
    """
    run(context, given, "approve", decision_id=decision_id)


@main.command()
@click.argument("decision_id")
@common
@click.pass_context
def reject(context: click.Context, /, decision_id: str, **given: Any) -> None:
    """Settle a promotion that waits without carrying it out.

    Example: podium reject 1f0c9a7be3d2
    """
    run(context, given, "reject", decision_id=decision_id)


@main.command()
@click.option("--dry-run", is_flag=True, help="List what would go and write nothing.")
@common
@click.pass_context
def retire(context: click.Context, /, dry_run: bool, **given: Any) -> None:
    """Archive or delete former production versions by the retention rule, as each promotion does.

    Example: podium retire --dry-run
    """
    run(context, given, "retire", dry_run=dry_run)


@main.command()
@click.option("--at", metavar="TIME", help="Only say what was in production then, and why (ISO, UTC without offset).")
@common
@click.pass_context
def history(context: click.Context, /, at: str | None, **given: Any) -> None:
    r"""Show every decision and whether the chain of them is unbroken.

    \b
    Examples:
      podium history --json
      podium history --at "2026-03-01 12:00"
    """
    run(context, given, "history", at=at)


@main.command("explain-decision")
@click.argument("decision_id")
@click.option("--model", metavar="MODEL_ID", help="Only why this model did not win, or did.")
@common
@click.pass_context
def explain_decision(context: click.Context, /, decision_id: str, model: str | None, **given: Any) -> None:
    """Say of each model of a decision why it was not promoted, from the record alone.

    Example: podium explain-decision 1f0c9a7be3d2 --model xgboost_20250820_104603
    """
    run(context, given, "explain-decision", decision_id=decision_id, model=model)


@main.command()
@click.option("--policy", metavar="FILE", required=True, help="Config file whose policy section is replayed.")
@common
@click.pass_context
def backtest(context: click.Context, /, policy: str, **given: Any) -> None:
    """Replay the recorded decisions under another policy: what would have been promoted, and its score.

    Example: podium backtest --policy stricter.yaml
    """
    run(context, given, "backtest", policy=policy)


@main.group()
def alerts() -> None:
    """Try the alert channels of the configuration, and see what they were told."""


@alerts.command("test")
@click.argument("channels", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only look whether each channel has an address that can be used.")
@common
@click.pass_context
def alerts_test(context: click.Context, /, channels: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    r"""Send a test message to each channel, or those named. Exit status 3 if one does not take it.

    \b
    Examples:
      podium alerts test
      podium alerts test slack --dry-run
    """
    run(context, given, "alerts-test", channels=channels, dry_run=dry_run)


@alerts.command("list")
@common
@click.pass_context
def alerts_list(context: click.Context, /, **given: Any) -> None:
    """Show for each channel what it was told that is still so, and what is owed to it.

    Example: podium alerts list --json
    """
    run(context, given, "alerts-list")


@main.command()
@click.option("--home", metavar="DIR", help="Folder of all state [default: PODIUM_HOME, else .podium].")
@common
@click.pass_context
def demo(context: click.Context, /, home: str | None, **given: Any) -> None:
    """Run the whole story on real churn data: stage, analyze, migrate, select, verify.

    Example: podium demo --home /tmp/podium-demo
    """
    run(context, given, "demo", home=home)


for operating in OPERATING:
    main.add_command(operating)

after_training.add_commands(main)
watching.add_commands(main)

if __name__ == "__main__":
    main()
