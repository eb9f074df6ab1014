"""Where the demo lives, and the refusal to live where somebody's own models do."""

from dataclasses import dataclass
from pathlib import Path

from podium.errors import UsageError


@dataclass(frozen=True, slots=True)
class DemoHome:
    """The places of a demo inside a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """Everything that only the demo needs."""
        return self.home / "demo"

    @property
    def staging(self) -> Path:
        """The staging root."""
        return self.folder / "models" / "staging"

    @property
    def holdout(self) -> Path:
        """The labelled rows that no model was trained on."""
        return self.folder / "holdout.parquet"

    @property
    def config(self) -> Path:
        """The config file."""
        return self.folder / "churn.yaml"

    @property
    def arrivals(self) -> "DemoHome":
        """The places of the second chapter: the same rows, other models and other names."""
        return _Arrivals(self.home)

    @property
    def database(self) -> Path:
        """The embedded MLflow database."""
        return self.home / "mlflow.db"


class _Arrivals(DemoHome):
    """The places of the chapter in which models arrive one after the other."""

    __slots__ = ()

    @property
    def staging(self) -> Path:
        """The staging root, empty at first."""
        return self.folder / "models" / "arrivals"

    @property
    def config(self) -> Path:
        """The config file."""
        return self.folder / "arrivals.yaml"


def refuse_foreign(places: DemoHome) -> None:
    """Refuse a home that holds somebody's own models: the demo must never mix its models into them.

    Raises:
        UsageError: the home has an MLflow database and no demo.
    """
    if places.database.exists() and not places.config.exists():
        raise UsageError(f"{places.home} holds models of your own; run the demo elsewhere: podium demo --home DIR")
