"""The demo, told step by step: make, analyze, migrate, select, verify, what arrives later, and what came of it."""

import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from configs.loading import podium_home
from flows.cli import views
from flows.cli.arrivals import tell_arrivals
from flows.cli.boundary import Options, print_json
from flows.cli.commands import NO, call_flow, output, start_sandbox
from flows.places import DemoHome, refuse_foreign


def tell(options: Options) -> int:
    """Run the demo in ``PODIUM_HOME`` and return its exit status."""
    places = DemoHome(podium_home())
    refuse_foreign(places)
    start_sandbox()
    console = Console(stderr=True) if options.as_json else output()
    with console.status("starting") if console.is_terminal else _Nothing():
        from tasks.demo_data import ORIGIN
    console.print(f"[bold]1. Staging area[/bold] from {ORIGIN}", highlight=False)
    made = call_flow("demo", "prepare_demo", places)
    console.print(f"{len(made)} models trained into {escape(str(places.staging))}", highlight=False, soft_wrap=True)
    documents = _steps(console, places)
    _end(console, documents, str(places.config), str(places.database))
    if options.as_json:
        print_json(documents)
    return 0 if documents["verify"]["passed"] and documents["select"]["champion"] else NO


def _steps(console: Console, places: DemoHome) -> dict[str, Any]:
    config = str(places.config)
    console.print("\n[bold]2. podium analyze[/bold]: what the folders claim")
    analysis = call_flow("analysis", "analyze", config).as_json()
    views.show_analysis(console, analysis)
    console.print("\n[bold]3. podium migrate[/bold]: each into MLflow, once, without pickle")
    migration = call_flow("migration", "migrate", config).as_json()
    views.show_migration(console, migration)
    console.print("\n[bold]4. podium select[/bold]: measured on rows that no model was trained on")
    selection = call_flow("selection", "select", config, asked_by="demo").as_json()
    views.show_selection(console, selection)
    console.print("\n[bold]5. podium verify[/bold]: the production model in a fresh process")
    verification = call_flow("verification", "verify", config).as_json()
    views.show_verification(console, verification)
    told = {"analyze": analysis, "migrate": migration, "select": selection, "verify": verification}
    return told | {"arrivals": tell_arrivals(console, places)}


def _end(console: Console, documents: dict[str, Any], config: str, database: str) -> None:
    champion, claimed = documents["select"]["champion"], documents["analyze"]["models"][0]
    ranking = {row["model_id"]: row for row in documents["select"]["ranking"]}
    console.print("\n[bold]What came of it[/bold] (6 and 7 were decided in a store of their own)", highlight=False)
    if champion:
        value = ranking[champion["model_id"]]["value"]
        console.print(f"In production: [bold]{champion['model_id']}[/bold], measured F1 {value:.4f}.", highlight=False)
    if champion and claimed["model_id"] != champion["model_id"]:
        claim, measured = claimed["claims"]["f1_score"], ranking[claimed["model_id"]]["value"]
        console.print(
            f"Not [bold]{claimed['model_id']}[/bold], which claims F1 {claim:.4f}: on rows it was not trained on it "
            f"measures {measured:.4f}. Its metadata carries its training-set scores.",
            highlight=False,
        )
    console.print("\nLook around:", highlight=False)
    for command in (f"mlflow ui --backend-store-uri sqlite:///{database}", f"podium history --config {config}"):
        console.print(f"  {escape(_here(command))}", highlight=False, soft_wrap=True)


def _here(command: str) -> str:
    """Return a command with the path of its program, unless the shell would find just that one by its name."""
    name, rest = command.split(" ", 1)
    program = Path(sys.executable).with_name(name)
    if shutil.which(name) == str(program):
        return command
    near = program.is_relative_to(Path.cwd())
    return f"{program.relative_to(Path.cwd()) if near else program} {rest}"


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
