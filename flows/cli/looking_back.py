"""What the terminal shows of the past: who was in production when, and why a model was not promoted."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.cli.views import number, table_of

Json = dict[str, Any]


def show_past(console: Console, document: Json) -> None:
    """Show what was in production at a time, by which decision and why."""
    if document["version"] is None:
        console.print(f"{document['at']}: nothing was in production", highlight=False)
    else:
        named = (
            f"{document['model_id']} (version {document['version']})"
            if document["model_id"]
            else "version " + document["version"]
        )
        console.print(f"{document['at']}: [bold]{escape(named)}[/bold]", highlight=False)
    if document["decision_id"]:
        late = f", carried out at {document['carried_out_at']}" if document["carried_out_at"] else ""
        console.print(f"by decision {document['decision_id']} of {document['decided_at']}{late}", highlight=False)
    for reason in document["reasons"]:
        console.print(f"  {escape(reason)}", highlight=False)
    _show_break(console, document)


def show_backtest(console: Console, document: Json) -> None:
    """Show each recorded selection as it was, and as it would have been."""
    then, other = ("verdict", "in production", "measures"), ("would be", "instead", "would measure")
    table = table_of(f"Decisions under {document['policy']}", "decided at", *then, *other, right=(then[2], other[2]))
    for row in document["decisions"]:
        when = row["decided_at"][:16].replace("T", " ")
        was = (_with_state(row), escape(row["champion"] or "nothing"), number(row["value"]))
        table.add_row(
            when, *was, row["other_verdict"], escape(row["other_champion"] or "nothing"), number(row["other_value"])
        )
    console.print(table if table.row_count else "no selection is on record")
    bases = sorted({row["basis"] for row in document["decisions"] if row["basis"] != "comparison"})
    for basis in bases:
        count = sum(row["basis"] == basis for row in document["decisions"])
        console.print(f"{count} of {len(document['decisions'])} by {escape(basis)}", highlight=False)
    _show_break(console, document)


def _with_state(told: Json) -> str:
    """Return a verdict, and what became of it unless it is simply done."""
    return str(told["verdict"]) + (f", {told['state']}" if told["state"] not in ("settled", "") else "")


def _show_break(console: Console, document: Json) -> None:
    if not document["unbroken"]:
        console.print(f"[red]the chain of decisions is BROKEN:[/red] {escape(document['broken_at'])}", highlight=False)


def show_explained(console: Console, document: Json) -> None:
    """Show of each model of a decision why it was not promoted, or was."""
    console.print(f"decision {document['decision_id']}: [bold]{_with_state(document)}[/bold]", highlight=False)
    for reason in document["reasons"]:
        console.print(f"  {escape(reason)}", highlight=False)
    for name, sentences in document["models"].items():
        console.print(f"[bold]{escape(name)}[/bold]", highlight=False)
        for sentence in sentences:
            console.print(f"  {escape(sentence)}", highlight=False)
    if not document["unbroken"]:
        console.print(f"the chain is BROKEN: {escape(document['broken_at'])}", highlight=False)
