"""The nodes of a skops file are looked at once each, however many share a number."""

from typing import Any

import pytest

from podium import nodes
from podium.nodes import require_nodes
from podium.streams import SuspectError


def kind(name: str = "str", loader: str = "TypeNode") -> dict[str, Any]:
    """A type by which a key is made."""
    return {"__class__": name, "__module__": "builtins", "__loader__": loader, "__id__": 1}


def mapping(*kinds: dict[str, Any]) -> dict[str, Any]:
    """A dictionary; the lists of its keys' types share a number, for each is gone by the next."""
    listed = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "__id__": 2}
    own = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "__id__": 3}
    return {**own, "key_types": {**listed, "content": list(kinds)}, "content": {"a": {"__id__": None}}}


def test_of_many_alike_each_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many dictionaries cost twice as much, not four times."""
    plain, looked = nodes._is_plain_type, []

    def look(node: nodes.Node) -> bool:
        looked.append(node)
        return plain(node)

    monkeypatch.setattr(nodes, "_is_plain_type", look)
    require_nodes({"content": [mapping(kind(), kind()) for _ in range(100)]})
    assert len(looked) == 200


@pytest.mark.parametrize("place", [0, 50, 99])
def test_one_among_many_alike_is_found(place: int) -> None:
    """Skops takes the first of a number, wherever it stands: one that would be called counts against all."""
    many = [mapping(kind()) for _ in range(100)]
    many[place] = mapping(kind("eval", "FunctionNode"))
    with pytest.raises(SuspectError, match=r"makes the keys of a builtins\.dict by a call"):
        require_nodes({"content": many})
