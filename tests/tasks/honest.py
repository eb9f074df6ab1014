"""Models that people train, small enough to train many: what the gate must let through."""

import collections
import decimal
import pathlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import imblearn.ensemble
import imblearn.over_sampling
import imblearn.pipeline
import imblearn.under_sampling
import numpy as np
import pandas as pd
from joblib import Memory
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy import sparse, special, stats
from sklearn import (
    calibration,
    compose,
    cross_decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    metrics,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - lets the imputer be imported
from sklearn.feature_extraction import text
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor
from xgboost.callback import EarlyStopping

GENERATOR = np.random.default_rng(0)
NUMBERS = pd.DataFrame(GENERATOR.normal(size=(60, 3)).round(3), columns=["a", "b", "c"])
MIXED = NUMBERS.assign(kind=[("low", "mid", "high")[i % 3] for i in range(60)])
TARGET = pd.Series((NUMBERS["a"] + NUMBERS["b"] > 0).astype(int), name="churn")
TEXTS = TARGET.map({0: "stays", 1: "goes"})
AMOUNT = pd.Series(1000 + 300 * NUMBERS["a"] - 100 * NUMBERS["b"] + 20 * NUMBERS["c"] ** 2, name="amount")
WORDS = NUMBERS.assign(words=[("stays happy", "goes away soon", "goes")[i % 3] for i in range(60)])
THREE = pd.Series([i % 3 for i in range(60)], name="class")


def logistic() -> Any:
    """A trained logistic regression, to do with as one likes."""
    return linear_model.LogisticRegression().fit(NUMBERS, TARGET)


def on_numbers(model: Any) -> Callable[[], Any]:
    """A model trained on three numbers."""
    return lambda: model.fit(NUMBERS, TARGET)


def on_mixed(final: Any) -> Callable[[], Any]:
    """A model trained behind a column transformer on numbers and a text column."""
    numeric = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    categorical = pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")
    )
    columns = compose.ColumnTransformer([("n", numeric, ["a", "b", "c"]), ("c", categorical, ["kind"])])
    return lambda: pipeline.Pipeline([("columns", columns), ("model", final)]).fit(MIXED, TARGET)


def on_sparse(final: Any) -> Callable[[], Any]:
    """A model trained on what an encoder makes of texts, which is a sparse matrix."""
    columns = compose.ColumnTransformer(
        [("c", preprocessing.OneHotEncoder(), ["kind"]), ("n", preprocessing.MaxAbsScaler(), ["a"])],
        sparse_threshold=1.0,
    )
    return lambda: pipeline.make_pipeline(columns, final).fit(MIXED, TARGET)


def on_resampled(kind: Any) -> Callable[[], Any]:
    """A model trained on resampled rows, in a pipeline of imbalanced-learn."""
    steps = [("rows", kind(random_state=0)), ("model", linear_model.LogisticRegression())]
    return lambda: imblearn.pipeline.Pipeline(steps).fit(NUMBERS, TARGET)


def with_attributes(model: Any, **values: Any) -> Any:
    """A model with what people keep beside what was trained."""
    vars(model).update(values)
    return model


def searched(**options: Any) -> Any:
    """A search over two models, as the options have it."""
    return model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, **{"cv": 2, **options})


def stopped_early() -> Any:
    """Boosted trees of XGBoost that stop when they get no better, behind a scaler."""
    stop = EarlyStopping(rounds=2, save_best=True)
    steps = [("scale", preprocessing.StandardScaler()), ("model", XGBClassifier(n_estimators=4, callbacks=[stop]))]
    rows = preprocessing.StandardScaler().fit_transform(NUMBERS)
    return pipeline.Pipeline(steps).fit(NUMBERS, TARGET, model__eval_set=[(rows, TARGET)], model__verbose=False)


def of_functions(*functions: Any, **keywords: Any) -> Any:
    """A model behind columns that functions make of each number."""
    made = [(f.__name__, preprocessing.FunctionTransformer(f, kw_args=keywords or None), ["a", "b"]) for f in functions]
    return pipeline.make_pipeline(compose.ColumnTransformer(made), linear_model.LogisticRegression())


