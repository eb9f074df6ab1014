"""Puts a verdict on a pull request as a comment, over that of an earlier run.

``python -P -m deployments.ci.posting NUMBER FILE``, in a job of GitHub Actions, with its token in ``GH_TOKEN``. The
first line of the file is its mark, which no reader sees: a comment of a bot that begins with the same mark is written
over. What people and other bots wrote is left alone.
"""

import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = 100
"""Comments that GitHub lists at once, at most."""
PATIENCE = 60.0
FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on GitHub, by its API. ``address`` is that of the repository there."""

    address: str
    token: str

    def comments(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield the comments of a pull request, the oldest first."""
        page = 1
        while found := self._ask("GET", f"issues/{number}/comments?per_page={PAGE}&page={page}"):
            yield from found
            page += 1

    def write(self, number: int, body: str) -> None:
        """Write a comment over the one with the same mark, or as a new one."""
        mine = next((c["id"] for c in self.comments(number) if is_ours(c, body.splitlines()[0])), None)
        if mine is None:
            self._ask("POST", f"issues/{number}/comments", {"body": body})
        else:
            self._ask("PATCH", f"issues/comments/{mine}", {"body": body})

    def _ask(self, method: str, path: str, content: dict[str, str] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        body = json.dumps(content).encode() if content else None
        request = urllib.request.Request(f"{self.address}/{path}", body, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 - GitHub names its address
            return json.load(reply)


def is_ours(comment: dict[str, Any], mark: str) -> bool:
    """Whether a comment is one that an earlier run wrote: a bot's, with the mark as its first line."""
    first = next(iter((comment["body"] or "").splitlines()), "")
    return comment["user"]["type"] == "Bot" and first == mark


def main(number: str, file: str) -> int:
    """Write the comment; return the exit status. Who may not comment is told so, and keeps the verdict of the job."""
    repository = Repository(
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}", os.environ["GH_TOKEN"]
    )
    try:
        repository.write(int(number), Path(file).read_text(encoding="utf-8"))
    except urllib.error.HTTPError as error:
        told = f"GitHub takes no comment on {number}: {error.code} {error.reason}; the verdict is in the job's summary"
        sys.stdout.write(f"::{'warning' if error.code == FORBIDDEN else 'error'}::{told}\n")
        return 0 if error.code == FORBIDDEN else 1
    except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
        why = " ".join(str(getattr(error, "reason", error)).split())
        sys.stdout.write(f"::error::GitHub cannot be told: {why}; the verdict is in the job's summary\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
