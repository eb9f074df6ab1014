"""Whom Podium tells what is wrong, as a configuration states it. Addresses are secrets and stand elsewhere."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from configs.section import Section, shaped

INSTEAD = (
    "an address is a secret and does not belong into this file; put it into an environment variable and write "
    "url_env: with the variable's name, or into a Prefect block and write block: secret/<its name>"
)


def _no_address(value: Any) -> Any:
    if isinstance(value, str) and re.search(r"[:@]|//", value):
        raise ValueError(INSTEAD)
    return value


Reference = Annotated[str, BeforeValidator(_no_address)]
VARIABLE = shaped(r"[A-Za-z_][A-Za-z0-9_]{0,199}", "the name of an environment variable is expected")
BLOCK = shaped(
    r"[a-z0-9-]{1,100}/[A-Za-z0-9_-]{1,200}", "a Prefect block is expected as TYPE/NAME, for example secret/team-chat"
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")


class ChannelSection(Section):
    """One place where people read: a chat, a mailbox, a webhook."""

    url_env: Annotated[Reference, VARIABLE] | None = Field(
        None, description="Environment variable that holds the address."
    )
    block: Annotated[Reference, BLOCK] | None = Field(
        None, description="Prefect block that holds the address: secret/NAME, or any notification block, as TYPE/NAME."
    )
    minimum: Literal["info", "warning", "critical"] = Field(
        "warning", description="Severity from which on this channel is told."
    )
    per_hour: int = Field(
        20, ge=1, le=60, description="Messages in an hour; what is more waits. The first critical one never does."
    )
    repeat_after: float = Field(24, ge=0.1, le=8760, description="Hours after which what is still wrong is said again.")
    all_clear: bool = Field(True, description="Whether the channel is told that something is over.")
    timeout: float = Field(10, ge=0.1, le=120, description="Seconds in which the channel must answer.")

    @model_validator(mode="before")
    @classmethod
    def _holds_no_address(cls, values: Any) -> Any:
        if isinstance(values, str) or (isinstance(values, dict) and "url" in values):
            raise ValueError(INSTEAD)
        return values

    @model_validator(mode="after")
    def _has_one_source(self) -> "ChannelSection":
        if (self.url_env is None) == (self.block is None):
            raise ValueError("name either url_env or block, where its address comes from")
        return self


class AlertsSection(Section):
    """Who is told."""

    channels: dict[str, ChannelSection] = Field(
        default_factory=dict, max_length=20, description="Where people read, by a name of your own."
    )

    @field_validator("channels", mode="before")
    @classmethod
    def _are_named(cls, value: Any) -> Any:
        if isinstance(value, dict) and not all(isinstance(name, str) and NAME.fullmatch(name) for name in value):
            raise ValueError("a channel is named by at most 50 letters, digits, - and _")
        return {} if value is None else value
