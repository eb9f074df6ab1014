"""The second chapter of the demo: luck is kept out, what is shown to be better is promoted, and undone."""

from typing import Any

from rich.console import Console

from flows.cli import views
from flows.cli.commands import call_flow
from flows.places import DemoHome


def tell_arrivals(console: Console, places: DemoHome) -> dict[str, Any]:
    """Tell the chapter and return its documents; told again, it tells what has become of it."""
    from tasks.demo_models import BETTER, LUCKY

    config = str(places.arrivals.config)
    console.print("\n[bold]6. Later, with another champion[/bold]: two of these models arrive, one after the other")
    earlier = call_flow("demo", "prepare_arrivals", places)
    first = _selected(config)
    console.print(f"In production: {earlier}, version {first['champion']['version']}.", highlight=False)
    documents = {"first": first}
    for name, model_id in (("lucky", LUCKY), ("better", BETTER)):
        console.print(f"\n[bold]{model_id}[/bold] arrives: podium migrate, podium select", highlight=False)
        call_flow("demo", "let_arrive", places, model_id)
        documents[name] = _selected(config)
        views.show_verdict(console, documents[name])
    if documents["better"]["verdict"] == "promote":
        console.print("\n[bold]7. podium rollback[/bold]: whatever was decided can be undone")
        documents["rollback"] = call_flow("rollback", "rollback", config, asked_by="demo").as_json()
        views.show_order(console, documents["rollback"])
    return documents


def _selected(config: str) -> dict[str, Any]:
    call_flow("migration", "migrate", config)
    document: dict[str, Any] = call_flow("selection", "select", config, asked_by="demo").as_json()
    return document
