"""Which names the pickle of an honest model needs: everything else is refused before it is imported.

An allow-list of whole packages would not do: ``numpy``, ``joblib`` and ``sklearn`` themselves hold callables that load,
import or execute what they are given. So names are listed one by one; of scikit-learn, XGBoost and LightGBM the
estimator classes are allowed by rule, because an estimator is built without running its arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass

NUMPY_SCALARS = (
    "bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 str_ bytes_ object_"
)
ALLOWED = frozenset(
    {
        "builtins.bytearray",
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
        "collections.OrderedDict",
        "collections.defaultdict",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.random._pickle.__randomstate_ctor",
        "numpy.random._pickle.__generator_ctor",
        "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._mt19937.MT19937",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        "numpy.random._pcg64.PCG64",
        "scipy.sparse._csr.csr_matrix",
        "scipy.sparse._csc.csc_matrix",
        "sklearn.utils._bunch.Bunch",
        "sklearn.tree._tree.Tree",
        "sklearn.tree._tree.__pyx_unpickle_Tree",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._gb_losses.BinomialDeviance",
        "xgboost.core.Booster",
        "lightgbm.basic.Booster",
    }
    | {
        f"numpy.{core}.{name}"
        for core in ("core", "_core")
        for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
    }
    | {f"numpy.{kind}" for kind in NUMPY_SCALARS.split()}
)

ESTIMATOR_PACKAGES = ("sklearn.", "xgboost.", "lightgbm.", "imblearn.")
CALLS_WHAT_IT_IS_GIVEN = frozenset({"FunctionTransformer"})

TRUSTED_IN_SKOPS = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "numpy.dtype",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.compose._column_transformer._RemainderColsList",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRFClassifier",
    }
)
"""Types beyond skops' own defaults that were reviewed: none of them runs code that a file brings along."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a pickle may use a name; ``estimator`` means: only if it turns out to be an estimator class."""

    allowed: bool
    estimator: bool
    reason: str


def rule_on(module: str, name: str, extra: Iterable[str] = ()) -> Ruling:
    """Return the ruling on one global of a pickle, before anything is imported.

    A dotted ``name`` would walk from an allowed object to whatever hangs on it, and is always refused.
    """
    full = f"{module}.{name}"
    if "." in name or name.startswith("__import"):
        return Ruling(False, False, f"{full} reaches through an attribute")
    if full in ALLOWED or full in frozenset(extra):
        return Ruling(True, False, f"{full} is listed")
    may_be = module.startswith(ESTIMATOR_PACKAGES) and name[:1].isupper() and name not in CALLS_WHAT_IT_IS_GIVEN
    if may_be:
        return Ruling(True, True, f"{full} is allowed if it is an estimator class")
    return Ruling(False, False, f"the pickle asks for {full}, which no honest model needs")


def named_in(schema: str, types: Iterable[str]) -> list[str]:
    """Return the types whose class and module both occur in the text of a skops schema, sorted.

    It may name one too many, never one too few; all of them have been reviewed.
    """
    parts = {full: full.rpartition(".") for full in types}
    return sorted(
        full for full, (module, _, name) in parts.items() if f'"{name}"' in schema and f'"{module}"' in schema
    )
