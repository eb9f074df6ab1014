"""The part of GitHub that a job needs: comments on a pull request, and a runner's way to run a step of a workflow."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.deployments.written import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "podium.yml"
REPOSITORY, NUMBER = "team/models", 7
COMMENTS = f"/repos/{REPOSITORY}/issues/{NUMBER}/comments"


@dataclass
class PullRequest:
    """A server on loopback that keeps the comments of one pull request. ``status`` is what it answers to writers."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    def __post_init__(self) -> None:
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                assert address.path == COMMENTS
                asked = {name: int(values[0]) for name, values in parse_qs(address.query).items()}
                start = (asked["page"] - 1) * asked["per_page"]
                self._answer(200, kept.comments[start : start + asked["per_page"]])

            def do_POST(self) -> None:
                assert self.path == COMMENTS
                self._written(lambda body: kept.say(body, "Bot"))

            def do_PATCH(self) -> None:
                start, _, number = self.path.rpartition("/")
                assert start == f"/repos/{REPOSITORY}/issues/comments"
                self._written(lambda body: kept.comments[int(number)].update(body=body))

            def _written(self, write: Any) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if kept.status == 200:
                    write(content["body"])
                self._answer(kept.status, {})

            def _answer(self, status: int, content: object) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, body: str, kind: str) -> None:
        """Add a comment of a User or a Bot."""
        self.comments.append({"id": len(self.comments), "body": body, "user": {"type": kind}})

    @property
    def bodies(self) -> list[str]:
        """What the comments say, the oldest first."""
        return [comment["body"] for comment in self.comments]

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


def run_step(
    job: str, name: str, folder: Path, values: Mapping[str, str], **runner: str
) -> "subprocess.CompletedProcess[str]":
    """Run a step of the workflow in a folder, as a runner does; ``values`` are those of its expressions."""
    (step,) = [step for step in yaml.safe_load(WORKFLOW.read_text())["jobs"][job]["steps"] if step["name"] == name]
    variables = {variable: _filled(str(text), values) for variable, text in step.get("env", {}).items()}
    source = folder / ".podium-source"
    if not source.exists():
        source.symlink_to(ROOT)
    return subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **runner, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of its expressions; one without a value is empty, as GitHub has it."""
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: values.get(found[1], ""), text)
