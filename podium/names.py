"""Names that MLflow takes, made of names that people gave: folders, metrics, parameters and class labels.

MLflow refuses some characters, paths that climb, and what is too long. A name that had to be changed ends in a digest
of the original, so that two names never become one.
"""

import hashlib
import posixpath
import re
from collections.abc import Collection, Sequence

LONGEST = 250
"""Characters of a metric's, parameter's or tag's name."""
NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_\-. :/]")
NOT_IN_MODELS = re.compile(r"[/:.%\"']")


def key(name: str, longest: int = LONGEST) -> str:
    """Return a metric's or parameter's name in the characters that MLflow takes; most names stay as they are."""
    cleaned = NOT_IN_KEYS.sub("_", name)
    if posixpath.normpath(cleaned) != cleaned or cleaned.startswith((".", "/")):
        cleaned = cleaned.replace("/", "_").replace(".", "_")
    return _distinct(name, cleaned, longest)


def label_key(label: str) -> str:
    """Return the metric-name part that stands for a class label: without the dot and slash that structure a name."""
    return _distinct(label, re.sub(r"[^A-Za-z0-9_\- ]", "_", label), 150)


def model_name(name: str) -> str:
    """Return the name of a logged model for a folder's name."""
    return NOT_IN_MODELS.sub("_", name) or "model"


def printable(name: str) -> str:
    r"""Return a file's name as text that any encoding takes: bytes that are no UTF-8 become ``\\xNN``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _distinct(name: str, cleaned: str, longest: int) -> str:
    if cleaned == name and 0 < len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{cleaned[: longest - 9]}_{digest}"


def distinct(names: Sequence[str], longer: Sequence[str]) -> list[str]:
    """Return names of which no two are the same: of those that are, the first stays, and each other is its longer one.

    A name that only one has stays as it is, be it another's longer one or not.
    """
    taken, seen, told = set(names), set[str](), []
    for name, more in zip(names, longer, strict=True):
        own = _free(more, taken) if name in seen else name
        seen.add(name)
        taken.add(own)
        told.append(own)
    return told


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken yet, as a path from here if it is."""
    while name in taken:
        name = f"./{name}"
    return name


def folder_name(name: str) -> str:
    """Return a name as that of a folder: one step down, not hidden, and never that of the link ``current``."""
    cleaned = re.sub(r"[^A-Za-z0-9_\-.]", "_", name)
    safe = f"_{cleaned}" if cleaned.startswith(".") or cleaned == "current" else cleaned
    return _distinct(name, safe, 150)


def slug(name: str) -> str:
    """Return a name as part of others: of deployments, queues and tags, which take no spaces and few signs."""
    return _distinct(name, re.sub(r"[^A-Za-z0-9_\-.]", "-", name), 100)
