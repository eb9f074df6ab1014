"""The tables and sentences that a person sees. Every text of a model or its metadata is escaped."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from podium.ranking import beyond_told

Json = Mapping[str, Any]
SHORT = {"f1_score": "F1", "f1_score_macro": "F1 macro", "f1_score_binary": "F1 positive", "roc_auc": "AUC"}

ALSO, MOST_ALSO = ("f1_score", "roc_auc", "accuracy", "rmse", "r2", "mae"), 3
"""Metrics that a ranking shows beside the one it is by, as far as they were measured."""


def number(value: float | None) -> str:
    """Return a metric as text."""
    return "–" if value is None else f"{value:.4f}"


def size(count: int) -> str:
    """Return a number of bytes as text."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def table_of(title: str, *names: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table: numbers to the right, a model's name on one line, other texts folded."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name == "model", overflow="fold")
    return table


def show_analysis(console: Console, document: Json) -> None:
    """Show the inventory of a staging root."""
    models: Sequence[Json] = document["models"]
    numbers = ("F1", "AUC", "size")
    columns = ("model", "type", "trained at", *numbers, "format", "problems")
    table = table_of("Staged models, by the F1 they claim", *columns, right=numbers)
    for model in models:
        metrics = model["claims"]
        table.add_row(
            escape(model["model_id"]),
            escape(model["model_type"]),
            model["trained_at"][:10],
            number(metrics.get("f1_score")),
            number(metrics.get("roc_auc")),
            size(model["bytes"]),
            model["format"],
            ", ".join(p["code"] for p in model["problems"]) or "none",
        )
    console.print(table)
    show_problems(console, models)
    show_summary(console, document["summary"])


def show_explanation(console: Console, document: Json) -> None:
    """Show how each field of one staged model was found."""
    table = table_of(f"How {escape(document['model_id'])} was read", "field", "value", "found in")
    for row in document["fields"]:
        text = str(row["value"])
        table.add_row(escape(row["field"]), escape(text if len(text) < 60 else f"{text[:57]}..."), escape(row["found"]))
    console.print(table)
    claims = ", ".join(
        f"{row['metric']} {number(row['value'])} (split {row['split']}, average {row['average']})"
        for row in document["counts_as_claim"]
    )
    console.print(f"counts as its claim: {claims or 'nothing'}", highlight=False)
    show_problems(console, [document])


def show_problems(console: Console, models: Sequence[Json], most: int = 30) -> None:
    """Show what is wrong with the staged models in words, the first ``most`` findings of them."""
    found = [(m["model_id"], p["message"]) for m in models for p in m["problems"]]
    for model_id, message in found[:most]:
        console.print(f"  {escape(model_id)}: {escape(message)}", highlight=False)
    if len(found) > most:
        console.print(f"  and {len(found) - most} more: podium analyze --json lists them", highlight=False)
    if found:
        console.print()


def show_summary(console: Console, rows: Sequence[Json]) -> None:
    """Show the statistics per model type."""
    counted = ("models", "broken", "best F1", "mean F1", "spread", "mean AUC", "size")
    table = table_of("By type", "type", *counted, right=counted)
    for row in rows:
        counts = [str(row["models"]), str(row["broken"])]
        metrics = [number(row[k]) for k in ("f1_max", "f1_mean", "f1_std", "roc_auc_mean")]
        table.add_row(escape(row["model_type"]), *counts, *metrics, size(row["bytes"]))
    console.print(table)


OUTCOMES = {"migrated": "green", "skipped": "dim", "quarantined": "red", "left": "yellow"}
"""What becomes of a staged model, and the colour of the word."""
LISTED = 20
"""Models that were migrated before are not listed when they are more."""
RANKED = 50
"""Candidates that a table of the ranking shows, and leak alarms that are shown with it."""


def show_migration(console: Console, document: Json) -> None:
    """Show what became of every staged model."""
    planned = " (dry run: nothing was written)" if document["dry_run"] else ""
    counts = ", ".join(f"{len(document[k])} {k}" for k in OUTCOMES if document[k] or k != "left")
    known = sum(row["code"] == "known" for row in document["skipped"])
    hidden = known if known > LISTED else 0
    table = table_of(f"Migration{planned}", "model", "outcome", "version", "reason")
    for state, colour in OUTCOMES.items():
        for row in (row for row in document[state] if not (hidden and row["code"] == "known")):
            outcome = f"[{colour}]{state}[/{colour}]"
            table.add_row(escape(row["model_id"]), outcome, row["version"] or "", escape(row["reason"]))
    if table.row_count:
        console.print(table)
    if hidden:
        console.print(f"{hidden} more were already migrated (--json lists them)", highlight=False)
    for row in document["skipped"]:
        if row["warning"]:
            console.print(f"[yellow]warning:[/yellow] {escape(row['model_id'])}: {escape(row['warning'])}")
    console.print(f"{document['found']} found: {counts} in {document['seconds']:.1f} s", highlight=False)
    if document["left"]:
        console.print(f"[red]unfinished:[/red] {escape(document['left'][0]['reason'])}", highlight=False)


def show_selection(console: Console, document: Json) -> None:
    """Show the verdict with its ranking and reasons."""
    if document["claims"]:
        console.print("[bold red]THESE ARE CLAIMS: no holdout is configured, nothing below was measured.[/bold red]")
    console.print(_ranking(document))
    _show_others(console, document)
    alarms = [(row["model_id"], alarm) for row in document["ranking"] for alarm in row["alarms"]]
    for model_id, alarm in alarms[:RANKED]:
        console.print(f"[red]leak alarm:[/red] {escape(model_id)} {escape(alarm)}", highlight=False)
    show_verdict(console, document)


