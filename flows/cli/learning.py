"""What the commands around training do."""

import logging
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.cli.boundary import Options, print_json
from flows.cli.commands import UNFINISHED, call_flow, open_store, show
from flows.cli.views import Json, number, table_of

COLOURS = {"trained": "green", "there": "dim", "planned": "yellow", "failed": "red"}


def train(options: Options, arguments: dict[str, Any]) -> int:
    """Train the configured kinds of model; unfinished if one of them gave none."""
    if not arguments["dry_run"]:
        open_store(options)
    report = call_flow("training", "train", options.config, **arguments)
    show(options, report.as_json(), show_training)
    return UNFINISHED if report.failed else 0


def notify(options: Options, arguments: dict[str, Any]) -> int:
    """Tell of a run or a logged model."""
    again, dry_run = arguments["again"], arguments["dry_run"]
    told = call_flow("notifying", "notify", arguments["run_id"], options.config, again=again, dry_run=dry_run)
    show(options, told.as_json(), show_notified)
    return 0


def webhooks(options: Options, arguments: dict[str, Any]) -> int:
    """Serve the endpoint until the process is asked to end, which is no failure."""
    from flows.webhooks import Listener, serve

    _log_to_standard_error()
    block = arguments.pop("secret_block")
    try:
        serve(options.config, Listener(**arguments), block, lambda address: _ready(options, address))
    except KeyboardInterrupt:
        return 0
    return 0


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("podium")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    # Prefect, once it is imported, shows what reaches the root: each line would be there twice.
    log.propagate = False


def _ready(options: Options, address: str) -> None:
    if options.as_json:
        print_json({"address": address})
    else:
        sys.stdout.write(f"listening for MLflow's webhooks on {address}\n")
        sys.stdout.flush()


def show_training(console: Console, document: Json) -> None:
    """Show what came of every kind."""
    data = document["dataset"]
    planned = " (dry run: nothing was written)" if document["dry_run"] else ""
    title = f"Training on {data['rows']:,} rows, {len(data['features'])} columns{planned}"
    numbers = (document["metric"], "±", "seconds")
    table = table_of(escape(title), "kind", "outcome", "model", *numbers, "note", right=numbers)
    for row in document["candidates"]:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        outcome = f"[{COLOURS[row['state']]}]{row['state']}[/{COLOURS[row['state']]}]"
        values = (number(row["score"]), number(row["deviation"]), seconds)
        table.add_row(row["kind"], outcome, escape(row["model_id"] or ""), *values, escape(row["reason"]))
    console.print(table)
    for warning in document["warnings"]:
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", highlight=False)


def show_notified(console: Console, document: Json) -> None:
    """Show what was told."""
    done = "would be told" if document["dry_run"] else "told"
    for row in document["events"]:
        console.print(f"{done}: {row['event']} of {escape(row['model_id'])}", highlight=False)
