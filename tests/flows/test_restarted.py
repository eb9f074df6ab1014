"""The team hears what became of the stack even if none of its servers is there any more."""

import os
import subprocess
import sys
from pathlib import Path

from deployments.stack.home import StackHome
from tests.flows.projects import LOGISTIC, project
from tests.flows.receivers import Receiver

SAVING = """
import sys
from flows.cli import embedded
embedded.start()
embedded.await_ready()
from prefect.blocks.notifications import CustomWebhookNotificationBlock
body = {"subject": "{{subject}}", "body": "{{body}}"}
CustomWebhookNotificationBlock(name="team", url=sys.argv[1], json_data=body).save("team")
"""


def test_a_channel_of_a_block_hears_of_the_end_without_a_server(home: Path, made: Path, team: Receiver) -> None:
    """The block is read from the database of the stack's Prefect, which nobody serves."""
    channel = {"block": "custom-webhook/team"}
    config = project(home.parent, made, LOGISTIC, alerts={"channels": {"team": channel}})
    places = StackHome(home)
    places.make()
    known = {name: value for name, value in os.environ.items() if name not in ("PREFECT_API_URL",)}
    environment = {**known, "PREFECT_HOME": str(places.prefect), "PODIUM_CONFIG": str(config)}

    def run(*words: str) -> None:
        ended = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr

    run("-c", SAVING, f"http://{team.where}/hook")
    run("-P", "-m", "flows.cli.restarted", "given-up", "mlflow", "has ended (status 1), again and again")
    (said,) = team.got
    assert said["subject"] == "[critical] churn: podium up has ended: mlflow is given up"
    assert "has ended (status 1), again and again" in said["body"]
