"""What each command does: calls its flow, shows the result, and turns it into an exit status."""

import getpass
import importlib
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from flows.cli import alert_views, embedded, looking_back, operations, views
from flows.cli.boundary import Options, print_json
from flows.cli.progress import Terminal
from podium.errors import AnsweredError, UsageError

NO = 3
UNFINISHED = 1
View = Callable[[Console, Any], None]
PLAIN_WIDTH = 120
"""Columns of a table when the output is no terminal."""


def output() -> Console:
    """Return the console of standard output; tables have a fixed width where it is no terminal."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, soft_wrap=False)


def show(options: Options, document: Any, view: View) -> None:
    """Print what a command came to: as one JSON document, or for a person."""
    if options.as_json:
        print_json(document)
    else:
        view(output(), document)


def call_flow(module: str, name: str, *arguments: Any, **named: Any) -> Any:
    """Return what a flow answers, be it no, importing it, and so Prefect, only now."""
    with Terminal(Console(stderr=True)):
        found = importlib.import_module(f"flows.{module}")
        embedded.await_ready()
        with embedded.unwatched():
            return _answer(getattr(found, name), arguments, named)


def _answer(flow: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return flow(*arguments, **named)
    except AnsweredError as error:
        if error.answer is None:
            raise
        return error.answer


def start_sandbox() -> None:
    """Let the sandbox import its libraries while this process imports its own."""
    from tasks.effects.sandbox import sandbox

    sandbox()


def start_observer() -> None:
    """Let the process that looks at what is in production then import its libraries meanwhile, too."""
    from tasks.effects.fresh import start_ahead

    start_ahead()


def open_store(options: Options) -> None:
    """Make the embedded database, if need be, while the Prefect server is still starting."""
    from configs.loading import load_config
    from tasks.effects.store import connect

    connect(load_config(options.config).mlflow)


def analyze(options: Options, arguments: dict[str, Any]) -> int:
    """Show the inventory of the staging root, or how one of its models was read."""
    found = call_flow("analysis", "analyze", options.config)
    if arguments["explain"] is None:
        show(options, found.as_json(), views.show_analysis)
    else:
        show(options, found.explain(arguments["explain"]), views.show_explanation)
    return 0


def migrate(options: Options, arguments: dict[str, Any]) -> int:
    """Migrate the staged models."""
    if not arguments["dry_run"]:
        start_sandbox()
        open_store(options)
    report = call_flow("migration", "migrate", options.config, dry_run=arguments["dry_run"])
    show(options, report.as_json(), views.show_migration)
    return UNFINISHED if report.of("left") else 0


def select(options: Options, arguments: dict[str, Any]) -> int:
    """Select the production model; the answer is no when nothing can be promoted."""
    if arguments["plan"]:
        planned = call_flow("planning", "plan", arguments["plan"], options.config)
        show(options, planned.as_json(), views.show_selection)
        return NO if planned.preview.selection.verdict == "refuse" else 0
    outcome = call_flow("selection", "select", options.config, dry_run=arguments["dry_run"], asked_by=person())
    show(options, outcome.as_json(), views.show_selection)
    return NO if outcome.selection.verdict == "refuse" or outcome.undone else 0


def apply(options: Options, arguments: dict[str, Any]) -> int:
    """Carry out a plan; the answer is no when anything has changed since it was made."""
    outcome = call_flow("planning", "apply", arguments["plan"], options.config, asked_by=person())
    show(options, outcome.as_json(), views.show_selection)
    return NO if outcome.undone else 0


def verify(options: Options, arguments: dict[str, Any]) -> int:
    """Verify the production model; the answer is no when a check fails."""
    found = call_flow("verification", "verify", options.config)
    show(options, found.as_json(), views.show_verification)
    return 0 if found.passed else NO


def rollback(options: Options, arguments: dict[str, Any]) -> int:
    """Put the version before the champion, or the one named, back into production."""
    start_sandbox()
    if not arguments["dry_run"]:
        start_observer()
        open_store(options)
    return _order(options, "rollback", "rollback", to=arguments["to"], dry_run=arguments["dry_run"])


def pin(options: Options, arguments: dict[str, Any]) -> int:
    """Hold the champion against automatic change."""
    return _order(options, "pinning", "pin", version=arguments["version"])


def unpin(options: Options, arguments: dict[str, Any]) -> int:
    """Let selections change the champion again."""
    return _order(options, "pinning", "unpin", version=arguments["version"])


def approve(options: Options, arguments: dict[str, Any]) -> int:
    """Carry out a promotion that waits for approval."""
    return _order(options, "approval", "approve", decision_id=arguments["decision_id"])


def reject(options: Options, arguments: dict[str, Any]) -> int:
    """Settle a promotion that waits without carrying it out."""
    return _order(options, "approval", "reject", decision_id=arguments["decision_id"])


def retire(options: Options, arguments: dict[str, Any]) -> int:
    """Retire former production versions by the rule."""
    outcome = call_flow("retirement", "retire", options.config, dry_run=arguments["dry_run"])
    show(options, outcome.as_json(), views.show_retirement)
    return 0


def _order(options: Options, module: str, name: str, **named: Any) -> int:
    """Carry out what a person asks for, under that person's name."""
    outcome = call_flow(module, name, options.config, asked_by=person(), **named)
    show(options, outcome.as_json(), views.show_order)
    return 0


