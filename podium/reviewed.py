"""The names that honest models need, each reviewed: what a pickle may ask for, and what skops may be told to trust.

Whole packages would not do: ``numpy``, ``joblib`` and ``sklearn`` themselves hold callables that load, import or
execute what they are given. Functions are here to be held alone: no honest pickle calls one, and none of them executes
anything, whatever estimator, such as ``FunctionTransformer``, holds it.
"""

NUMPY_SCALARS = (
    "bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 str_ bytes_ object_"
)
KINDS_OF_NUMBERS = (
    "generic number integer signedinteger unsignedinteger inexact floating complexfloating flexible character"
)
ABSTRACT = frozenset(f"numpy.{name}" for name in KINDS_OF_NUMBERS.split())
"""Kinds of numbers, by which columns are chosen; nothing can be made of them."""
NUMPY_FUNCTIONS = (
    "abs absolute amax amin arccos arccosh arcsin arcsinh arctan arctanh around array asarray cbrt ceil clip cos cosh "
    "deg2rad degrees exp exp2 expm1 fabs floor isfinite isinf isnan log log10 log1p log2 logical_not max mean median "
    "min nan_to_num negative positive rad2deg radians ravel reciprocal reshape rint round sign signbit sin sinh sqrt "
    "square squeeze std sum tan tanh trunc var"
)
"""Of NumPy what computes on the rows it is given: none calls an argument, reads a file, or goes on without end."""
OF_SCIPY = (
    "_lib.array_api_compat.numpy._aliases.asarray special._special_ufuncs.expit special._special_ufuncs.logit "
    "special._ufuncs.expit special._ufuncs.logit"
)
"""SciPy has moved the latter; the first is what its splines make arrays with."""
SCORES = (
    "_mutual_info.mutual_info_classif _mutual_info.mutual_info_regression _univariate_selection.chi2 "
    "_univariate_selection.f_classif _univariate_selection.f_oneway _univariate_selection.f_regression "
    "_univariate_selection.r_regression"
)
TREES = "newObj BallTree BallTree32 BallTree64 KDTree KDTree32 KDTree64"
DISTANCES = (
    "newObj CanberraDistance CanberraDistance64 HammingDistance HammingDistance64 JaccardDistance JaccardDistance64 "
    "ChebyshevDistance ChebyshevDistance64 EuclideanDistance EuclideanDistance32 EuclideanDistance64 "
    "ManhattanDistance ManhattanDistance32 ManhattanDistance64 MinkowskiDistance MinkowskiDistance64 "
    "BrayCurtisDistance BrayCurtisDistance64 DiceDistance DiceDistance64 HaversineDistance HaversineDistance64 "
    "MahalanobisDistance MahalanobisDistance64 RogersTanimotoDistance RogersTanimotoDistance64 RussellRaoDistance "
    "RussellRaoDistance64 SEuclideanDistance SEuclideanDistance64 SokalSneathDistance SokalSneathDistance64"
)
"""Not among them: the one that calls a function. Trees are grown anew, which sees to it that the numbers fit."""
SPLITTERS = (
    "GroupKFold GroupShuffleSplit KFold LeaveOneOut PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit "
    "StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper"
)
METRICS = (
    "_classification.accuracy_score _classification.balanced_accuracy_score _classification.brier_score_loss "
    "_classification.cohen_kappa_score _classification.d2_brier_score _classification.d2_log_loss_score "
    "_classification.f1_score _classification.fbeta_score _classification.jaccard_score _classification.log_loss "
    "_classification.matthews_corrcoef _classification.precision_score _classification.recall_score "
    "_ranking.average_precision_score _ranking.roc_auc_score _ranking.top_k_accuracy_score "
    "_regression.d2_absolute_error_score _regression.explained_variance_score _regression.max_error "
    "_regression.mean_absolute_error _regression.mean_absolute_percentage_error _regression.mean_gamma_deviance "
    "_regression.mean_poisson_deviance _regression.mean_squared_error _regression.mean_squared_log_error "
    "_regression.median_absolute_error _regression.r2_score _regression.root_mean_squared_error "
    "_regression.root_mean_squared_log_error _scorer.negative_likelihood_ratio _scorer.positive_likelihood_ratio"
)
"""What the scorers of scikit-learn measure by, and Cohen's kappa."""
CLUSTERS = (
    "adjusted_mutual_info_score adjusted_rand_score completeness_score fowlkes_mallows_score homogeneity_score "
    "mutual_info_score normalized_mutual_info_score rand_score v_measure_score"
)
SIMILARITIES = (
    "additive_chi2_kernel chi2_kernel cosine_similarity laplacian_kernel linear_kernel polynomial_kernel rbf_kernel "
    "sigmoid_kernel"
)
FUNCTIONS = frozenset(
    {f"numpy.{name}" for name in NUMPY_FUNCTIONS.split()}
    | {f"scipy.{name}" for name in OF_SCIPY.split()}
    | {f"sklearn.feature_selection.{name}" for name in SCORES.split()}
    | {f"sklearn.metrics.{name}" for name in METRICS.split()}
    | {f"sklearn.metrics.cluster._supervised.{name}" for name in CLUSTERS.split()}
    | {f"sklearn.metrics.pairwise.{name}" for name in SIMILARITIES.split()}
)
"""Functions that compute, as settings of models: a pickle refers to them, and calls none."""
SCORERS = "_CurveScorer _PassthroughScorer _Scorer"
KERNELS = (
    "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Hyperparameter Matern Product RBF "
    "RationalQuadratic Sum WhiteKernel"
)
LOSSES = (
    "_loss.CyAbsoluteError _loss.CyExponentialLoss _loss.CyHalfBinomialLoss _loss.CyHalfGammaLoss "
    "_loss.CyHalfMultinomialLoss _loss.CyHalfPoissonLoss _loss.CyHalfSquaredError _loss.CyHalfTweedieLoss "
    "_loss.CyHalfTweedieLossIdentity _loss.CyHuberLoss _loss.CyPinballLoss link.HalfLogitLink link.IdentityLink "
    "link.Interval link.LogLink link.LogitLink link.MultinomialLogit loss.AbsoluteError loss.ExponentialLoss "
    "loss.HalfBinomialLoss loss.HalfGammaLoss loss.HalfMultinomialLoss loss.HalfPoissonLoss loss.HalfSquaredError "
    "loss.HalfTweedieLoss loss.HalfTweedieLossIdentity loss.HuberLoss loss.PinballLoss"
)
GONE = frozenset({"sklearn.metrics._scorer._passthrough_scorer"})
"""Names of versions whose models nothing brings up to date: they pass, to be refused by their version."""
FORMER_LOSSES = ("CyExponentialLoss", "CyHalfBinomialLoss", "CyHalfMultinomialLoss")
FORMER_DEVIANCES = ("BinomialDeviance", "ExponentialLoss", "MultinomialDeviance")
FORMER_SGD_LOSSES = ("EpsilonInsensitive", "Hinge", "Huber", "Log", "ModifiedHuber", "SquaredHinge", "SquaredLoss")
FORMER = (
    {f"sklearn._loss._loss.__pyx_unpickle_{name}" for name in FORMER_LOSSES}
    | {f"sklearn.ensemble._gb_losses.{name}" for name in FORMER_DEVIANCES}
    | {f"sklearn.linear_model._sgd_fast.{name}" for name in FORMER_SGD_LOSSES}
)
"""Names of earlier versions; where the installed ones do not have them, something harmless stands in."""
REVIEWED = (
    FUNCTIONS
    | {f"sklearn.neighbors._{tree}_tree.{name}" for tree in ("kd", "ball") for name in TREES.split()}
    | {f"sklearn.metrics._dist_metrics.{name}" for name in DISTANCES.split()}
    | {f"sklearn.metrics._scorer.{name}" for name in SCORERS.split()}
    | {f"sklearn._loss.{name}" for name in LOSSES.split()}
    | {f"sklearn.gaussian_process.kernels.{name}" for name in KERNELS.split()}
    | {f"sklearn.model_selection._split.{name}" for name in SPLITTERS.split()}
    | {
        "scipy.interpolate._bsplines.BSpline",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.impute._iterative._ImputerTriplet",
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "xgboost.callback.EarlyStopping",
    }
)
"""Functions and classes that compute, and do nothing else, whatever they are given."""
SPARSE = frozenset({f"scipy.sparse._{kind}.{kind}_{shape}" for kind in ("csr", "csc") for shape in ("matrix", "array")})
RECORDS = frozenset(
    f"numpy.{module}{name}"
    for module in ("", "rec.", "core.records.", "_core.records.")
    for name in ("record", "recarray")
)
"""Types of records whose fields are attributes, and arrays of these."""
OF_ARRAYS = frozenset(
    f"numpy.{core}.{name}"
    for core in ("core", "_core")
    for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
)
"""What makes arrays and their items; NumPy has moved it."""
ALLOWED = frozenset(
    {
        "builtins.bytearray",
        "builtins.bytes",
        "builtins.complex",
        "builtins.dict",
        "builtins.frozenset",
        "builtins.list",
        "builtins.object",
        "builtins.set",
        "builtins.slice",
        "builtins.tuple",
        "builtins.bool",
        "builtins.float",
        "builtins.int",
        "builtins.str",
        "builtins.range",
        "_codecs.encode",
        "copyreg._reconstructor",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.ma.MaskedArray",
        "numpy.ma.core.MaskedArray",
        "numpy.ma.core._mareconstruct",
        "numpy.random._pickle.__randomstate_ctor",
        "numpy.random._pickle.__generator_ctor",
        "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._mt19937.MT19937",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        "numpy.random._pcg64.PCG64",
        "numpy.random._pcg64.PCG64DXSM",
        "numpy.random._philox.Philox",
        "numpy.random._sfc64.SFC64",
        "sklearn.utils._bunch.Bunch",
        "sklearn.tree._tree.Tree",
        "sklearn.tree._tree.__pyx_unpickle_Tree",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "xgboost.core.Booster",
        "lightgbm.basic.Booster",
    }
    | OF_ARRAYS
    | RECORDS
    | {f"numpy.{kind}" for kind in NUMPY_SCALARS.split()}
    | ABSTRACT
    | FORMER
    | GONE
    | REVIEWED
    | SPARSE
)

