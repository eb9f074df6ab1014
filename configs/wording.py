"""Says what is wrong in a configuration, in the words of the file and not of what checks it."""

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configs.schema import PodiumConfig
from podium.redaction import redacted

LONGEST = 300
"""Characters of a wrong value that are shown."""
KEYS, LIST, TEXT = "keys with values are expected", "a list is expected, as in [a, b]", "text is expected"
NUMBER, WHOLE, TRUTH = "a number is expected", "a whole number is expected", "true or false is expected"
EXPECTED = {
    **dict.fromkeys(("model_type", "dict_type", "mapping_type"), KEYS),
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), LIST),
    **dict.fromkeys(("float_type", "float_parsing"), NUMBER),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), WHOLE),
    **dict.fromkeys(("bool_type", "bool_parsing"), TRUTH),
    "string_type": f"{TEXT}; put quotes around it",
    "path_type": "a path is expected",
}
"""What is expected, by how pydantic calls the mistake."""


def sentence(source: str, error: ValidationError) -> str:
    """Return the first mistake of a configuration, and how many more there are."""
    problems = error.errors(include_url=False)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{finding(_variable(problems[0]['loc']) or source, problems[0])}{more}"


def finding(source: str, problem: ErrorDetails) -> str:
    """Return one mistake: where it is, the value, and what is expected."""
    key = ".".join(_shown(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{source}: {key}: unknown key; {known_keys(problem['loc'])}"
    message = EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{source}: {key}{_value(problem)}: {message}" if key else f"{source}: {message}"


def _value(problem: ErrorDetails) -> str:
    """Return the value that is wrong; what stands under alerts may be an address, which is a secret."""
    hidden = problem["type"] == "missing" or problem["loc"][:1] == ("alerts",)
    if hidden or isinstance(problem["input"], Mapping):
        return ""
    shown = "null" if problem["input"] is None else redacted(repr(problem["input"]))
    return f": {shown}" if len(shown) <= LONGEST else f": {shown[:LONGEST]}…"


def _shown(part: str | int) -> str:
    return "(an address)" if "//" in str(part) else str(part)


def _variable(location: Iterable[str | int]) -> str | None:
    """Return the environment variable that a value came from, if one did."""
    parts = [str(part).upper() for part in location]
    names = ["PODIUM_" + "__".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((f"environment: {name}" for name in names if name in os.environ), None)


def known_keys(location: Iterable[str | int]) -> str:
    """Return what may stand in the place of a key that is unknown, the last of a location."""
    *parents, wrong = [str(part) for part in location]
    section: Any = PodiumConfig
    for name in parents:
        section = _below(section, name)
    allowed = sorted(section.model_fields)
    close = difflib.get_close_matches(wrong, allowed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed are {', '.join(allowed)}"


def _below(section: Any, name: str) -> Any:
    """Return the type of a key's value: of a section's field, or of any entry of a mapping."""
    if get_origin(section) is dict:
        return get_args(section)[1]
    annotation = section.model_fields[name].annotation
    options = get_args(annotation) if get_origin(annotation) is not dict else (annotation,)
    return next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), annotation)
