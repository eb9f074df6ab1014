"""The fresh process of a verification: loads a model's files, uses it, and notes what it sees.

Started as ``python -m tasks.effects.observer`` with a JSON request on each line of standard input. It judges nothing;
that is done by ``podium.checks`` from what is noted here.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import mlflow.pyfunc  # noqa: F401 - what loading imports, ahead of the request
import numpy as np
import pandas as pd

from podium.reasons import reason_of
from tasks.effects.categories import needs_categories
from tasks.effects.conversion import pyfunc_predictions
from tasks.effects.kinds import PARITY, kind_of
from tasks.effects.logged import load_logged
from tasks.effects.passing import passed_on, raw_model
from tasks.effects.prediction import save_predictions
from tasks.effects.scoring import rows_for

UNSEEN = "a value that no training row had"
FEW = 5


class Observer:
    """Collects observations; what a model raises is an observation too."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.seen: dict[str, Any] = {"errors": {}}
        self._loaded: Any = None
        self._rows = pd.DataFrame()
        self._batch: Any = ()

    def observe(self) -> dict[str, Any]:
        """Return everything that was seen, stopping where the next step would have nothing to work on."""
        if self._try("loads", self._load) and self._try("predicts", self._predict) and self.seen["rows"]:
            self._try("single-rows", self._single_rows)
            self._try("missing-category", lambda: self._categories(None))
            self._try("unseen-category", lambda: self._categories(UNSEEN))
        return self.seen

    def _try(self, name: str, step: Callable[[], None]) -> bool:
        try:
            step()
        except Exception as error:
            self.seen["errors"][name] = f"{type(error).__name__}: {reason_of(error)}"
            return False
        return True

    def _load(self) -> None:
        started = time.perf_counter()
        self._loaded = load_logged(self.request)
        schema = self._loaded.metadata.get_input_schema()
        columns = f"{len(schema.inputs)} columns in, labels out" if schema else ""
        self.seen |= {"seconds": time.perf_counter() - started, "signature": columns}

    def _predict(self) -> None:
        rows = rows_for(self._loaded, self.request)
        self.seen["rows"] = 0 if rows is None else len(rows)
        if rows is not None:
            self._rows = rows
            save_predictions(
                pyfunc_predictions(kind_of(self.request), self._loaded, rows), Path(self.request["predictions"])
            )
            self._batch = np.asarray(passed_on(self._loaded, rows))

    def _single_rows(self) -> None:
        number = min(self.request["single_rows"], len(self._rows))
        timed = [self._one(i) for i in range(number)]
        different = sum(not _same(answer, self._batch[i]) for i, (answer, _) in enumerate(timed))
        latency = float(np.percentile([seconds for _, seconds in timed], 95)) * 1000
        self.seen |= {"single_rows": number, "single_differences": int(different), "latency_ms": latency}

    def _one(self, i: int) -> tuple[Any, float]:
        started = time.perf_counter()
        answer = np.asarray(passed_on(self._loaded, self._rows.iloc[[i]]))
        return answer[0], time.perf_counter() - started

    def _categories(self, value: str | None) -> None:
        """Ask about a few rows with each text column changed, all at once; one by one only where that fails."""
        texts = [c for c in self._rows.columns if not pd.api.types.is_numeric_dtype(self._rows[c])]
        self.seen["categories"] = texts
        changed = [self._changed(column, value) for column in texts]
        if not changed or self._answers(pd.concat(changed, ignore_index=True)):
            return
        for column, rows in zip(texts, changed, strict=True):
            if len(passed_on(self._loaded, rows)) != len(rows):
                raise ValueError(f"{column}: fewer answers than rows")

    def _changed(self, column: str, value: str | None) -> pd.DataFrame:
        few = self._rows.head(FEW).copy()
        given = pd.Series([value] * len(few), index=few.index, dtype="object")
        # A booster takes one that it does not know for none.
        known = needs_categories(raw_model(self._loaded), few[[column]])
        few[column] = given.astype(few[column].dtype) if known else given
        return few

    def _answers(self, rows: pd.DataFrame) -> bool:
        try:
            return len(passed_on(self._loaded, rows)) == len(rows)
        except Exception:
            return False


def _same(one: Any, other: Any) -> bool:
    """Whether two answers to a row are the same: a label, or the numbers of a booster within rounding."""
    if np.issubdtype(np.asarray(one).dtype, np.floating):
        return bool(np.allclose(one, other, rtol=PARITY, atol=PARITY))
    return bool(np.array_equal(one, other))


def main() -> None:
    """Say that it is ready, and observe what each line asks for; what the model prints is no answer."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _say(answers, "ready")
    for line in sys.stdin:
        request = json.loads(line)
        seen = Observer(request).observe()
        Path(request["result"]).write_text(json.dumps(seen), encoding="utf-8")
        _say(answers, "done")


def _say(answers: IO[str], word: str) -> None:
    answers.write(f"{word}\n")
    answers.flush()


if __name__ == "__main__":
    main()
