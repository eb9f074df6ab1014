"""What every part of the configuration has in common."""

import re

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def no_boolean(label: object) -> object:
    """Return a label; YAML's idea of an unquoted yes is refused by ValueError."""
    if isinstance(label, bool):
        raise ValueError("YAML reads an unquoted yes, no, true or false as a boolean: put the label in quotes")
    return label


def shaped(pattern: str, meant: str) -> AfterValidator:
    """Return the validator of a text that is to have a form, all of it; ``meant`` tells people the form.

    The validator raises ValueError with that.
    """
    form = re.compile(pattern)

    def require(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(meant)
        return text

    return AfterValidator(require)
