"""Which nodes the description of an honest skops file has.

skops asks whether a type is trusted, and then lets the file call it with whatever the file holds, or set any attribute
of what it made. That is more than the reviewed types were reviewed for. Nodes: see ``skops.io._general``.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from podium.calls import LOSSES
from podium.reviewed import TRUSTED_IN_SKOPS
from podium.stand_ins import is_private
from podium.streams import SuspectError

T = TypeVar("T")
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
    twins = _Twins(schema)
    for node in (node for node in twins.nodes if _full(node) not in extra):
        _require_uncalled(node)
        if node["__loader__"] in WITH_STATE:
            _require_state(node, twins.state_of(node.get("content")))
        if "key_types" in node and twins.has_called_keys(node["key_types"]):
            raise SuspectError(f"it makes the keys of a {_full(node)} by a call")


@dataclass(frozen=True, slots=True)
class _State:
    """What sets the attributes of an object: loaders that make no dictionary, and whether names are Python's own."""

    loaders: frozenset[str]
    private: bool


class _Twins:
    """The nodes of a description, by their numbers: skops takes the first node of each number, so that all count.

    A number is that of an object which may be gone by the next, so that many can have the same: each is looked at once.
    """

    def __init__(self, schema: Any) -> None:
        self.nodes = list(_nodes(schema))
        self._by_number: dict[Any, list[Node]] = defaultdict(list)
        for node in (node for node in self.nodes if node.get("__id__") is not None):
            self._by_number[node["__id__"]].append(node)
        self._states: dict[Any, _State] = {}
        self._called: dict[Any, bool] = {}
        self._plain: dict[Any, bool] = {}

    def state_of(self, node: Any) -> _State:
        """Return what a node and its twins would set."""
        return self._once(self._states, node, _state_of)

    def has_called_keys(self, node: Any) -> bool:
        """Whether a list of types, or a twin of it, has one that is no plain type: skops calls each for its key."""
        return self._once(
            self._called,
            node,
            lambda lists: any(not self._is_plain(one) for found in lists for one in found["content"]),
        )

    def _is_plain(self, node: Any) -> bool:
        return self._once(self._plain, node, lambda alike: all(map(_is_plain_type, alike)))

    def _once(self, known: dict[Any, T], node: Any, look: Callable[[Sequence[Node]], T]) -> T:
        """Look at a node with all that have its number, if that was not done before."""
        if not isinstance(node, dict):
            return look([])
        number = node.get("__id__")
        if number is None or "__loader__" not in node:
            return look([node, *self._by_number.get(number, ())])
        if number not in known:
            known[number] = look(self._by_number[number])
        return known[number]


def _state_of(states: Sequence[Node]) -> _State:
    odd = (state for state in states if state["__loader__"] != "DictNode")
    loaders = {s["__loader__"] for s in odd if (s["__loader__"], s.get("content")) != ("JsonNode", "null")}
    attributes = (name for state in states if state["__loader__"] == "DictNode" for name in state["content"])
    return _State(frozenset(loaders), any(map(is_private, attributes)))


def _is_plain_type(node: Node) -> bool:
    return node["__loader__"] == "TypeNode" and _full(node) not in TRUSTED_IN_SKOPS


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


def _full(node: Node) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _require_uncalled(node: Node) -> None:
    full, loader = _full(node), node["__loader__"]
    if full in TRUSTED_IN_SKOPS and loader not in HELD and full not in CALLED.get(loader, ()):
        raise SuspectError(f"it makes a {full} by a {loader}, which no honest model does")


def _require_state(node: Node, state: _State) -> None:
    """Return if the attributes of an object are a dictionary, under names of which Python itself looks at none."""
    known = {"TupleNode"} if _full(node).startswith(OF_NUMBERS) else set()
    if odd := state.loaders - known:
        raise SuspectError(f"it sets the state of a {_full(node)} by a {min(odd)}")
    if state.private:
        raise SuspectError(f"it sets what Python itself looks at of a {_full(node)}")
