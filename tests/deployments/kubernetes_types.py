"""Holds objects against the types of Kubernetes' API, strictly: an unknown field is a mistake that its server drops.

``kubernetes_types.json`` has the fields of each type as the client kubernetes_asyncio 36.1.0 has them, with a ``!``
where one is required. Types that no file here uses are ``object``.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TYPES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text())
GROUPS = {
    "apps/v1": {"Deployment"},
    "batch/v1": {"Job"},
    "rbac.authorization.k8s.io/v1": {"Role", "RoleBinding"},
    "v1": {"ConfigMap", "Namespace", "PersistentVolumeClaim", "ServiceAccount"},
}
PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "object": (dict, str, int)}


def mistakes(thing: dict[str, Any]) -> list[str]:
    """Return what Kubernetes would not take, or drop, of a whole object."""
    kind = str(thing.get("kind"))
    if kind not in GROUPS.get(str(thing.get("apiVersion")), ()):
        return [f"{thing.get('apiVersion')} has no {kind}"]
    return _of_type(kind, thing, kind)


def _of_type(name: str, value: Any, where: str) -> list[str]:
    if inner := re.fullmatch(r"list\[(.*)\]|dict\(str, (.*)\)", name):
        return _of_several(inner[1], inner[2], value, where)
    if name in PLAIN:
        right = isinstance(value, PLAIN[name]) and (name != "int" or not isinstance(value, bool))
        return [] if right else [f"{where} is no {name}: {value!r}"]
    return _of_fields(TYPES[name], value, where) if isinstance(value, dict) else [f"{where} is no {name}: {value!r}"]


def _of_several(item: str | None, entry: str | None, value: Any, where: str) -> list[str]:
    """Return what is wrong with a list of ``item`` or a map to ``entry``."""
    if not isinstance(value, list if item else dict):
        return [f"{where} is no {'list' if item else 'map'}: {value!r}"]
    parts: Iterable[tuple[Any, Any]] = enumerate(value) if isinstance(value, list) else value.items()
    return [said for key, part in parts for said in _of_type(item or str(entry), part, f"{where}.{key}")]


def _of_fields(fields: dict[str, str], value: dict[str, Any], where: str) -> list[str]:
    known = {field.removesuffix("!"): name for field, name in fields.items()}
    missing = [f"{where}.{f[:-1]} is missing" for f in fields if f.endswith("!") and f[:-1] not in value]
    unknown = [f"{where}.{key} is unknown" for key in value if key not in known]
    named = [(key, part) for key, part in value.items() if key in known]
    return missing + unknown + [said for key, part in named for said in _of_type(known[key], part, f"{where}.{key}")]