def _show_others(console: Console, document: Json) -> None:
    """Show how many candidates the table leaves out."""
    if (hidden := len(document["ranking"]) - RANKED) > 0:
        console.print(f"{hidden} more are in the report (--json lists them)", highlight=False)
    if beyond := document["beyond"]:
        console.print(beyond_told(beyond), highlight=False)


def show_verdict(console: Console, document: Json) -> None:
    """Show the comparison with the champion, the verdict and its reasons."""
    if document["comparison"]:
        console.print(_comparison(document["comparison"]))
    champion = document["champion"]
    who = f"{champion['model_id']} (version {champion['version']})" if champion else "nothing"
    console.print(
        f"verdict: [bold]{document['verdict']}[/bold]; in production: [bold]{escape(who)}[/bold]", highlight=False
    )
    for reason in document["reasons"]:
        console.print(f"  {escape(reason)}", highlight=False)
    _show_fate(console, document)
    if document["report"]:
        console.print(f"report: {escape(document['report'])}/report.html", highlight=False, soft_wrap=True)
    if plan := document.get("plan"):
        how = "carry it out with podium apply" if document["verdict"] == "promote" else "there is nothing to carry out"
        console.print(f"plan: {escape(plan['file'])}; {how}", highlight=False, soft_wrap=True)
    elif document["dry_run"]:
        console.print("dry run: nothing was written", highlight=False)


def _show_fate(console: Console, document: Json) -> None:
    """Show why a promotion is not in production, or not any more."""
    if document["awaits_approval"] and not document["dry_run"]:
        waiting = document["decision_id"]
        console.print(f"it waits: podium approve {waiting}, or podium reject {waiting}", highlight=False)
    if document["undone"]:
        console.print(f"[red]rolled back:[/red] {escape(document['undone'])}", highlight=False)


def _comparison(document: Json, most: int = 10) -> Table:
    numbers = ("gain", "low", "high", "at least")
    table = table_of(f"Against the champion, in {document['metric']}", "model", *numbers, "shown", right=numbers)
    for row in document["challengers"][:most]:
        found = row["difference"] or {"estimate": None, "low": None, "high": None}
        values = (found["estimate"], found["low"], found["high"], row["lower_bound"])
        table.add_row(escape(row["candidate"]), *(_signed(value) for value in values), row["verdict"])
    return table


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"


def _ranking(document: Json) -> Table:
    basis = "claimed" if document["claims"] else "measured"
    primary, claimed = document["primary"], document["claimed"]
    measured = {name for row in document["ranking"] for name in row["metrics"]}
    also = [name for name in ALSO if name != primary and name in measured][:MOST_ALSO]
    numbers = ("version", *(SHORT.get(name, name) for name in (primary, *also)), "claimed")
    table = table_of(f"Candidates, by {basis} metrics", "#", "model", *numbers, "note", right=("#", *numbers))
    for row in document["ranking"][:RANKED]:
        values = [number(row["value"]), *(number(row["metrics"].get(name)) for name in also)]
        claim = number(row["recorded"].get(claimed))
        place = str(row["place"] or "–")
        table.add_row(place, escape(row["model_id"]), row["version"] or "", *values, claim, escape(row["reason"]))
    return table


def show_verification(console: Console, document: Json) -> None:
    """Show every check of the production model."""
    title = f"Checks of {escape(document['model_id'])} (version {document['version']})"
    table = table_of(title, "check", "outcome", "detail")
    for check in document["checks"]:
        mark = "[green]passed[/green]" if check["passed"] else "[red]failed[/red]"
        table.add_row(check["name"], mark, escape(check["detail"]))
    console.print(table)
    if document["pinned"]:
        console.print(escape(document["pinned"]), highlight=False)


def show_order(console: Console, document: Json) -> None:
    """Show what an order came to, and who is in production then."""
    for reason in document["reasons"]:
        console.print(escape(reason), highlight=False)
    champion = document["champion"]
    who = f"{champion['model_id']} (version {champion['version']})" if champion else "nothing"
    pinned = ", pinned" if document["pinned"] else ""
    console.print(f"in production: [bold]{escape(who)}[/bold]{pinned}; before: {document['previous'] or 'nothing'}")
    if document["dry_run"]:
        console.print("dry run: nothing was written", highlight=False)


def show_retirement(console: Console, document: Json) -> None:
    """Show what happens to former production versions."""
    table = table_of("Former production versions", "version", "model", "action", "reason", right=("version",))
    for row in document["retired"]:
        table.add_row(row["version"], escape(row["model_id"]), row["action"], escape(row["reason"]))
    console.print(table if table.row_count else "nothing to retire")
    if document["dry_run"]:
        console.print("dry run: nothing was written", highlight=False)


def show_history(console: Console, document: Json) -> None:
    """Show the chain of decisions."""
    table = table_of("Decisions", "#", "decision", "decided at", "verdict", "best", "state", "why")
    for row in document["decisions"]:
        if "sequence" not in row:
            table.add_row("?", row["decision_id"], "", "unreadable", "", row["state"], "")
            continue
        named = row["best"] or row["promoted"]
        best = named["model_id"] if named else "none"
        when = row["decided_at"][:16].replace("T", " ")
        known = (str(row["sequence"]), row["decision_id"], when, row["verdict"], escape(best), escape(row["state"]))
        table.add_row(*known, escape(row["reasons"][0]))
    console.print(table)
    state = "unbroken" if document["unbroken"] else f"BROKEN: {document['broken_at']}"
    console.print(f"chain of {len(document['decisions'])}: {escape(state)}", highlight=False)
