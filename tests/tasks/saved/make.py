"""Trains and saves one small model of each kind, with its answers, in whatever versions are installed where it runs.

``python tests/tasks/saved/make.py tests/tasks/saved`` writes ``scikit-learn-<version>.zip`` there. It was run once by
Python 3.11 with each pair of scikit-learn and XGBoost (and LightGBM): 1.3.2 and 1.7.6 (3.3.5), 1.4.2 and 2.0.3 (4.3.0),
1.5.2 and 2.1.4 (4.5.0), 1.6.1 and 3.0.5, 1.7.2 and 3.1.3, 1.8.0 and 3.2.0 (4.6.0). ``before`` has files of 1.1.3 that
nothing brings up to date, made by the same without the encoder of targets, which came later.
"""

import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pandas as pd
import sklearn
import xgboost
from sklearn import (
    calibration,
    compose,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    model_selection,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

GENERATOR = np.random.default_rng(0)
NUMBERS = pd.DataFrame(GENERATOR.normal(size=(60, 3)).round(3), columns=list("abc"))
MIXED = NUMBERS.assign(kind=[("low", "mid", "high")[i % 3] for i in range(60)])
TWO = (NUMBERS["a"] + NUMBERS["b"] > 0).astype(int)
THREE = pd.Series([i % 3 for i in range(60)])
ASKED = 5

Logistic, Tree = linear_model.LogisticRegression, tree.DecisionTreeClassifier


def boosted() -> Any:
    """A small XGBoost classifier."""
    return xgboost.XGBClassifier(n_estimators=3, max_depth=2)


def light() -> Any:
    """A small LightGBM classifier."""
    return lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)


def forest() -> Any:
    """A small random forest."""
    return ensemble.RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)


def estimators() -> dict[str, Any]:
    """One of each kind, for numbers and two classes."""
    two = [("l", Logistic()), ("t", Tree(max_depth=2))]
    return {
        "ada": ensemble.AdaBoostClassifier(n_estimators=3),
        "bagging": ensemble.BaggingClassifier(n_estimators=3),
        "bernoulli": naive_bayes.BernoulliNB(),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=3),
        "calibrated": calibration.CalibratedClassifierCV(Logistic(), cv=2),
        "dummy": dummy.DummyClassifier(),
        "exponential": ensemble.GradientBoostingClassifier(n_estimators=3, loss="exponential"),
        "extra": ensemble.ExtraTreesClassifier(n_estimators=3, max_depth=3),
        "forest": forest(),
        "gaussian": naive_bayes.GaussianNB(),
        "histogram": ensemble.HistGradientBoostingClassifier(max_iter=3),
        "isotonic": calibration.CalibratedClassifierCV(Tree(max_depth=2), cv=2, method="isotonic"),
        "lightgbm": light(),
        "linear discriminant": discriminant_analysis.LinearDiscriminantAnalysis(),
        "logistic": Logistic(),
        "logistic, searched": linear_model.LogisticRegressionCV(Cs=2, cv=2),
        "neighbours": neighbors.KNeighborsClassifier(),
        "perceptron": neural_network.MLPClassifier((3,), max_iter=5),
        "quadratic discriminant": discriminant_analysis.QuadraticDiscriminantAnalysis(),
        "searched": model_selection.GridSearchCV(Logistic(), {"C": [0.1, 1.0]}, cv=2),
        "sgd": linear_model.SGDClassifier(loss="log_loss"),
        "stacking": ensemble.StackingClassifier(two, cv=2),
        "support vectors": svm.SVC(probability=True),
        "tree": Tree(max_depth=3),
        "voting": ensemble.VotingClassifier(two, voting="soft"),
        "xgboost": boosted(),
        "xgboost forest": xgboost.XGBRFClassifier(n_estimators=3, max_depth=2),
    }


TRANSFORMERS: dict[str, Any] = {
    "bins": preprocessing.KBinsDiscretizer(n_bins=3),
    "components": decomposition.PCA(2),
    "constant": impute.SimpleImputer(strategy="constant", fill_value=0),
    "function": preprocessing.FunctionTransformer(np.abs),
    "imputed by neighbours": impute.KNNImputer(),
    "indicator": impute.SimpleImputer(add_indicator=True),
    "min-max": preprocessing.MinMaxScaler(),
    "norm": preprocessing.Normalizer(),
    "polynomial": preprocessing.PolynomialFeatures(),
    "power": preprocessing.PowerTransformer(),
    "quantile": preprocessing.QuantileTransformer(n_quantiles=10),
    "robust": preprocessing.RobustScaler(),
    "selected": feature_selection.SelectKBest(k=2),
    "standard": preprocessing.StandardScaler(),
}
ENCODERS: dict[str, Any] = {
    "one-hot, first dropped": preprocessing.OneHotEncoder(drop="first"),
    "one-hot, rare": preprocessing.OneHotEncoder(min_frequency=25, handle_unknown="infrequent_if_exist"),
    "ordinal": preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": preprocessing.TargetEncoder(cv=2),
}


