"""What a library says went wrong, as a reason: one line of bounded length that quotes nothing of anybody's rows.

Errors quote the values that they are about, and MLflow prints whole tables. What stands in quotes or brackets is left
out, but for errors that name attributes, types and files there.
"""

import re

LONGEST = 500
OWN = ("configs.", "podium.", "tasks.")
"""Where errors come from whose words were chosen here."""
NAMING = (AttributeError, ImportError, NameError, OSError, TypeError)
"""Errors that quote the names of things, and no values."""
LEFT_OUT = (
    (re.compile(r"(?<!\w)(['\"]).*?(?:\1(?!\w)|$)"), "'…'"),
    (re.compile(r"\[.*?(?:\]|$)"), "[…]"),
)
"""What is quoted, to the end of the line if nothing ends it there."""
PLACE = re.compile(r"^\[[\d:]+\] \S+ ")
"""What XGBoost says first: the time, and the place in its source."""


def reason_of(error: Exception) -> str:
    """Return what an error says, for a person: whole if its words are Podium's, else the first line without values."""
    if type(error).__module__.startswith(OWN):
        said = str(error)
    else:
        said = next((line for line in str(error).splitlines() if line.strip()), "")
        said = PLACE.sub("", said.strip())
        said = said if isinstance(error, NAMING) else without_values(said)
    return " ".join(said.split())[:LONGEST] or type(error).__name__


def without_values(said: str) -> str:
    """Return a line without what it quotes."""
    for pattern, instead in LEFT_OUT:
        said = pattern.sub(instead, said)
    return said if said not in {instead for _, instead in LEFT_OUT} else ""
