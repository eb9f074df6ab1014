"""Tells which code decides: a version may be installed from a working copy that nobody has given a number."""

import hashlib
from functools import cache
from pathlib import Path

from podium import __version__

ROOT = Path(__file__).parents[2]
PACKAGES = ("podium", "configs", "tasks", "flows")


@cache
def code_version() -> str:
    """Return the version with the first 12 digits of the sha256 of all source files, such as ``0.1.0+3f2a1b4c5d6e``."""
    digest = hashlib.sha256()
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"
