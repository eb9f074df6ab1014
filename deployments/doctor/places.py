"""Looks at folders that are written: whether they can be, and have room."""

import os
import shutil
import tempfile
from pathlib import Path

from deployments.stack.home import StackHome
from deployments.stack.processes import living
from podium.health import Health, disk


def home(folder: Path) -> list[Health]:
    """Look at ``PODIUM_HOME``, or where it would be made."""
    near = _existing(folder)
    if not _takes_folders(near):
        mend = "set PODIUM_HOME to a folder you can write, or change its owner"
        return [Health("home", "fail", f"{near} cannot be written", mend)]
    made = "" if folder.exists() else ", made by the first command"
    return [Health("home", "pass", f"{folder}{made}"), disk("disk", shutil.disk_usage(near).free, str(near))]


def _takes_folders(folder: Path) -> bool:
    """Whether a folder can be made in one, which is tried: root has every permission in /proc, and makes nothing."""
    try:
        with tempfile.TemporaryDirectory(prefix=".podium-doctor-", dir=folder):
            return True
    except OSError:
        return False


def stack(folder: Path) -> list[Health]:
    """Look for a local stack, and for what one left."""
    places = StackHome(folder)
    if found := places.running():
        return [Health("stack", "pass", f"podium up runs: {found.mlflow} and {found.prefect}")]
    left = 0 if places.is_held() else len(living(folder))
    if left:
        return [Health("stack", "warn", f"{left} processes of a podium up that was killed", "podium up ends them")]
    return []


def artifacts(folder: Path) -> list[Health]:
    """Look at an artifact store that is a folder."""
    near = _existing(folder)
    if not os.access(near, os.W_OK | os.X_OK):
        mend = f"change the owner of {near}, or let the server write: mlflow server --serve-artifacts"
        return [Health("artifacts", "fail", f"{near} cannot be written", mend)]
    free = shutil.disk_usage(near).free
    return [Health("artifacts", "pass", f"{folder}"), disk("artifacts' disk", free, str(near))]


def export(folder: Path | None) -> list[Health]:
    """Look at the folder to serve from, if there is to be one, whose ``current`` each promotion switches."""
    return [_export(folder)] if folder else []


def _export(folder: Path) -> Health:
    near, current = _existing(folder), folder / "current"
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        return Health("export", "fail", f"{near} cannot be written", "change its owner, or mend export.directory")
    if current.exists() and not current.is_symlink():
        return Health("export", "fail", f"{current} is no link, and cannot be switched", "move it away")
    return Health("export", "pass", f"{folder}" + ("" if folder.exists() else ", made by the first promotion"))


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())
