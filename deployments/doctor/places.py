"""Looks at files and folders: whether they are there, can be written, and have room."""

import csv
import os
import shutil
import urllib.parse
from pathlib import Path

from configs.schema import HoldoutSection, PodiumConfig
from deployments.stack.home import StackHome
from deployments.stack.processes import living
from podium.health import Health, disk


def home(folder: Path) -> list[Health]:
    """Look at ``PODIUM_HOME``, or where it would be made."""
    near = _existing(folder)
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        mend = "set PODIUM_HOME to a folder you can write, or change its owner"
        return [Health("home", "fail", f"{near} cannot be written", mend)]
    made = "" if folder.exists() else ", made by the first command"
    return [Health("home", "pass", f"{folder}{made}"), disk("disk", shutil.disk_usage(near).free, str(near))]


def stack(folder: Path) -> list[Health]:
    """Look for a local stack, and for what one left."""
    places = StackHome(folder)
    if found := places.running():
        return [Health("stack", "pass", f"podium up runs: {found.mlflow} and {found.prefect}")]
    left = 0 if places.is_held() else len(living(folder))
    if left:
        return [Health("stack", "warn", f"{left} processes of a podium up that was killed", "podium up ends them")]
    return []


def artifacts(location: str) -> list[Health]:
    """Look at the artifact store, if it is a folder of this machine."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme not in ("", "file"):
        return [Health("artifacts", "pass", f"{parts.scheme}: {'by the server' if 'mlflow' in parts.scheme else ''}")]
    folder = Path(urllib.parse.unquote(parts.path))
    near = _existing(folder)
    if not os.access(near, os.W_OK | os.X_OK):
        mend = f"change the owner of {near}, or let the server write: mlflow server --serve-artifacts"
        return [Health("artifacts", "fail", f"{near} cannot be written", mend)]
    free = shutil.disk_usage(near).free
    return [Health("artifacts", "pass", f"{folder}"), disk("artifacts' disk", free, str(near))]


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def inputs(config: PodiumConfig) -> list[Health]:
    """Look at the staging root and the holdout."""
    return [_staging(config.staging.root), _holdout(config.holdout)]


def _staging(root: Path | None) -> Health:
    if root is None:
        return Health("staging", "pass", "staging.root is not set: nothing to migrate")
    try:
        with os.scandir(root) as entries:
            count = sum(1 for _ in entries)
    except OSError as error:
        return Health("staging", "fail", f"{root}: {error.strerror}", "make it, or mend staging.root")
    return Health("staging", "pass", f"{root} holds {count:,} entries")


def _holdout(section: HoldoutSection | None) -> Health:
    if section is None:
        mend = "name labelled rows that no model was trained on in holdout.path"
        return Health("holdout", "warn", "none: nothing is measured, and selections refuse", mend)
    try:
        columns = _columns(section.path)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error).splitlines()[0]
        return Health("holdout", "fail", f"{section.path}: {said}", "mend holdout.path, or write the file anew")
    wanted = (section.target, *section.id_columns, *section.slices)
    if missing := [name for name in wanted if name not in columns]:
        mend = f"mend holdout.target, id_columns or slices; there are {', '.join(columns[:8])}"
        return Health("holdout", "fail", f"{section.path} has no column {', '.join(missing)}", mend)
    return Health("holdout", "pass", f"{section.path}, {len(columns)} columns, target {section.target}")


def _columns(path: Path) -> list[str]:
    """Return the columns of a Parquet or CSV file without reading its rows."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as rows:
            return next(csv.reader(rows), [])
    from pyarrow.parquet import read_schema

    return list(read_schema(path).names)
