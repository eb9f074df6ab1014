"""What every part of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def no_boolean(label: object) -> object:
    """Return a label; YAML's idea of an unquoted yes is refused by ValueError."""
    if isinstance(label, bool):
        raise ValueError("YAML reads an unquoted yes, no, true or false as a boolean: put the label in quotes")
    return label
