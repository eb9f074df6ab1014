"""Holds whatever a staged file asks for to the allow-list: what is not on it is an error that says why."""

from collections.abc import Sequence

from podium.safety import Ruling, rule_on
from podium.stand_ins import Name


class RefusedGlobalError(Exception):
    """A file asked for a name that no honest model needs."""


class UnknownClassError(Exception):
    """A file asked for a name that nobody reviewed."""


def require(asked: Name, extra: Sequence[str]) -> Ruling:
    """Return the ruling that allows a name.

    Raises:
        RefusedGlobalError: it is not allowed.
        UnknownClassError: it is not allowed, and nobody reviewed it.
    """
    ruling = rule_on(asked.module, asked.name, extra)
    if ruling.allowed:
        return ruling
    raise (UnknownClassError if ruling.unknown else RefusedGlobalError)(ruling.reason)
