"""What the terminal shows of the alert channels."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.cli.views import table_of

Json = dict[str, Any]


def show_trial(console: Console, document: Json) -> None:
    """Show which channels took a test message, and why the others did not."""
    table = table_of("Alert channels", "channel", "address from", "from", "outcome")
    good = "has an address" if document["dry_run"] else "took it"
    for row in document["channels"]:
        outcome = f"[red]{escape(row['problem'])}[/red]" if row["problem"] else f"[green]{good}[/green]"
        table.add_row(row["channel"], escape(row["source"]), f"{row['minimum']} on", outcome)
    console.print(table)
    if document["dry_run"]:
        console.print("dry run: nothing was sent", highlight=False)


def show_told(console: Console, document: Json) -> None:
    """Show what each channel was told that is still so, and what is owed to it."""
    table = table_of("What the alert channels know", "channel", "what", "severity", "since", "state")
    for row in document["channels"]:
        unsaid = {owed["key"] for owed in row["owed"]}
        for wrong in row["raised"]:
            state = "not told yet" if wrong["key"] in unsaid else "told"
            table.add_row(row["channel"], escape(wrong["key"]), wrong["severity"], wrong["for"], state)
        for owed in (o for o in row["owed"] if o["key"] not in {w["key"] for w in row["raised"]}):
            table.add_row(row["channel"], escape(owed["title"]), "", "", "not told yet")
    console.print(table if table.row_count else "nothing is wrong that a channel was told of", highlight=False)
