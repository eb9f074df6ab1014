"""Runs brought into one MLflow server: by Podium out of folders, and by ``mlflow-export-import`` out of its export.

``python -m benchmarks.over_http [COUNT]``, 40 if no count is given. The peer's export is of what Podium migrated of the
same staged models, and is not timed. The server has SQLite, and one worker or the four that MLflow starts by itself.
One such server serves the artifacts itself: there the peer registers no version and says nothing, because it looks for
the files on its own machine, and so does less than Podium. Of the other the clients write the artifacts to a folder
that they share; there it registers all.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlflow import MlflowClient

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.peer import export, import_again
from benchmarks.processes import PODIUM, run
from benchmarks.servers import server
from benchmarks.table import Comparison, show

ROUNDS = 2
"""How often Podium is timed, in turn before and after the peer."""


class Side:
    """Podium with a number of staged models and an experiment and a registered model of its own on a server."""

    def __init__(self, staged: Staged, folder: Path, name: str, count: int) -> None:
        """Write the configs of the models and of one to warm up with, which goes elsewhere on the server."""
        self.name, self.count, self._home = name, count, folder / "home"
        names = {"experiment": name, "registered_model": name}
        warm = {"experiment": f"{name}.warm", "registered_model": f"{name}.warm"}
        self._config = stage(staged.eight, staged.holdout, folder / "many", count, mlflow=names)
        self._one = stage(staged.eight, staged.holdout, folder / "one", 1, mlflow=warm)

    def whole(self, url: str) -> float:
        """Return the seconds of a whole ``podium migrate``."""
        seconds, _ = run(self._home, PODIUM, "migrate", "--config", self._config, MLFLOW_TRACKING_URI=url)
        require(url, self.name, runs=self.count, logged_models=self.count, versions=self.count)
        return seconds

    def started(self, url: str) -> float:
        """Return the seconds of all models once everything is started."""
        warm = (sys.executable, "-m", "benchmarks.warm", self._one, self._config, str(self.count))
        _, said = run(self._home, *warm, MLFLOW_TRACKING_URI=url)
        require(url, self.name, runs=self.count, logged_models=self.count, versions=self.count)
        return float(json.loads(said)[0]) * self.count


def held(url: str, name: str) -> dict[str, int]:
    """Return what a server holds in the experiment and the registered model of a name."""
    client = MlflowClient(url, url)
    found = client.get_experiment_by_name(name)
    ids = [found.experiment_id] if found else []
    return {
        "runs": len(client.search_runs(ids, max_results=5000)),
        "logged models": len(client.search_logged_models(ids, max_results=5000)),
        "versions": len(client.search_model_versions(f"name = '{name}'", max_results=5000)),
    }


def require(url: str, name: str, **expected: int) -> None:
    """End the benchmark unless a server holds what it should."""
    there = held(url, name)
    if there != {what.replace("_", " "): count for what, count in expected.items()}:
        sys.exit(f"{name}: {there}, not {expected}")


def compare(staged: Staged, folder: Path, count: int, *, shared: bool, workers: int) -> Iterator[Comparison]:
    """Time Podium, the peer, and Podium again, on one server, after an export from another."""
    exported, cold, warm = folder / "exported", [], []
    with server(folder / "source", shared=shared) as url:
        Side(staged, folder / "first", "peer", count).whole(url)
        export(exported, "peer", url)
    with server(folder / "target", shared=shared, workers=workers) as url:
        for number in range(ROUNDS):
            cold.append(Side(staged, folder / f"cold-{number}", f"cold-{number}", count).whole(url))
            warm.append(Side(staged, folder / f"warm-{number}", f"warm-{number}", count).started(url))
            if number == 0:
                theirs = import_again(exported, folder / "home", url)
                require(url, "peer", runs=count, logged_models=count, versions=count if shared else 0)
    where = f"{'shared folder' if shared else 'served'}, {workers} worker{'s' if workers > 1 else ''}"
    yield Comparison(f"export-import / podium: {count}, {where}, started", [theirs[1]], warm, goal=4)
    yield Comparison(f"export-import / podium: {count}, {where}, whole", [theirs[0]], cold, goal=4)


def both(folder: Path, count: int) -> Iterator[Comparison]:
    """Compare on servers that serve artifacts, and on those whose clients write them."""
    staged = Staged(folder)
    staged.make()
    for workers in (1, 4):
        for shared in (False, True):
            yield from compare(staged, folder / f"{shared}-{workers}", count, shared=shared, workers=workers)


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(both(Path(folder), count))


if __name__ == "__main__":
    main()
