"""Asks a person in Prefect: the flow run is suspended, takes no worker meanwhile, and begins anew with the answer."""

from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field

from podium.decision import Decision
from podium.errors import UsageError
from podium.orders import registered_in
from podium.report import escaped


class Review(RunInput):
    """What a person answers: whether the promotion that waits is carried out, and who says so."""

    approve: bool = Field(description="Yes puts the model into production; no rejects it.")
    asked_by: str = Field(min_length=1, max_length=200, description="Who answers; it stands in the record.")


def answer_about(waiting: Decision) -> Review:
    """Return what a person answered about a decision that waits; the first time, the flow run is suspended here.

    No task, because only a flow run can be suspended.

    Raises:
        UsageError: the flow does not run as a deployment, so that nothing could take it up again.
    """
    if deployment.id is None:
        raise UsageError(
            "review asks in Prefect, which takes up only the runs of deployments: run the deployment review/review, "
            f"or `podium approve {waiting.decision_id}`"
        )
    target = registered_in(waiting)
    who = f"**{escaped(target.model_id)}** (version {target.version})"
    told = "\n".join(f"- {escaped(reason)}" for reason in waiting.content["reasons"])
    asked = Review.with_initial_data(f"{who} waits for approval, decision `{waiting.decision_id}`:\n\n{told}")
    return suspend_flow_run(wait_for_input=asked, key=waiting.decision_id)
