"""The commands that operate Podium and need no server: the local stack, the doctor, the check of config files."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from configs.loading import DEFAULT_PATH, config_path, load_config, podium_home, problems_of
from flows.cli import operations
from flows.cli.boundary import INTERRUPTED, Options, print_json
from flows.cli.commands import NO, output

BAD_CONFIG = 2


def up(options: Options, arguments: dict[str, Any]) -> int:
    """Run the local stack until somebody ends it."""
    from configs.places import tracking_uri
    from deployments.projects import project_of
    from deployments.stack.home import Running, StackHome
    from deployments.stack.services import ELSEWHERE, POOL
    from deployments.stack.supervisor import Supervisor, Wanted
    from podium.progress import listen

    for name in ELSEWHERE:
        os.environ.pop(name, None)
    config, path = load_config(options.config), config_path(options.config)
    places = StackHome(podium_home())
    wanted = Wanted(
        project_of(config, path, None, POOL),
        path,
        tracking_uri(config.mlflow),
        arguments["mlflow_port"],
        arguments["prefect_port"],
        (sys.executable, "-P", "-m", "flows.cli.restarted") if config.alerts.channels else (),
        replace=arguments["replace"],
    )

    def ready(running: Running, registered: Mapping[str, Any]) -> None:
        document = up_json(running, registered, places.home)
        if options.as_json:
            print_json(document)
        else:
            operations.show_up(output(), document)

    console = Console(stderr=True)
    stop = listen(lambda step: console.print(step.work, highlight=False, markup=False))
    try:
        return 0 if Supervisor(places, wanted).run(ready) else INTERRUPTED
    finally:
        stop()


def up_json(running: Any, registered: Mapping[str, Any], home: Path) -> dict[str, Any]:
    """Return what runs as one JSON document."""
    return {
        "home": str(home),
        "pid": running.parent,
        "mlflow": {"url": running.mlflow, "pid": running.pids["mlflow"]},
        "prefect": {"url": running.prefect, "api": running.api, "pid": running.pids["prefect"]},
        "worker": {"pid": running.pids["worker"]},
        **registered,
    }


def doctor(options: Options, arguments: dict[str, Any]) -> int:
    """Show every check; the answer is no when one fails."""
    from deployments.doctor.rounds import examine

    checks = examine(options.config)
    document = {"passed": all(c.status != "fail" for c in checks), "checks": [c.as_json() for c in checks]}
    if options.as_json:
        print_json(document)
    else:
        operations.show_checks(output(), document)
    return 0 if document["passed"] else NO


def check_configs(options: Options, arguments: dict[str, Any]) -> int:
    """Show every mistake in config files, a line each."""
    paths = [Path(path) for path in arguments["paths"]] or [config_path(options.config) or DEFAULT_PATH]
    found = {str(path): list(problems_of(path)) for path in paths}
    if options.as_json:
        print_json({"files": [{"path": path, "problems": problems} for path, problems in found.items()]})
    for problem in (problem for problems in found.values() for problem in problems):
        sys.stderr.write(f"podium: {problem}\n")
    return BAD_CONFIG if any(found.values()) else 0


COMMANDS: dict[str, Callable[[Options, dict[str, Any]], int]] = {
    "up": up,
    "doctor": doctor,
    "config check": check_configs,
}
