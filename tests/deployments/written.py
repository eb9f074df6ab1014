"""Reads what deployments/ says: the compose file, the container file, systemd units and their example environments."""

import json
import re
import shlex
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = ROOT / "deployments"
CONTAINERFILE = DEPLOYMENTS / "Containerfile"
UNITS = DEPLOYMENTS / "systemd"
ETC = Path("/etc/podium")
"""Where the units look for their environments."""


def compose() -> dict[str, Any]:
    """The compose file with its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text())
    return found


def kubernetes_template() -> dict[str, Any]:
    """The base job template of the Kubernetes work pool."""
    found: dict[str, Any] = json.loads((DEPLOYMENTS / "kubernetes-pool.json").read_text())
    return found


def instructions() -> list[tuple[str, str]]:
    """The instructions of the container file with their arguments, continued lines joined."""
    lines = [line for line in CONTAINERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def image_words(name: str) -> list[str]:
    """What the container file says under ENTRYPOINT or CMD."""
    words: list[str] = next(json.loads(argument) for instruction, argument in instructions() if instruction == name)
    return words


def image_environment() -> dict[str, str]:
    """The variables that the container file sets."""
    pairs = [word for name, argument in instructions() if name == "ENV" for word in shlex.split(argument)]
    return assigned(pairs)


def assigned(pairs: list[str]) -> dict[str, str]:
    """Variables written as NAME=VALUE."""
    return dict(pair.split("=", 1) for pair in pairs)


@dataclass(frozen=True)
class Unit:
    """A systemd unit: its section [Service], and the example of the environment file that it names."""

    name: str
    service: Mapping[str, str]
    example: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets itself."""
        return assigned(shlex.split(self.service["Environment"]))

    @property
    def command(self) -> list[str]:
        """The words of its command."""
        return shlex.split(self.service["ExecStart"])


def unit(name: str) -> Unit:
    """Read a unit and its example."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((UNITS / name).read_text())
    service = dict(parser["Service"])
    path = Path(service["EnvironmentFile"])
    assert path.parent == ETC, path
    return Unit(name, service, example(f"{path.name}.example"))


def example(name: str) -> dict[str, str]:
    """The variables of an example environment, as systemd reads them."""
    lines = (UNITS / name).read_text().splitlines()
    return assigned([line for line in lines if line and not line.startswith("#")])
