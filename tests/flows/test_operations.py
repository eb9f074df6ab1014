"""What operators read of a registration."""

from io import StringIO

import pytest
from rich.console import Console

from deployments.registering import Registered
from flows.cli.operations import show_registered


@pytest.mark.parametrize(
    ("before", "dry_run", "said"),
    [
        (None, False, ""),
        ("/srv/proj", False, "runs start in /srv, and no longer in /srv/proj\n"),
        ("/srv/proj", True, "runs would start in /srv, and no longer in /srv/proj\n"),
    ],
)
def test_a_move_of_the_folder_of_runs_is_said(before: str | None, dry_run: bool, said: str) -> None:
    """With both folders, and only where there is one."""
    text = StringIO()
    done = Registered("churn", "churn-writers", (), (), dry_run, True, "/srv", before)
    show_registered(Console(file=text, width=200), done.as_json())
    assert text.getvalue().partition("\n")[2] == said
