"""What must be done so that what is there becomes what is declared, and nothing that is so already is touched."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["created", "updated", "unchanged", "removed"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one thing, by its name."""

    name: str
    action: Action

    def as_json(self) -> dict[str, str]:
        """Return the step as a JSON object."""
        return {"name": self.name, "action": self.action}


def digest_of(content: Any) -> str:
    """Return a short digest of a JSON document, by which a later declaration is known to be the same.

    The order of the words of a list does not count: Prefect keeps sets of them.
    """
    text = json.dumps(_ordered(content), sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _ordered(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _ordered(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        words = all(isinstance(item, str) for item in node)
        return sorted(node) if words else [_ordered(item) for item in node]
    return node


def reconcile(there: Mapping[str, str | None], declared: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps from what is there to what is declared; both give a digest by name.

    What is there without a digest was made by others, or by hand, under a name that is declared now.
    """
    steps = [Step(name, _action(name, digest, there)) for name, digest in declared.items()]
    return (*steps, *(Step(name, "removed") for name in there if name not in declared))


def _action(name: str, digest: str, there: Mapping[str, str | None]) -> Action:
    if name not in there:
        return "created"
    return "unchanged" if there[name] == digest else "updated"
