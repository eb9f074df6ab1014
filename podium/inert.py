"""Names of what lies in honest models and no answer needs: it is noted while a model is loaded, and never imported."""

from collections.abc import Mapping

OFFSETS = (
    "BDay BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd BusinessDay BusinessHour "
    "BusinessMonthBegin BusinessMonthEnd CustomBusinessDay DateOffset Day Easter FY5253 FY5253Quarter Hour Micro Milli "
    "Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin SemiMonthEnd Tick Week WeekOfMonth "
    "LastWeekOfMonth YearBegin YearEnd"
)
OF_PANDAS = (
    "_new_Index Index RangeIndex Int64Index UInt64Index Float64Index NumericIndex CategoricalIndex MultiIndex "
    "FrozenList DatetimeIndex _new_DatetimeIndex TimedeltaIndex _new_TimedeltaIndex PeriodIndex _new_PeriodIndex "
    "IntervalIndex _new_IntervalIndex Series DataFrame BlockManager SingleBlockManager _unpickle_block new_block "
    "__pyx_unpickle_NDArrayBacked Categorical ArrowStringArray ArrowStringArrayNumpySemantics ArrowExtensionArray "
    "StringArray NumpyExtensionArray PandasArray DatetimeArray TimedeltaArray PeriodArray IntervalArray IntegerArray "
    "BooleanArray FloatingArray SparseArray IntIndex BlockIndex Flags ArrowDtype CategoricalDtype StringDtype "
    "BooleanDtype DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype "
    "UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype Float64Dtype NumpyEADtype PandasDtype NA C_NA "
    "_unpickle_timestamp _timedelta_unpickle _nat_unpickle Timestamp Timedelta Period Interval"
)
DISTRIBUTIONS = (
    "rv_continuous_frozen uniform_gen loguniform_gen reciprocal_gen norm_gen lognorm_gen truncnorm_gen halfnorm_gen "
    "expon_gen beta_gen gamma_gen"
)
FORMATS = " ".join(f"{kind}_{shape}" for kind in ("bsr", "coo", "dia", "dok", "lil") for shape in ("array", "matrix"))
"""Sparse numbers as no trained model keeps them, which compiled code follows without a look."""
INERT: Mapping[str, frozenset[str]] = {
    package: frozenset(names.split())
    for package, names in {
        "pandas.": f"{OF_PANDAS} {OFFSETS}",
        "dateutil.relativedelta.": "relativedelta",
        "dateutil.tz.": "tzutc tzlocal tzoffset tzfile tzrange tzstr _ttinfo",
        "pytz.": "_UTC _p FixedOffset",
        "zoneinfo.": "ZoneInfo",
        "pyarrow.lib.": "_restore_array type_for_alias py_buffer",
        "datetime.": "datetime date time timezone timedelta tzinfo",
        "decimal.": "Decimal",
        "pathlib.": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
        "uuid.": "UUID",
        "scipy.stats._distn_infrastructure.": DISTRIBUTIONS,
        "scipy.stats._continuous_distns.": DISTRIBUTIONS,
        "scipy.sparse.": FORMATS,
        "sklearn.cluster._birch.": "_CFNode _CFSubcluster",
        "xgboost.callback.": "EvaluationMonitor LearningRateScheduler TrainingCallback TrainingCheckPoint",
        "xgboost.collective.": "communicator_print",
        "xgboost.rabit.": "tracker_print",
        "joblib.memory.": "Memory",
        "joblib._store_backends.": "FileSystemStoreBackend StoreBackendBase",
    }.items()
}
"""Names by the package, or the module, that they are in."""


def is_inert(module: str, name: str) -> bool:
    """Whether a name is only noted while loading, and something harmless stands in for it."""
    return any(name in names and f"{module}.".startswith(package) for package, names in INERT.items())