def person() -> str:
    """Return who runs the command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "user"


def history(options: Options, arguments: dict[str, Any]) -> int:
    """Show the decisions; the answer is no when their chain is broken."""
    chain = call_flow("history", "history", options.config)
    from flows.history import chain_json, past_json

    if arguments["at"]:
        show(options, past_json(chain, arguments["at"]), looking_back.show_past)
        return 0 if chain.unbroken else NO
    show(options, chain_json(chain), views.show_history)
    return 0 if chain.unbroken else NO


def explain_decision(options: Options, arguments: dict[str, Any]) -> int:
    """Show why the models of a decision were not promoted, or were."""
    chain = call_flow("history", "history", options.config)
    from flows.history import explained_json

    document = explained_json(chain, arguments["decision_id"], arguments["model"])
    show(options, document, looking_back.show_explained)
    return 0 if chain.unbroken else NO


def backtest(options: Options, arguments: dict[str, Any]) -> int:
    """Show the recorded decisions under another policy."""
    chain, found = call_flow("backtesting", "backtest", arguments["policy"], options.config)
    from flows.backtesting import backtest_json

    show(options, backtest_json(chain, found, arguments["policy"]), looking_back.show_backtest)
    return 0 if chain.unbroken else NO


def alerts_test(options: Options, arguments: dict[str, Any]) -> int:
    """Send a test message to the alert channels; the answer is no when one does not take it."""
    outcome = call_flow(
        "alerts", "try_channels", options.config, arguments["channels"], arguments["dry_run"], asked_by=person()
    )
    show(options, outcome.as_json(), alert_views.show_trial)
    return NO if outcome.missed else 0


def alerts_list(options: Options, arguments: dict[str, Any]) -> int:
    """Show what each alert channel was told that is still so."""
    show(options, {"channels": call_flow("alerts", "told", options.config)}, alert_views.show_told)
    return 0


def demo(options: Options, arguments: dict[str, Any]) -> int:
    """Run the whole story with embedded defaults, whatever servers the environment names."""
    from flows.cli.story import tell

    return tell(options)


def deploy(options: Options, arguments: dict[str, Any]) -> int:
    """Register the deployments and automations of a project, or remove them."""
    if embedded.wanted():
        raise UsageError(
            "no Prefect server to register on: set PREFECT_API_URL (a profile of Prefect is not read), or start one "
            "with `podium up`"
        )
    from configs.loading import config_path, load_config
    from deployments.doctor.servers import require_own_decisions
    from deployments.projects import project_of
    from deployments.registering import register, unregister

    config = load_config(options.config)
    project = project_of(config, config_path(options.config), arguments["folder"], arguments["pool"])
    if not arguments["remove"]:
        require_own_decisions(config.mlflow)
    carry_out = unregister if arguments["remove"] else register
    found = carry_out(project, dry_run=arguments["dry_run"], replace=arguments["replace"])
    show(options, found.as_json(), operations.show_registered)
    return 0


def _elsewhere(module: str, name: str) -> Callable[[Options, dict[str, Any]], int]:
    """Return a command of another module, which is imported when it runs."""

    def command(options: Options, arguments: dict[str, Any]) -> int:
        found: Callable[[Options, dict[str, Any]], int] = getattr(importlib.import_module(f"flows.cli.{module}"), name)
        return found(options, arguments)

    return command


COMMANDS: dict[str, Callable[[Options, dict[str, Any]], int]] = {
    "analyze": analyze,
    "migrate": migrate,
    "select": select,
    "apply": apply,
    "explain-decision": explain_decision,
    "verify": verify,
    "rollback": rollback,
    "pin": pin,
    "unpin": unpin,
    "approve": approve,
    "reject": reject,
    "retire": retire,
    "history": history,
    "backtest": backtest,
    "alerts-test": alerts_test,
    "alerts-list": alerts_list,
    "demo": demo,
    "deploy": deploy,
    "train": _elsewhere("learning", "train"),
    "notify": _elsewhere("learning", "notify"),
    "webhooks": _elsewhere("learning", "webhooks"),
    "explain": _elsewhere("watched", "explain"),
    "monitor": _elsewhere("watched", "monitor"),
    "score": _elsewhere("watched", "score"),
}
