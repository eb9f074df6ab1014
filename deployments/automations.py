"""Reads ``deployments/automations.yaml`` strictly, for one project.

Prefect's own schema ignores unknown keys of triggers and automations: a misspelt ``within`` would be one that never
counts. Here every key that the schema did not take is an error.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any, Literal
from uuid import UUID

import yaml
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore
from pydantic import BaseModel, Field, RootModel, ValidationError

from deployments.declared import Strict
from deployments.projects import Project
from podium.errors import ConfigError

FILE = Path(__file__).with_name("automations.yaml")
Finder = Callable[[str], UUID]
"""Returns the id of a deployment by its name."""
Blocks = Callable[[str], UUID | None]
"""Returns the id of a notification block by its name, None if there is none."""
NOTHING, NOBODY = {"type": "do-nothing"}, UUID(int=0)


class Written(Strict):
    """One automation as the file has it. ``needs`` names a section of the config without which it is of no use."""

    name: str = Field(min_length=1)
    needs: Literal["training"] | None = None
    description: str = Field(min_length=1)
    enabled: bool = True
    trigger: dict[str, Any]
    actions: list[dict[str, Any]] = Field(min_length=1)


class AutomationsFile(Strict):
    """The whole file. ``definitions`` only holds anchors."""

    definitions: dict[str, Any] = Field(default_factory=dict)
    automations: tuple[Written, ...]


def read_automations(
    project: Project, deployment: Finder, block: Blocks, path: Path = FILE
) -> tuple[AutomationCore, ...]:
    """Return the automations of a project; ``deployment`` and ``block`` find what their actions run and tell.

    Raises:
        ConfigError: the file holds a key or value that Prefect would drop or stumble over.
    """
    try:
        content = AutomationsFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        found = [(written, _automation(written, project, deployment, block)) for written in content.automations]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}") from None
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return tuple(made for written, made in found if written.needs is None or project.trains)


def _automation(written: Written, project: Project, deployment: Finder, block: Blocks) -> AutomationCore:
    names = {"project": project.name, "registered_model": project.model}
    given = _filled(written.model_dump(exclude={"needs"}), names)
    given["actions"] = [_told(_resolved(action, project, deployment), block) for action in given["actions"]]
    given["tags"] = ["podium", project.name]
    found = AutomationCore.model_validate(given)
    if strange := _unknown(given, found):
        raise ValueError(f"{written.name}: {strange}: unknown key")
    return found


def _filled(node: Any, names: Mapping[str, str]) -> Any:
    """Return a node with the names put in; what is no name of ours, such as Jinja, stays."""
    if isinstance(node, str):
        return Template(node).safe_substitute(names)
    if isinstance(node, list):
        return [_filled(item, names) for item in node]
    return {key: _filled(value, names) for key, value in node.items()} if isinstance(node, dict) else node


def _resolved(action: dict[str, Any], project: Project, deployment: Finder) -> dict[str, Any]:
    """Return an action with the id of the deployment that it names."""
    if "deployment" not in action:
        return action
    rest = {key: value for key, value in action.items() if key != "deployment"}
    return {**rest, "source": "selected", "deployment_id": deployment(f"{project.name}-{action['deployment']}")}


def _told(action: dict[str, Any], block: Blocks) -> dict[str, Any]:
    """Return an action with the id of the block that it names, or one that does nothing while there is no such block.

    What it would tell is checked all the same.
    """
    if "block" not in action:
        return action
    rest = {key: value for key, value in action.items() if key != "block"}
    found = block(action["block"])
    whole = {**rest, "block_document_id": found or NOBODY}
    if strange := _unknown(whole, SendNotification.model_validate(whole)):
        raise ValueError(f"{action['block']}: {strange}: unknown key")
    return whole if found else NOTHING


def _unknown(given: Any, taken: Any) -> str | None:
    """Return the first key that a schema did not take, with its way there."""
    if isinstance(given, list) and isinstance(taken, list):
        return next((found for pair in zip(given, taken, strict=True) if (found := _unknown(*pair))), None)
    if not isinstance(given, dict) or not isinstance(taken, BaseModel) or isinstance(taken, RootModel):
        return None
    for key, value in given.items():
        if key not in type(taken).model_fields:
            return str(key)
        if found := _unknown(value, getattr(taken, key)):
            return f"{key}.{found}"
    return None
