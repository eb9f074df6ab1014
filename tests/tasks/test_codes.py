"""The codes of outcomes and findings are those that the documentation explains, all of them and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from podium.staged import BROKEN
from tasks.migration import REFUSED
from tests.tasks.ugly import EXPECTED

PROJECT = Path(__file__).parents[2]
DOCS = (PROJECT / "docs" / "migration.md").read_text(encoding="utf-8")


def documented() -> tuple[set[str], set[str]]:
    """The codes of the two tables: of outcomes, and of findings."""
    section = DOCS.partition("## Codes")[2].partition("\n## ")[0]
    both = [set(re.findall(r"`([a-z-]+)`", "\n".join(_first_columns(part)))) for part in section.split("\n\nFindings")]
    return both[0], both[1]


def _first_columns(text: str) -> list[str]:
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of a name in the code."""
    for path in [*(PROJECT / "podium").glob("*.py"), *(PROJECT / "tasks").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def texts(nodes: Iterator[ast.expr | None]) -> set[str]:
    """The texts among some expressions that are written down."""
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def outcomes() -> set[str]:
    """The codes that some code gives an outcome."""
    found = list(calls("Outcome"))
    named = texts(word.value for call in found for word in call.keywords if word.arg == "code")
    return named | texts(call.args[5] for call in found if len(call.args) > 5) | {*REFUSED.values(), "cannot-load"}


def findings() -> set[str]:
    """The codes that some code gives a finding."""
    return texts(call.args[0] for call in calls("Problem")) | texts(call.args[2] for call in calls("_shared"))


def test_every_code_of_an_outcome_is_explained() -> None:
    """Those of models that cannot be migrated included, and no code is explained that there is not."""
    assert documented()[0] == outcomes() | BROKEN
    assert {code for _, code in EXPECTED.values()} <= documented()[0]


def test_every_code_of_a_finding_is_explained() -> None:
    """In one of the two tables."""
    assert documented()[1] == findings() - BROKEN
