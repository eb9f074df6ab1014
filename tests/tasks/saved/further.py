"""Trains and saves models beside those of ``make.py``, with their labels, in whatever scikit-learn runs it.

``python tests/tasks/saved/further.py tests/tasks/saved/further`` writes ``scikit-learn-<version>.zip`` there. It was
run once by Python 3.11 with 1.5.2: what these keep was called otherwise then.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeClassifierCV
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

GENERATOR = np.random.default_rng(0)
ROWS = pd.DataFrame(GENERATOR.normal(size=(60, 3)).round(3), columns=list("abc"))
TWO = (ROWS["a"] + ROWS["b"] > 0).astype(int)
FINALS: dict[str, Any] = {
    "ridge": RidgeClassifier(),
    "ridge, searched": RidgeClassifierCV(),
    "self-training": SelfTrainingClassifier(LogisticRegression()),
    "threshold": TunedThresholdClassifierCV(LogisticRegression(), cv=2),
}


def main() -> None:
    """Write the archive of the installed version."""
    said: dict[str, Any] = {}
    target = Path(sys.argv[1], f"scikit-learn-{sklearn.__version__}.zip")
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        for name, final in FINALS.items():
            model = make_pipeline(StandardScaler(), final).fit(ROWS, TWO)
            said[f"{name}.joblib"] = model.predict(ROWS).tolist()
            with archive.open(f"{name}.joblib", "w") as file:
                joblib.dump(model, file)
        archive.writestr("said.json", json.dumps(said))
        archive.writestr("rows.json", ROWS.to_json(orient="records"))


if __name__ == "__main__":
    main()
