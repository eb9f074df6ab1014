"""Runs what compose.yaml and the container file say as processes of this machine: commands, variables, secrets.

Only hosts, ports and folders are made those of this machine. PostgreSQL and S3 are images of others, for which servers
of the tests stand.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deployments.written import DEPLOYMENTS, ROOT, compose, image_environment, image_words
from tests.services import Service, listens

BINARIES = Path(sys.executable).parent
HOME = "/var/lib/podium"
"""Where a container keeps its state."""
HERE = {
    "/srv/podium/.venv/bin": str(BINARIES),
    "/srv/podium": str(ROOT),
    "$PATH": os.environ["PATH"],
    "0.0.0.0": "127.0.0.1",
}
"""What is the same for all containers, and what it is on this machine."""


@dataclass(frozen=True)
class Container:
    """One container of a service as a process of this machine.

    ``replaced`` are further words of the file and what they are here, ``own`` variables that only the tests set.
    """

    service: str
    home: Path
    secrets: Path
    replaced: Mapping[str, str]
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, Any]:
        """What the compose file says of the service."""
        found: dict[str, Any] = compose()["services"][self.service]
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The variables that the compose file gives the service."""
        return {name: self._here(str(value)) for name, value in self.written.get("environment", {}).items()}

    @property
    def variables(self) -> dict[str, str]:
        """These and the secrets of the service: what its program finds."""
        return {**self.settings, **{path.name: path.read_text() for path in self._mounted_secrets().iterdir()}}

    def command(self, *words: str) -> list[str]:
        """The command of the service, or another, by the image's entry and with these variables alone."""
        written = words or self.written.get("command") or image_words("CMD")
        pairs = [f"{name}={value}" for name, value in self._environment().items()]
        return ["env", "-i", *pairs, *map(self._here, (*image_words("ENTRYPOINT"), *written))]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run the command of the service, or another, to its end."""
        self.home.mkdir(exist_ok=True)
        return subprocess.run(self.command(*words), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    def process(self) -> Service:
        """A process that is ready once the health check of the service says so."""
        self.home.mkdir(exist_ok=True)
        check = [self._here(word) for word in self.written["healthcheck"]["test"][1:]]
        return Service(self.home.name, self.command(), self.home.with_suffix(".log"), _passing(check), folder=ROOT)

    def _environment(self) -> dict[str, str]:
        image = {name: self._here(value) for name, value in image_environment().items()}
        system = {"HOME": str(self.home), "SECRETS_DIRECTORY": str(self._mounted_secrets())}
        # Bytecode is kept where the other processes of these tests keep theirs.
        kept = {"PYTHONPYCACHEPREFIX": os.environ["PYTHONPYCACHEPREFIX"]}
        return {**kept, **system, **image, **self.settings, **self.own}

    def _mounted_secrets(self) -> Path:
        """A folder with the secrets of the service alone, as a container has them under /run/secrets."""
        folder = self.secrets.with_name(f"secrets-of-{self.service}")
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in self.written.get("secrets", ()):
            shutil.copy(self.secrets / Path(compose()["secrets"][name]["file"]).name, folder / name)
        return folder

    def _here(self, text: str) -> str:
        """A text with each place of a container made one of this machine, in one go."""
        places = {**HERE, HOME: str(self.home), **_mounted_files(), **self.replaced}
        pattern = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
        return re.sub(pattern, lambda found: places[found[0]], text)


def _mounted_files() -> dict[str, str]:
    """The files that services have under another name."""
    content = compose()
    files = {name: DEPLOYMENTS / found["file"] for name, found in content["configs"].items() if "file" in found}
    mounts = [mount for service in content["services"].values() for mount in service.get("configs", ())]
    return {mount["target"]: str(files[mount["source"]]) for mount in mounts if mount["source"] in files}


def _passing(check: list[str]) -> Callable[[], bool]:
    """A question whether a health check says that a service is well; it is run once something listens there."""
    own = [str(BINARIES / check[0]), *check[1:]]
    (port,) = re.findall(r"127\.0\.0\.1:(\d+)", check[-1])
    there = listens(int(port))
    return lambda: there() and subprocess.run(own, capture_output=True, check=False, timeout=60).returncode == 0
