"""Tells by its exit status whether a release has nothing to verify yet, as its promotion waits for approval.

``python -P -m deployments.ci.waiting SELECT.json``: the document of ``podium select``. Status 0, with a word on it,
where nothing is in production before the promotion is approved, else 3.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NO = 3


def is_waiting(selected: Mapping[str, Any]) -> bool:
    """Whether nothing is in production, and what was selected waits for approval."""
    return selected["awaits_approval"] and not selected["champion"]


def main(file: str) -> int:
    """Say for what is waited, if it is; return the exit status."""
    selected = json.loads(Path(file).read_text(encoding="utf-8"))
    if not is_waiting(selected):
        return NO
    how = f"podium approve {selected['decision_id']}"
    sys.stderr.write(f"nothing is verified: nothing is in production before the promotion is approved: {how}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
