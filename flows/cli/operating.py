"""The commands of those who operate Podium: the local stack, registering, looking after it all."""

from typing import Any

import click

from flows.cli.options import common, run

replacing = click.option(
    "--replace",
    is_flag=True,
    help="Take over what another config file registered for the same registered model, and remove what this one "
    "registered for another.",
)


@click.command()
@click.option("--mlflow-port", type=click.IntRange(1, 65535), help="Port of MLflow [default: 5000, or a free one].")
@click.option("--prefect-port", type=click.IntRange(1, 65535), help="Port of Prefect [default: 4200, or a free one].")
@replacing
@common
@click.pass_context
def up(
    context: click.Context, /, mlflow_port: int | None, prefect_port: int | None, replace: bool, **given: Any
) -> None:
    r"""Run MLflow, Prefect and a worker on this machine until Ctrl-C, with everything registered.

    All state is in PODIUM_HOME. Logs of the three are in PODIUM_HOME/logs.

    \b
    Examples:
      podium up
      podium up --mlflow-port 5050 --json
    """
    run(context, given, "up", mlflow_port=mlflow_port, prefect_port=prefect_port, replace=replace)


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--pool", metavar="NAME", default="podium", show_default=True, help="Work pool; made if it is not there.")
@click.option("--folder", metavar="DIR", help="Working directory of runs, as workers see it [default: this one].")
@click.option("--remove", is_flag=True, help="Remove the project from the server; what it has in MLflow stays.")
@replacing
@common
@click.pass_context
def deploy(context: click.Context, /, **given: Any) -> None:
    r"""Register the deployments and automations of a project on a Prefect server, once.

    Names are derived from the registered model. One server takes many projects, each with its config file.

    \b
    Examples:
      podium deploy --config configs/churn.yaml
      podium deploy --config configs/fraud.yaml --dry-run
      podium deploy --config configs/fraud.yaml --remove
    """
    own = {name: given.pop(name) for name in ("dry_run", "pool", "folder", "remove", "replace")}
    run(context, given, "deploy", **own)


@click.command()
@common
@click.pass_context
def doctor(context: click.Context, /, **given: Any) -> None:
    """Tell what is reachable and in order, and how to mend what is not. Exit status 3 if anything is broken.

    Example: podium doctor --json
    """
    run(context, given, "doctor")


@click.group("config")
def config() -> None:
    """Look after config files."""


@config.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@common
@click.pass_context
def check(context: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    r"""Check config files, each alone: what the environment overrides does not count. Exit status 2 for a mistake.

    \b
    Examples:
      podium config check
      podium config check configs/*.yaml
    """
    run(context, given, "config check", paths=paths)


OPERATING = (up, deploy, doctor, config)