def histograms(rows: pd.DataFrame, **options: Any) -> Callable[[], Any]:
    """Histogram gradient boosting on some rows, as the options have it."""
    return lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, **options).fit(rows, TARGET)


KINDS = MIXED.assign(kind=MIXED["kind"].astype("category"))
HISTOGRAMS: dict[str, Callable[[], Any]] = {
    "categories of pandas": histograms(KINDS),
    "categories by name": histograms(KINDS, categorical_features=["kind"]),
    "categories by number": histograms(NUMBERS.assign(c=NUMBERS["c"] > 0), categorical_features=[2]),
    "stopped early": histograms(NUMBERS, early_stopping=True),
    "stopped early by a score": histograms(NUMBERS, early_stopping=True, scoring="roc_auc"),
    "all of it": histograms(KINDS, early_stopping=True, scoring="f1"),
}
DISTANCES: dict[str, dict[str, Any]] = {
    "seuclidean": {"metric_params": {"V": np.array([1.0, 2.0, 3.0])}, "algorithm": "ball_tree"},
    "mahalanobis": {"metric_params": {"V": np.diag([1.0, 2.0, 3.0])}, "algorithm": "ball_tree"},
    "braycurtis": {"algorithm": "ball_tree"},
    "cosine": {},
}
SPLINES: dict[str, dict[str, Any]] = {
    "plain": {},
    "sparse": {"sparse_output": True},
    "periodic": {"extrapolation": "periodic"},
    "linear": {"extrapolation": "linear"},
}
DAYS = pd.date_range("2025-01-01", periods=3)
OF_PANDAS = {
    "days": DAYS,
    "in utc": DAYS.tz_localize("UTC"),
    "in berlin": DAYS.tz_localize("Europe/Berlin"),
    "in berlin, in rows": pd.DataFrame({"day": DAYS.tz_localize("Europe/Berlin")}),
    "by dateutil": DAYS.tz_localize("dateutil/Europe/Berlin"),
    "hours ahead": DAYS.tz_localize("+02:00"),
    "spans": DAYS - DAYS[0],
    "months": DAYS.to_period("M"),
    "bands": pd.interval_range(0, 3),
    "cut": pd.cut(AMOUNT, 3),
    "counts": pd.array([1, None], dtype="Int64"),
    "flags": pd.array([True, None], dtype="boolean"),
    "shares": pd.array([0.5, None], dtype="Float32"),
    "zeros": pd.arrays.SparseArray([0, 0, 1]),
    "types": MIXED.assign(day=DAYS[0], count=pd.array([1] * 60, dtype="Int8")).dtypes,
    "span": pd.Timedelta(1, "D"),
    "never": pd.NaT,
    "month": pd.Period("2025-01"),
    "band": pd.Interval(0, 1),
    "missing": pd.NA,
    "offset": pd.offsets.MonthEnd(),
    "months later": pd.DateOffset(months=1),
    "kinds": pd.CategoricalIndex(["a", "b"]),
}
"""What else people keep of pandas."""
RECORDS = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
OF_NUMPY = {
    "records": RECORDS,
    "one": RECORDS[0],
    "by attribute": RECORDS.view(np.recarray),
    "one by attribute": RECORDS.view(np.recarray)[0],
    "of pandas": NUMBERS.to_records(index=False),
    "with titles": np.array([(1, 2.0)], dtype=[(("count of something", "a"), "i4"), ("b", "f8")]),
    "with arrays": np.zeros(2, dtype=[("a", "f8", (2, 3)), ("b", "i4")]),
    "bytes": np.zeros(2, "V7"),
    "some bytes": np.zeros(2, "V7")[0],
    **{
        kind.__name__: np.random.Generator(kind(0))
        for kind in (np.random.MT19937, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)
    },
}
"""What else people keep of NumPy."""
RESAMPLED = {
    "more": imblearn.over_sampling.SMOTE,
    "copied": imblearn.over_sampling.RandomOverSampler,
    "fewer": imblearn.under_sampling.RandomUnderSampler,
}
SCALED = {
    "standard": preprocessing.StandardScaler(),
    "min-max": preprocessing.MinMaxScaler(),
    "robust": preprocessing.RobustScaler(),
    "power": preprocessing.PowerTransformer(),
    "quantile": preprocessing.QuantileTransformer(n_quantiles=10),
    "polynomial": preprocessing.PolynomialFeatures(),
    "bins": preprocessing.KBinsDiscretizer(n_bins=3, quantile_method="averaged_inverted_cdf"),
    "selected": feature_selection.SelectKBest(k=2),
    "variance": feature_selection.VarianceThreshold(),
}
HONEST: dict[str, Callable[[], Any]] = {
    "logistic regression": on_numbers(linear_model.LogisticRegression()),
    "logistic regression, searched": on_numbers(
        linear_model.LogisticRegressionCV(Cs=2, cv=2, use_legacy_attributes=False, scoring="accuracy", l1_ratios=(0,))
    ),
    "ridge": on_numbers(linear_model.RidgeClassifier()),
    "sgd": on_numbers(linear_model.SGDClassifier(loss="log_loss")),
    "decision tree": on_numbers(tree.DecisionTreeClassifier(max_depth=3)),
    "random forest": on_numbers(ensemble.RandomForestClassifier(n_estimators=3)),
    "extra trees": on_numbers(ensemble.ExtraTreesClassifier(n_estimators=3)),
    "gradient boosting": on_numbers(ensemble.GradientBoostingClassifier(n_estimators=3)),
    "hist gradient boosting": on_numbers(ensemble.HistGradientBoostingClassifier(max_iter=3)),
    "ada boost": on_numbers(ensemble.AdaBoostClassifier(n_estimators=3)),
    "bagging": on_numbers(ensemble.BaggingClassifier(n_estimators=3)),
    "gaussian bayes": on_numbers(naive_bayes.GaussianNB()),
    "bernoulli bayes": on_numbers(naive_bayes.BernoulliNB()),
    "neighbours": on_numbers(neighbors.KNeighborsClassifier()),
    "neighbours by ball tree": on_numbers(neighbors.KNeighborsClassifier(algorithm="ball_tree")),
    "support vectors": on_numbers(svm.SVC()),
    "linear support vectors": on_numbers(svm.LinearSVC()),
    "perceptron": on_numbers(neural_network.MLPClassifier((4,), max_iter=5)),
    "discriminant": on_numbers(discriminant_analysis.LinearDiscriminantAnalysis()),
    "quadratic discriminant": on_numbers(discriminant_analysis.QuadraticDiscriminantAnalysis()),
    "dummy": on_numbers(dummy.DummyClassifier()),
    "calibrated, sigmoid": on_numbers(calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2)),
    "calibrated, isotonic": on_numbers(
        calibration.CalibratedClassifierCV(tree.DecisionTreeClassifier(max_depth=2), cv=2, method="isotonic")
    ),
    "voting": on_numbers(
        ensemble.VotingClassifier([("l", linear_model.LogisticRegression()), ("x", XGBClassifier(n_estimators=2))])
    ),
    "stacking": on_numbers(
        ensemble.StackingClassifier(
            [("l", linear_model.LogisticRegression()), ("t", tree.DecisionTreeClassifier(max_depth=2))], cv=2
        )
    ),
    "searched": on_numbers(model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)),
    "threshold": on_numbers(model_selection.FixedThresholdClassifier(linear_model.LogisticRegression(), threshold=0.4)),
    "xgboost": on_numbers(XGBClassifier(n_estimators=3)),
    "xgboost forest": on_numbers(XGBRFClassifier(n_estimators=3)),
    "lightgbm": on_numbers(LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)),
    "columns and logistic regression": on_mixed(linear_model.LogisticRegression()),
    "columns and random forest": on_mixed(ensemble.RandomForestClassifier(n_estimators=3)),
    "columns and xgboost": on_mixed(XGBClassifier(n_estimators=3)),
    "columns and lightgbm": on_mixed(LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)),
    "columns and ordinals": lambda: pipeline.make_pipeline(
        compose.make_column_transformer((preprocessing.OrdinalEncoder(), ["kind"]), remainder="passthrough"),
        ensemble.RandomForestClassifier(n_estimators=3),
    ).fit(MIXED, TARGET),
    **{
        f"{name} and logistic regression": on_numbers(pipeline.make_pipeline(step, linear_model.LogisticRegression()))
        for name, step in SCALED.items()
    },
    "gaps filled in turns": lambda: pipeline.make_pipeline(
        impute.IterativeImputer(max_iter=2, random_state=0), linear_model.LogisticRegression()
    ).fit(NUMBERS.mask(NUMBERS.quantile(0.9) < NUMBERS), TARGET),
    "labels of text": lambda: linear_model.LogisticRegression().fit(NUMBERS, TEXTS),
    "three classes": lambda: linear_model.LogisticRegression().fit(NUMBERS, THREE),
    "columns chosen by pandas": lambda: pipeline.make_pipeline(
        compose.ColumnTransformer(
            [
                ("n", preprocessing.StandardScaler(), MIXED.select_dtypes("number").columns),
                ("c", preprocessing.OneHotEncoder(), MIXED.select_dtypes(exclude="number").columns),
            ]
        ),
        linear_model.LogisticRegression(),
    ).fit(MIXED, TARGET),
    "content of pandas beside it": lambda: with_attributes(
        logistic(),
        columns=NUMBERS.columns,
        plain=NUMBERS.columns.astype(object),
        sample=MIXED.head(3),
        target=TARGET,
        kinds=MIXED["kind"].astype("category"),
        saved_at=pd.Timestamp("2025-01-01"),
        day=datetime(2025, 1, 1, tzinfo=UTC),
        here=pd.Timestamp("2025-01-01", tz="America/Argentina/Buenos_Aires"),
        zones=[ZoneInfo("Europe/Berlin"), ZoneInfo.no_cache("UTC")],
    ),
    "content of numpy beside it": lambda: with_attributes(
        logistic(), importances=np.arange(3.0), names=np.array(["a", "b"], dtype=object), seed=np.random.default_rng(0)
    ),
    "searched at random": on_numbers(
        model_selection.RandomizedSearchCV(
            linear_model.LogisticRegression(), {"C": stats.loguniform(0.1, 1)}, n_iter=2, cv=2, random_state=0
        )
    ),
    "tuned threshold": on_numbers(
        model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), scoring="f1", cv=2)
    ),
    "calibrated, temperature": on_numbers(
        calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2, method="temperature")
    ),
    "one against the rest": lambda: multiclass.OneVsRestClassifier(linear_model.LogisticRegression()).fit(
        NUMBERS, THREE
    ),
    "gaussian process": on_numbers(gaussian_process.GaussianProcessClassifier(1.0 * gaussian_process.kernels.RBF())),
    "stacking of libraries": on_numbers(
        ensemble.StackingClassifier(
            [
                ("x", XGBClassifier(n_estimators=2)),
                ("l", LGBMClassifier(n_estimators=2, min_child_samples=2, verbose=-1)),
                ("f", ensemble.RandomForestClassifier(n_estimators=2)),
            ],
            cv=2,
        )
    ),
    "sparse columns": on_sparse(linear_model.LogisticRegression()),
    "sparse columns and trees": on_sparse(ensemble.RandomForestClassifier(n_estimators=2)),
    "sparse columns and neighbours": on_sparse(neighbors.KNeighborsClassifier()),
    "sparse columns and support vectors": on_sparse(svm.SVC()),
    "words": lambda: pipeline.make_pipeline(
        compose.make_column_transformer((text.TfidfVectorizer(), "words"), remainder="passthrough"),
        linear_model.LogisticRegression(),
    ).fit(WORDS, TARGET),
    **{f"{name} and {kind.__name__}": on_resampled(kind) for name, kind in RESAMPLED.items()},
    "balanced forest": on_numbers(imblearn.ensemble.BalancedRandomForestClassifier(n_estimators=3, random_state=0)),
    "balanced bagging": on_numbers(imblearn.ensemble.BalancedBaggingClassifier(n_estimators=2, random_state=0)),
    "easy ensemble": on_numbers(imblearn.ensemble.EasyEnsembleClassifier(n_estimators=2, random_state=0)),
    "boosting of fewer": on_numbers(imblearn.ensemble.RUSBoostClassifier(n_estimators=2, random_state=0)),
    "three classes by xgboost": lambda: XGBClassifier(n_estimators=2).fit(NUMBERS, THREE),
    "selected by information": on_numbers(
        pipeline.make_pipeline(
            feature_selection.SelectKBest(feature_selection.mutual_info_classif, k=2), linear_model.LogisticRegression()
        )
    ),
    **{
        f"searched by {name}": on_numbers(searched(scoring=name))
        for name in ("neg_brier_score", "jaccard", "top_k_accuracy", "positive_likelihood_ratio", "rand_score")
    },
    "searched by kappa": on_numbers(searched(scoring=metrics.make_scorer(metrics.cohen_kappa_score))),
    "searched over given rows": on_numbers(searched(cv=list(model_selection.KFold(2).split(NUMBERS)))),
    "searched over a range": on_numbers(
        model_selection.GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": range(1, 3)}, cv=2)
    ),
    "searched over an iterable": on_numbers(searched(cv=model_selection.check_cv([(range(40), range(40, 60))]))),
    "waves": on_numbers(of_functions(np.sin, np.cos, np.tanh, np.arctan)),
    "clipped": on_numbers(of_functions(np.clip, a_min=-1, a_max=1)),
    "without gaps": on_numbers(of_functions(np.nan_to_num, np.asarray, special.expit)),
    "means of rows": on_numbers(
        pipeline.make_pipeline(
            preprocessing.FunctionTransformer(np.asarray),
            preprocessing.FunctionTransformer(np.mean, kw_args={"axis": 1, "keepdims": True}),
            linear_model.LogisticRegression(),
        )
    ),
    **{
        f"splines, {name}": on_numbers(
            pipeline.make_pipeline(
                preprocessing.SplineTransformer(n_knots=4, **options), linear_model.LogisticRegression()
            )
        )
        for name, options in SPLINES.items()
    },
    **{
        f"support vectors, {kernel.__name__}": on_numbers(
            pipeline.make_pipeline(preprocessing.MinMaxScaler(), svm.SVC(kernel=kernel))
        )
        for kernel in (metrics.pairwise.rbf_kernel, metrics.pairwise.laplacian_kernel)
    },
    "support vectors, a kernel of two": on_numbers(
        pipeline.make_pipeline(
            preprocessing.StandardScaler(),
            svm.SVC(kernel=1.0 * gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel()),
        )
    ),
    "stopped early": stopped_early,
    **{f"histograms, {name}": make for name, make in HISTOGRAMS.items()},
    **{
        f"neighbours by {metric}": on_numbers(neighbors.KNeighborsClassifier(metric=metric, **options))
        for metric, options in DISTANCES.items()
    },
    "neighbours on a globe": lambda: neighbors.KNeighborsClassifier(metric="haversine", algorithm="ball_tree").fit(
        NUMBERS[["a", "b"]], TARGET
    ),
    "remembered": on_numbers(
        pipeline.make_pipeline(
            preprocessing.StandardScaler(), linear_model.LogisticRegression(), memory=Memory(location=None)
        )
    ),
    "further content of pandas beside it": lambda: with_attributes(logistic(), **OF_PANDAS),
    "further content of numpy beside it": lambda: with_attributes(logistic(), **OF_NUMPY),
    "content of python beside it": lambda: with_attributes(
        logistic(),
        counts=collections.Counter(TEXTS),
        path=pathlib.Path("/models/churn.pkl"),
        pure=pathlib.PureWindowsPath("c:/models"),
        price=decimal.Decimal("1.5"),
        id=uuid.UUID(int=7),
    ),
    "sparse numbers beside it": lambda: with_attributes(
        logistic(),
        **{
            f"{kind} {shape}": getattr(sparse, f"{kind}_{shape}")(np.eye(3))
            for kind in ("csr", "csc", "coo", "dia", "bsr", "lil", "dok")
            for shape in ("matrix", "array")
        },
    ),
}


