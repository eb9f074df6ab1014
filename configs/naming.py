"""Forms of the names in the configuration.

That of a registered model tells one project from others: by its deployments, its tags, and what the triggers of Prefect
match.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from configs.section import shaped
from podium.names import slug

Name = Annotated[
    str,
    Field(min_length=1, max_length=200),
    shaped(r"[^/:\s'\"`][^/:'\"`]*", "a name without / and :, quotes, or a blank at its beginning is expected"),
]
FileName = Annotated[
    str, Field(max_length=255), shaped(r"[^/\\]+", "the name of a file is expected, without the folders it is in")
]
FullName = Annotated[
    str, shaped(r"\w+(\.\w+)+", "a name with its module is expected, as in churn.features.Cleaner or numpy.unique")
]
TAGS = frozenset({"podium", "reads", "writes"})
"""Tags that the deployments of all projects have."""


def _is_told_from_others(name: str) -> str:
    if name.startswith("!") or name.endswith("*"):
        raise ValueError("Prefect reads a leading ! and a last * as patterns; name the model without")
    if slug(name) in TAGS:
        raise ValueError("every project has this tag; name the model otherwise")
    if wrong := next((c for c in name if not c.isprintable()), None):
        # Events carry a plain space in its place, which no trigger of this name would match.
        raise ValueError(f"U+{ord(wrong):04X} is not printable; use letters, digits, signs and plain spaces")
    return name


ModelName = Annotated[Name, AfterValidator(_is_told_from_others)]
"""Name of a registered model, which is the name of a project."""