def three() -> dict[str, Any]:
    """Those that treat three classes in a way of their own."""
    many = {
        "three, ada": ensemble.AdaBoostClassifier(n_estimators=3),
        "three, boosting": ensemble.GradientBoostingClassifier(n_estimators=3),
        "three, forest": forest(),
        "three, histogram": ensemble.HistGradientBoostingClassifier(max_iter=3),
        "three, lightgbm": light(),
        "three, logistic": Logistic(),
        "three, support vectors": svm.SVC(probability=True),
        "three, xgboost": boosted(),
    }
    if "multi_class" in Logistic().get_params():
        many["three, against the rest"] = Logistic(multi_class="ovr")
        many["three, liblinear"] = Logistic(solver="liblinear")
    return many


def columns(final: Any) -> Any:
    """A pipeline with a column transformer, as churn models have."""
    numeric = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    text = pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")
    )
    split = compose.ColumnTransformer([("n", numeric, ["a", "b", "c"]), ("c", text, ["kind"])])
    return pipeline.Pipeline([("columns", split), ("model", final)])


def encoded(encoder: Any) -> Any:
    """A pipeline that encodes one column and lets the others through."""
    split = compose.ColumnTransformer([("c", encoder, ["kind"])], remainder="passthrough")
    return pipeline.Pipeline([("columns", split), ("model", Logistic())])


def selected() -> Any:
    """A pipeline that chooses columns by their type."""
    return pipeline.make_pipeline(
        compose.make_column_transformer(
            (preprocessing.StandardScaler(), compose.make_column_selector(dtype_include=np.number)),
            (preprocessing.OneHotEncoder(), compose.make_column_selector(dtype_include=object)),
        ),
        Logistic(),
    )


def trained() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    """Give the name, the trained model, and the rows of each."""
    behind = {name: pipeline.make_pipeline(step, Logistic()) for name, step in TRANSFORMERS.items()}
    for name, model in {**estimators(), **behind}.items():
        yield name, model.fit(NUMBERS, TWO), NUMBERS
    for name, model in three().items():
        yield name, model.fit(NUMBERS, THREE), NUMBERS
    finals = {"logistic": Logistic(), "forest": forest(), "xgboost": boosted(), "lightgbm": light()}
    mixed = {f"columns, {name}": columns(final) for name, final in finals.items()}
    mixed |= {name: encoded(encoder) for name, encoder in ENCODERS.items()} | {"columns by type": selected()}
    for name, model in mixed.items():
        yield name, model.fit(MIXED, TWO), MIXED


def natives(folder: Path) -> Iterator[tuple[str, Any]]:
    """Write the formats of the libraries and give each file's name with the classifier it came from."""
    model, other = boosted().fit(NUMBERS, TWO), light().fit(NUMBERS, TWO)
    writers: dict[str, Callable[[str], Any]] = {
        **{f"xgboost{suffix}": model.save_model for suffix in (".json", ".ubj", ".bin")},
        "lightgbm.txt": other.booster_.save_model,
    }
    for name, write in writers.items():
        write(str(folder / name))
        yield name, model if name.startswith("xgboost") else other


def main() -> None:
    """Write the archive of the installed versions."""
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, model, rows in trained():
            joblib.dump(model, folder / f"{name}.joblib")
            said[f"{name}.joblib"] = model.predict_proba(rows.head(ASKED)).tolist()
        for name, model in natives(folder):
            said[name] = model.predict_proba(NUMBERS.head(ASKED)).tolist()
        told = {"scikit-learn": sklearn.__version__, "xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__}
        (folder / "said.json").write_text(json.dumps({"versions": told, "said": said}))
        MIXED.head(ASKED).to_json(folder / "rows.json", orient="records")
        target = Path(sys.argv[1], f"scikit-learn-{sklearn.__version__}.zip")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)


if __name__ == "__main__":
    main()
