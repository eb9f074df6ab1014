"""Which nodes the description of an honest skops file has.

skops asks whether a type is trusted, and then lets the file call it with whatever the file holds, or set any attribute
of what it made. That is more than the reviewed types were reviewed for. Nodes: see ``skops.io._general``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from podium.calls import LOSSES
from podium.safety import TRUSTED_IN_SKOPS
from podium.stand_ins import is_private
from podium.streams import SuspectError

Node = Mapping[str, Any]
HELD = frozenset({"CachedNode", "DTypeNode", "FunctionNode", "ObjectNode", "SparseMatrixNode", "TreeNode", "TypeNode"})
"""Nodes that refer to a type, or make an object of it without giving it anything."""
CALLED: Mapping[str, Collection[str]] = {
    "ConstructorFromReduceNode": {"builtins.range"},
    "DictNode": {"collections.Counter", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "TupleNode": {"sklearn.gaussian_process.kernels.Hyperparameter", "sklearn.impute._iterative._ImputerTriplet"},
    "LossNode": {name for name in TRUSTED_IN_SKOPS if name.startswith(LOSSES)},
}
"""Reviewed types that other nodes call: dictionaries, tuples with names, losses with their numbers."""
WITH_STATE = ("ObjectNode", "TreeNode", "LossNode")
OF_NUMBERS = ("sklearn.neighbors.", "sklearn.metrics._dist_metrics.")
"""Where compiled classes are whose state is a tuple."""


def require_nodes(schema: Any, extra: Collection[str] = ()) -> None:
    """Return if a description has no node that honest files do not have; who named a type in ``extra`` trusts it.

    Raises:
        SuspectError: it calls a reviewed type, or sets what Python itself looks at.
    """
    twins: dict[Any, list[Node]] = defaultdict(list)
    for node in _nodes(schema):
        twins[node.get("__id__")].append(node)
    for node in (node for alike in twins.values() for node in alike if _full(node) not in extra):
        _require_uncalled(node)
        if node["__loader__"] in WITH_STATE:
            _require_state(node, _alike(node.get("content"), twins))
        if "key_types" in node:
            _require_keys(node, _alike(node["key_types"], twins), twins)


def _nodes(schema: Any) -> Iterator[Node]:
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
            if "__loader__" in one:
                yield one
        elif isinstance(one, list):
            waiting += one


def _alike(node: Any, twins: Mapping[Any, list[Node]]) -> list[Node]:
    """Return a node with all that have its number: skops takes the first of them for each."""
    if not isinstance(node, dict):
        return []
    return [node, *(twins.get(node["__id__"], []) if node.get("__id__") is not None else [])]


def _full(node: Node) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _require_uncalled(node: Node) -> None:
    full, loader = _full(node), node["__loader__"]
    if full in TRUSTED_IN_SKOPS and loader not in HELD and full not in CALLED.get(loader, ()):
        raise SuspectError(f"it makes a {full} by a {loader}, which no honest model does")


def _require_state(node: Node, states: Collection[Node]) -> None:
    """Return if the attributes of an object are a dictionary, under names of which Python itself looks at none."""
    for state in states:
        plain = state["__loader__"] == "JsonNode" and state.get("content") == "null"
        known = state["__loader__"] == "TupleNode" and _full(node).startswith(OF_NUMBERS)
        if state["__loader__"] != "DictNode" and not (plain or known):
            raise SuspectError(f"it sets the state of a {_full(node)} by a {state['__loader__']}")
        if state["__loader__"] == "DictNode" and any(map(is_private, state["content"])):
            raise SuspectError(f"it sets what Python itself looks at of a {_full(node)}")


def _require_keys(node: Node, lists: Collection[Node], twins: Mapping[Any, list[Node]]) -> None:
    """Return if the keys of a dictionary are of plain types, by which skops calls each."""
    types = [kind for found in lists for item in found["content"] for kind in _alike(item, twins)]
    if any(kind["__loader__"] != "TypeNode" or _full(kind) in TRUSTED_IN_SKOPS for kind in types):
        raise SuspectError(f"it makes the keys of a {_full(node)} by a call")
