"""Writes the verdict of a preview as Markdown, for a comment on a pull request.

``python -P -m deployments.ci.comment MIGRATE.json SELECT.json``: the documents of ``podium migrate`` and of ``podium
select --dry-run``. Names and reasons come from models and their metadata; none of it is taken for Markdown or HTML.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

SCRATCH = (
    "This was decided in a scratch store, without asking production: on merge the best is compared with the champion "
    "there, and replaces it only if the policy finds it better."
)
AWAITED = (
    "The policy asks for approval: a promotion on merge changes nothing in production before somebody runs "
    "`podium approve`."
)
LISTED = 10
LONGEST_LINE, LONGEST = 1_000, 60_000
"""Characters of what one model or reason says, and of the whole: GitHub refuses a comment of more than 65,536."""
LEFT_OUT = "The rest is left out: a comment does not hold it."
HEADLINES = {
    "promote": "would promote",
    "keep": "would keep the champion",
    "refuse": "refuses: nothing can be promoted",
    "not enough data": "has too few rows to tell, and would keep the champion",
}


def plain(text: object) -> str:
    """Return a text in which nothing is Markdown, HTML or a mention, bounded in length."""
    words = " ".join(str(text).split())
    words = words if len(words) <= LONGEST_LINE else f"{words[:LONGEST_LINE]}… ({len(words) - LONGEST_LINE} more)"
    line = re.sub(r"([\\`*_{}\[\]()#+!|~>])", r"\\\1", words)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace("@", "&#64;")


def comment(migrated: Mapping[str, Any], selected: Mapping[str, Any]) -> str:
    """Return the comment on a pull request."""
    named = f" {plain(selected['promoted'])}" if selected["promoted"] else ""
    once = ", once it is approved" if selected["awaits_approval"] else ""
    lines = [f"### Podium {HEADLINES[selected['verdict']]}{named}{once}", "", SCRATCH, ""]
    lines += [AWAITED, ""] if once else []
    lines += _listed(map(plain, selected["reasons"]), len(selected["reasons"]))
    lines += ["", *_ranking(selected["primary"], selected["ranking"])]
    if refused := migrated["quarantined"]:
        lines += ["", f"{len(refused)} staged models are not usable:", ""]
        lines += _listed((f"{plain(row['model_id'])}: {plain(row['reason'])}" for row in refused), len(refused))
    return _bounded(lines)


def _listed(told: Iterable[str], count: int) -> list[str]:
    """Return the first of what is told as a list, and how much more there is."""
    more = [f"- and {count - LISTED} more"] if count > LISTED else []
    return [*(f"- {text}" for text in islice(told, LISTED)), *more]


def _bounded(lines: Sequence[str]) -> str:
    """Return the lines that a comment takes, with a word on those that are left out."""
    lengths = accumulate(len(line) + 1 for line in lines)
    kept = [line for line, length in zip(lines, lengths, strict=True) if length <= LONGEST]
    return "\n".join([*kept, *(["", LEFT_OUT] if len(kept) < len(lines) else [])]) + "\n"


def _ranking(primary: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    ranked = [row for row in rows if row["place"]][:LISTED]
    if not ranked:
        return ["No candidate is ranked."]
    head = [f"| # | model | {plain(primary)} |", "| --: | --- | --: |"]
    return head + [f"| {row['place']} | {plain(row['model_id'])} | {_number(row['value'])} |" for row in ranked]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    documents = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3]]
    sys.stdout.write(comment(*documents))
