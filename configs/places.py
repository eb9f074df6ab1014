"""Where the embedded defaults keep their state, for those who must not import MLflow to know."""

from configs.loading import podium_home
from configs.schema import MlflowSection

SQLITE, EMBEDDED = "sqlite:///", "mlflow.db"


def tracking_uri(section: MlflowSection) -> str:
    """Return the configured tracking URI, else that of the embedded database in ``PODIUM_HOME``."""
    return section.tracking_uri or f"{SQLITE}{podium_home() / EMBEDDED}"
