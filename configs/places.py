"""Where the embedded defaults keep their state, for those who must not import MLflow to know."""

from pathlib import Path

from configs.loading import podium_home
from configs.schema import MlflowSection
from podium.errors import UsageError

SQLITE, EMBEDDED = "sqlite:///", "mlflow.db"


def tracking_uri(section: MlflowSection) -> str:
    """Return the configured tracking URI, else that of the embedded database in ``PODIUM_HOME``."""
    return section.tracking_uri or f"{SQLITE}{podium_home() / EMBEDDED}"


def make_below_home(folder: Path) -> None:
    """Make a folder of ``PODIUM_HOME`` with those above it.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(folder, "made", error) from None


def unusable(folder: Path, done: str, error: OSError) -> UsageError:
    """Return the error that a folder of ``PODIUM_HOME`` cannot be made or written, with what to do."""
    return UsageError(f"{folder} cannot be {done}: {error.strerror}; set PODIUM_HOME to a folder you can write")
