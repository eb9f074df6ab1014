"""Addresses and places as a configuration gives them: what none of the libraries could do anything with is refused."""

import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "file", "databricks", "databricks-uc", "uc")
"""What MLflow takes as the beginning of a tracking URI; a package of somebody's own may add others."""
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9.-]+)(\+[A-Za-z0-9+.-]*)?:")
"""The beginning of an address. One letter is a drive of Windows, and no colon a folder."""
LONGEST, LONGEST_PART = 4095, 255
"""Bytes that a path, and characters that each name in it, may have on the systems that Podium runs on."""


def _tracked(uri: str) -> str:
    begun = SCHEME.match(uri)
    if begun and begun[1].lower() not in SCHEMES and not _is_added(begun[1].lower()):
        raise ValueError(f"MLflow knows no address that begins with {begun[1]}: it may be {', '.join(SCHEMES)}")
    return uri


def _is_added(scheme: str) -> bool:
    """Whether a package that is installed teaches MLflow to read addresses of a kind."""
    return scheme in entry_points(group="mlflow.tracking_store").names


def _fitting(path: Path) -> Path:
    longest = max((len(part) for part in path.parts), default=0)
    if longest > LONGEST_PART or len(str(path).encode(errors="surrogateescape")) > LONGEST:
        said = f"{LONGEST} bytes, and {LONGEST_PART} characters of each name in it, are the most"
        raise ValueError(f"no path is that long: {said}")
    if "\0" in str(path):
        raise ValueError("no path has a NUL character in it")
    return path


TrackingUri = Annotated[str, AfterValidator(_tracked)]
Place = Annotated[Path, AfterValidator(_fitting)]
