"""What a comparison asks of a metric, whatever is predicted: labels (``podium.scores``) or numbers."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy.typing as npt

from podium.errors import PodiumError
from podium.measurement import Predictions
from podium.paired_tests import DeLong, McNemar
from podium.panels import Panel


class NotScorableError(PodiumError):
    """These predictions have no value under this metric; the message says why."""


class Goal(Protocol):
    """What predictions are scored against: a metric, and the truth (n,)."""

    @property
    def metric(self) -> str:
        """The metric's name, with its average."""

    @property
    def truth(self) -> npt.NDArray[Any]:
        """The truth, in an order of the goal's own."""

    @property
    def sign(self) -> int:
        """Return -1 for a metric of which less is better, else 1."""

    @property
    def rarest(self) -> tuple[str, int] | None:
        """The rarest class that the metric cannot do without, with its rows; None if there is none."""

    @property
    def effective_rows(self) -> int:
        """How many rows carry the score."""

    def check(self, said: Predictions) -> None:
        """Raise NotScorableError if some predictions do not fit the truth or lack what the metric needs."""

    def panel(self, models: Sequence[Predictions]) -> Panel:
        """Return the panel that scores some predictions; raises NotScorableError for those that cannot be."""

    def differing(self, one: Predictions, other: Predictions) -> int:
        """Return on how many rows two models do not say the same, in what the metric looks at."""

    def opinions(
        self, champion: Predictions, challenger: Predictions, confidence: float
    ) -> tuple[McNemar | None, DeLong | None]:
        """Return the tests that stand beside the bootstrap, None for those that do not apply."""