def of_amount(model: Any) -> Callable[[], Any]:
    """A model of a number, trained on three numbers."""
    return lambda: model.fit(NUMBERS, AMOUNT)


REGRESSORS: dict[str, Callable[[], Any]] = {
    "linear": of_amount(linear_model.LinearRegression()),
    "ridge": of_amount(linear_model.Ridge()),
    "ridge, searched": of_amount(linear_model.RidgeCV()),
    "lasso": of_amount(linear_model.Lasso()),
    "elastic net": of_amount(linear_model.ElasticNetCV(cv=2)),
    "huber": of_amount(linear_model.HuberRegressor(max_iter=1000)),
    "poisson": of_amount(linear_model.PoissonRegressor()),
    "gamma": of_amount(linear_model.GammaRegressor()),
    "tweedie": of_amount(linear_model.TweedieRegressor(power=1.5)),
    "bayesian ridge": of_amount(linear_model.BayesianRidge()),
    "sgd": of_amount(pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.SGDRegressor())),
    "quantile": of_amount(linear_model.QuantileRegressor()),
    "decision tree": of_amount(tree.DecisionTreeRegressor(max_depth=3)),
    "random forest": of_amount(ensemble.RandomForestRegressor(n_estimators=3)),
    "extra trees": of_amount(ensemble.ExtraTreesRegressor(n_estimators=3)),
    "gradient boosting": of_amount(ensemble.GradientBoostingRegressor(n_estimators=3)),
    "gradient boosting, huber": of_amount(ensemble.GradientBoostingRegressor(n_estimators=3, loss="huber")),
    "gradient boosting, quantile": of_amount(ensemble.GradientBoostingRegressor(n_estimators=3, loss="quantile")),
    **{
        f"hist gradient boosting, {loss}": of_amount(
            ensemble.HistGradientBoostingRegressor(max_iter=3, loss=loss, quantile=0.5 if loss == "quantile" else None)
        )
        for loss in ("squared_error", "absolute_error", "gamma", "poisson", "quantile")
    },
    "hist gradient boosting, stopped early by a score": of_amount(
        ensemble.HistGradientBoostingRegressor(max_iter=3, early_stopping=True, scoring="r2")
    ),
    "ada boost": of_amount(ensemble.AdaBoostRegressor(n_estimators=3)),
    "bagging": of_amount(ensemble.BaggingRegressor(n_estimators=3)),
    "neighbours": of_amount(neighbors.KNeighborsRegressor()),
    "support vectors": of_amount(svm.SVR()),
    "linear support vectors": of_amount(svm.LinearSVR()),
    "perceptron": of_amount(neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5)),
    "partial least squares": of_amount(cross_decomposition.PLSRegression()),
    "dummy": of_amount(dummy.DummyRegressor()),
    "voting": of_amount(
        ensemble.VotingRegressor([("l", linear_model.LinearRegression()), ("x", XGBRegressor(n_estimators=2))])
    ),
    "stacking": of_amount(
        ensemble.StackingRegressor(
            [("l", linear_model.LinearRegression()), ("t", tree.DecisionTreeRegressor(max_depth=2))], cv=2
        )
    ),
    "searched": of_amount(
        model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}, cv=2, scoring="r2")
    ),
    "selected by information": of_amount(
        pipeline.make_pipeline(
            feature_selection.SelectKBest(feature_selection.mutual_info_regression, k=2), linear_model.Ridge()
        )
    ),
    "searched by the deviance": of_amount(
        model_selection.GridSearchCV(
            linear_model.PoissonRegressor(), {"alpha": [0.1, 1.0]}, cv=2, scoring="neg_mean_poisson_deviance"
        )
    ),
    "of the logarithm": of_amount(
        compose.TransformedTargetRegressor(linear_model.LinearRegression(), func=np.log1p, inverse_func=np.expm1)
    ),
    "xgboost": of_amount(XGBRegressor(n_estimators=3)),
    "xgboost forest": of_amount(XGBRFRegressor(n_estimators=3)),
    "lightgbm": of_amount(LGBMRegressor(n_estimators=3, min_child_samples=2, verbose=-1)),
}