BALANCING = "base.SMOTE base.SMOTEN base.SMOTENC cluster.KMeansSMOTE filter.BorderlineSMOTE filter.SVMSMOTE"
PROTOTYPES = (
    "_condensed_nearest_neighbour.CondensedNearestNeighbour _edited_nearest_neighbours.AllKNN "
    "_edited_nearest_neighbours.EditedNearestNeighbours _edited_nearest_neighbours.RepeatedEditedNearestNeighbours "
    "_instance_hardness_threshold.InstanceHardnessThreshold _nearmiss.NearMiss "
    "_neighbourhood_cleaning_rule.NeighbourhoodCleaningRule _one_sided_selection.OneSidedSelection "
    "_random_under_sampler.RandomUnderSampler _tomek_links.TomekLinks"
)
OF_IMBALANCED_LEARN = (
    {f"imblearn.over_sampling._smote.{name}" for name in BALANCING.split()}
    | {f"imblearn.under_sampling._prototype_selection.{name}" for name in PROTOTYPES.split()}
    | {
        "imblearn.combine._smote_enn.SMOTEENN",
        "imblearn.combine._smote_tomek.SMOTETomek",
        "imblearn.ensemble._bagging.BalancedBaggingClassifier",
        "imblearn.ensemble._easy_ensemble.EasyEnsembleClassifier",
        "imblearn.ensemble._forest.BalancedRandomForestClassifier",
        "imblearn.ensemble._weight_boosting.RUSBoostClassifier",
        "imblearn.over_sampling._adasyn.ADASYN",
        "imblearn.over_sampling._random_over_sampler.RandomOverSampler",
        "imblearn.pipeline.Pipeline",
        "imblearn.under_sampling._prototype_generation._cluster_centroids.ClusterCentroids",
    }
)
"""Resamplers, which do nothing once a model is trained, and what is trained with them."""
TRUSTED_IN_SKOPS = frozenset(
    {
        "builtins.object",
        "builtins.range",
        "collections.Counter",
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.impute._iterative.IterativeImputer",
        "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
        "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
        "sklearn.multiclass._ConstantPredictor",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRFClassifier",
        "xgboost.sklearn.XGBRFRegressor",
        "xgboost.sklearn.XGBRegressor",
    }
    | ABSTRACT
    | OF_IMBALANCED_LEARN
    | REVIEWED
    | SPARSE
)
"""Types beyond skops' own defaults that were reviewed: none of them runs code that a file brings along."""


KNOWN_PACKAGES = frozenset(
    {"imblearn", "joblib", "lightgbm", "mlflow", "numpy", "pandas", "scipy", "sklearn", "xgboost"}
)
"""Packages whose names are listed here as far as models need them: what else is asked of them is no model's wish."""
