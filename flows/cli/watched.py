"""What the commands around production do, and what a person sees of it."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.cli.boundary import Options
from flows.cli.commands import NO, call_flow, show, start_sandbox
from flows.cli.views import SHORT, Json, number, table_of

SHOWN = 15
"""Columns that a table shows, the farthest first."""
BAR = 20


def monitor(options: Options, arguments: dict[str, Any]) -> int:
    """Look at a batch; the answer is no when it has drifted or the champion is degraded."""
    if arguments.pop("history"):
        show(options, call_flow("monitoring", "looks_json", options.config), show_looks)
        return 0
    start_sandbox()
    found = call_flow("monitoring", "monitor", options.config, **arguments)
    show(options, found.as_json(), show_monitored)
    return NO if found.alerts else 0


def explain(options: Options, arguments: dict[str, Any]) -> int:
    """Explain the champion."""
    start_sandbox()
    show(options, call_flow("explanation", "explain", options.config, **arguments).as_json(), show_explanation)
    return 0


def score(options: Options, arguments: dict[str, Any]) -> int:
    """Score a file of rows."""
    start_sandbox()
    show(options, call_flow("scoring", "score", config_path=options.config, **arguments).as_json(), show_scored)
    return 0


def show_scored(console: Console, document: Json) -> None:
    """Say which version answered how many rows, and where its answers are."""
    who = f"version {document['version']} ({document['model_id']})"
    rows, seconds = document["rows"], document["seconds"]
    if document["dry_run"]:
        console.print(escape(f"dry run: {who} would answer {rows:,} rows; it answers the first"), highlight=False)
        return
    pace = f"{rows / seconds:,.0f} a second" if seconds else ""
    console.print(escape(f"{who} answered {rows:,} rows in {seconds:.1f} s ({pace})"), highlight=False)
    console.print(escape(f"answers: {document['output']}"), highlight=False)


def show_explanation(console: Console, document: Json) -> None:
    """Show the columns that move the answers most, with bars."""
    title = f"What {escape(document['model_id'])} (version {document['version']}) looks at"
    table = table_of(title, "column", "effect", "share", "", "tendency", right=("effect", "share"))
    widest = max((row["share"] for row in document["features"]), default=0.0) or 1.0
    for row in document["features"][:SHOWN]:
        bar = "█" * max(1, round(row["share"] / widest * BAR))
        table.add_row(escape(row["column"]), number(row["effect"]), f"{row['share']:.1%}", bar, row["tendency"])
    console.print(table)
    if (hidden := len(document["features"]) - SHOWN) > 0:
        console.print(f"{hidden} more move it less (--json lists them)", highlight=False)
    told = (
        f"effects on {document['what']}, {document['rows']} rows; {number(document['base'])} for a row drawn at random"
    )
    console.print(escape(told), highlight=False)
    where = f"kept with run {document['run_id']}" if document["run_id"] else "nothing was written"
    console.print(where, highlight=False)


def show_monitored(console: Console, document: Json) -> None:
    """Show how far the columns have moved, and how the champion does."""
    batch = document["batch"]
    if document["drift"]:
        console.print(_drift(document))
    else:
        console.print(f"{batch['rows']} rows are too few to tell whether anything drifted", highlight=False)
    if (hidden := len(document["drift"]) - SHOWN) > 0:
        console.print(f"{hidden} more moved less (--json lists them)", highlight=False)
    for alert in document["alerts"]:
        console.print(f"[red]alert:[/red] {escape(alert)}", highlight=False)
    if not document["performance"]["degraded"]:
        console.print(escape(_performance(document["performance"])), highlight=False)
    console.print(
        "dry run: nothing was written" if document["dry_run"] else f"noted as run {document['run_id']}", highlight=False
    )


def _drift(document: Json) -> Any:
    batch = document["batch"]
    seen = f"{batch['rows']:,} rows" + ("" if batch["rows"] == batch["looked_at"] else f", {batch['looked_at']:,} seen")
    title = f"{escape(batch['name'])} ({seen}) against the holdout, version {document['version']} in production"
    table = table_of(title, "column", "PSI", "by chance", "outcome", "moved most", right=("PSI", "by chance"))
    for row in document["drift"][:SHOWN]:
        outcome = "[red]drifted[/red]" if row["drifted"] else "[green]as it was[/green]"
        index, chance = f"{row['psi']:.3f}", f"{row['beyond_chance']:.3f}"
        table.add_row(escape(row["column"]), index, chance, outcome, escape(row["detail"]))
    return table


def _performance(row: Json) -> str:
    name = SHORT.get(row["metric"], row["metric"])
    if row["value"] is None:
        return f"{name}: not known; {row['reason']}"
    interval = f"{number(row['low'])} to {number(row['high'])}"
    here = f"{name} {number(row['value'])} ({interval}) on {row['rows']:,} labelled rows"
    return f"{here}; {number(row['reference'])} on the holdout"


def show_looks(console: Console, document: Json) -> None:
    """Show what earlier looks found, newest first."""
    numbers = ("rows", "largest PSI", "value")
    table = table_of("Looks at batches", "at", "version", "batch", *numbers, "metric", "found", right=numbers)
    for look in document["looks"]:
        psi = "–" if look["psi"] is None else f"{look['psi']:.3f}"
        when, rows = look["at"][:16].replace("T", " "), f"{look['rows']:,}"
        known = (escape(when), escape(look["version"]), escape(look["batch"]), rows, psi, number(look["value"]))
        table.add_row(*known, escape(SHORT.get(look["metric"], look["metric"])), escape(look["state"]))
    console.print(table if table.row_count else "no batch was looked at yet: podium monitor --batch FILE")
