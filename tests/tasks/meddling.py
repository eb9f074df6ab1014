"""Staged files whose names are all listed, and that do harm by what they give to them or by leading the walk astray.

Each writes a witness where it succeeds, or reads memory that is not its own.
"""

import copyreg
import ctypes
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from scipy.interpolate import BSpline
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.metrics._scorer import _PassthroughScorer, _Scorer
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection._split import _CVIterableWrapper
from xgboost import XGBClassifier

from tests.tasks.hostile import Calls, Maker, _described, _dtype, _wrapper, command, dumped, short
from tests.tasks.nearly import NEARLY

ESTIMATOR = b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n)\x81"
SECRET = ctypes.create_string_buffer(b"not for a model to read")


class _Pairs(dict[str, Any]):
    """Pickles as a call of ``dict`` on pairs, so that no opcode sets its keys."""

    def __reduce__(self) -> Any:
        return dict, (list(self.items()),)


class _Estimator:
    """Pickles as an estimator with a state whose keys nobody sees."""

    def __init__(self, **state: Any) -> None:
        self.state = _Pairs(_sklearn_version=sklearn.__version__, **state)

    def __reduce__(self) -> Any:
        return LogisticRegression, (), self.state


def _writes_a_file(witness: Path) -> Any:
    """An object made by a scorer, which asks a model to save itself to the path that it is made of."""
    rows = pd.DataFrame({"a": [0.0, 1.0]})
    model = XGBClassifier(n_estimators=1, max_depth=1).fit(rows, [0, 1])
    search = GridSearchCV(model, {})
    search.best_estimator_, search.refit, search.scoring, search.multimetric_ = model, True, None, False
    search.scorer_ = _Scorer(accuracy_score, 1, {}, "save_model")
    base = _Estimator(__new__=_PassthroughScorer(search), __init__=object)
    return Calls(copyreg._reconstructor, search, base, str(witness))  # type: ignore[attr-defined]


def _memory() -> dict[str, Any]:
    return {"data": (ctypes.addressof(SECRET), False), "shape": (8,), "typestr": "|u1", "version": 3}


def _behind(passed: int, read: int, witness: Path) -> bytes:
    """Bytes of which the walk passes over some, and the unpickler over more, to find a command there."""
    hidden = b"0cos\nsystem\n(" + command(witness) + b"tR."
    covered = read - passed - 9
    text = b"\x8e" + struct.pack("<Q", covered + len(hidden)) + b"\0" * covered + hidden
    return b"\0" * passed + text + b"0."


def _behind_a_frame(hidden: bytes) -> bytes:
    """A pickle that ends inside its frame, of which the rest makes a text of what follows for whoever reads on."""
    return b"\x80\x04\x95" + struct.pack("<Q", 7) + b"N." + b"B" + struct.pack("<I", len(hidden)) + hidden + b"."


def _array(dtype: str) -> bytes:
    """One item, described as joblib does."""
    return _described(b"K\x01\x85", _dtype(dtype), short("subclass") + b"cnumpy\nndarray\n")


def _empty() -> bytes:
    """An array before it is given a state."""
    return b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"


def _state(length: int) -> bytes:
    """The state of an array of bytes."""
    return b"(K\x01K" + bytes([length]) + b"\x85" + _dtype("i1") + b"\x89C" + bytes([length]) + b"\0" * length + b"t"


def _twice() -> bytes:
    """An array that is given its state twice."""
    return _empty() + _state(8) + b"b" + _state(64) + b"b"


def _path(witness: Path) -> bytes:
    return b"V" + str(witness).encode() + b"\n"


def _long_keys() -> bytes:
    return b"".join(short(f"k{i}") + b"N" for i in range(61))


def _record(state: bytes, size: int = 8) -> bytes:
    """A type of records with a state of one's own, without its flags."""
    return _dtype(f"V{size}") + b"(K\x03" + short("|") + state + b"K" + bytes([size]) + b"K\x01K\x10tb"


def _growing() -> bytes:
    """A record that is told its size after it became a field of another."""
    inner = b"cnumpy\nrecord\nq\x010cnumpy\ndtype\n(h\x01\x89\x88tRq\x020"
    field = b"N" + short("a") + b"\x85}" + short("a") + b"h\x02K\x00\x86s"
    grown = b"h\x02(K\x03" + short("|") + b"NNNK\xc8K\x01K\x10tb"
    return b"\x80\x04" + inner + _record(field) + b"0" + grown + b"."


LED_ASTRAY: dict[str, Maker] = {
    "a type with no size in its name": lambda w: _wrapper(_described(b"K\x14\x85", _dtype("d")), _behind(20, 160, w)),
    "a shape under a computed key": lambda w: _wrapper(
        _described(b"K\x01\x85", _dtype("f8"), b"cbuiltins\nstr\n" + short("shape") + b"\x85RK\x14\x85"),
        _behind(8, 160, w),
    ),
    "a shape told again after many keys": lambda w: _wrapper(
        _described(b"K\x01\x85", _dtype("f8"), _long_keys() + short("shape") + b"K\x14\x85"), _behind(8, 160, w)
    ),
    "a size in the state of a type": lambda w: _wrapper(
        _described(b"K\x01\x85", _dtype("S8") + b"(K\x03" + short("|") + b"NNNK\xa0K\x01K\x00tb"), _behind(8, 160, w)
    ),
    "an array where nobody reads it": lambda w: _wrapper(
        _described(b"K\x01\x85", _dtype("O8")),
        _wrapper(_described(b"K\x14\x85", _dtype("f8")), b"0cos\nsystem\n(" + command(w) + b"tR." + b"\0" * 160),
    ),
    "a second state behind a frame": lambda w: _wrapper(_array("O8"), _behind_a_frame(b"0" + _twice() + b".")),
    "an array of joblib's given a state": lambda w: _wrapper(_array("i1"), b"\x01" + _state(64) + b"b."),
    "objects of joblib's given a state": lambda w: _wrapper(
        _array("O8"), b"\x80\x04" + _empty() + b"." + _state(8) + b"b."
    ),
    "a state of pairs": lambda w: (
        ESTIMATOR + b"cbuiltins\ndict\n" + short("__setstate__") + b"cos\nsystem\n\x86\x85\x85Rb" + command(w) + b"b."
    ),
}  # fmt: skip
GIVEN: dict[str, Maker] = {
    "a scorer that saves a model": lambda w: dumped([_writes_a_file(w)]),
    "memory by an interface of arrays": lambda w: dumped(Calls(np.abs, _Estimator(__array_interface__=_memory()))),
    "memory by a masked array": lambda w: dumped(Calls(np.ma.MaskedArray, _Estimator(__array_interface__=_memory()))),
    "bytes for objects": lambda w: (
        b"\x80\x04cnumpy\ndtype\n" + short("O8") + b"\x89\x88\x87R(K\x03" + short("|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb."
    ),
    "a booster that opens a file": lambda w: b"\x80\x04clightgbm.basic\nBooster\n(NN" + _path(w) + b"tR.",
    "a maker that is called": lambda w: (
        b"\x80\x04cnumpy.random._pickle\n__generator_ctor\n(" + short("7") + b"cbuiltins\nint\ntR."
    ),
    "a function of numpy": lambda w: b"\x80\x04cnumpy\nexp\n(" + b"K\x01tR.",
    "a metric": lambda w: b"\x80\x04csklearn.metrics._classification\naccuracy_score\n(]]tR.",
    "a tree of neighbours that calls": lambda w: (
        b"\x80\x04csklearn.neighbors._ball_tree\nBallTree\n(]K\x01cnumpy\nabs\ntR."
    ),
    "a factory of anything": lambda w: (
        b"\x80\x04ccollections\ndefaultdict\ncxgboost.core\nBooster\n\x85R."
    ),
    "a size that nobody needs": lambda w: b"\x80\x04cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.",
    "a class given a state": lambda w: (
        b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\nN}" + short("predict")
        + b"cnumpy\nabs\ns\x86b."
    ),
    "items added to an estimator": lambda w: (
        ESTIMATOR + b"}" + short("extend") + b"cnumpy\nabs\nsb(K\x01e."
    ),
    "an item added to an estimator": lambda w: ESTIMATOR + b"}" + short("append") + b"cnumpy\nabs\nsbK\x01a.",
    "attributes set one by one": lambda w: ESTIMATOR + b"N}" + short("coef_") + b"Ns\x86b.",
    "more objects than there are": lambda w: (
        b"\x80\x04cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01K\x09\x85"
        + _dtype("O8") + b"\x89](K\x01K\x02etb."
    ),
    "a function of numpy, of nothing": lambda w: b"\x80\x04cnumpy\nsin\n)R.",
    "a similarity": lambda w: b"\x80\x04csklearn.metrics.pairwise\nrbf_kernel\n(]tR.",
    "a spline of numbers": lambda w: dumped(Calls(BSpline, np.arange(8.0), np.ones(4), 3)),
    "splits of an object": lambda w: dumped(Calls(_CVIterableWrapper, LogisticRegression())),
    "a callback that is called": lambda w: b"\x80\x04cxgboost.callback\nEarlyStopping\n(K\x01tR.",
    "a counter of an object": lambda w: dumped(Calls(Counter, LogisticRegression())),
    "a type that is everybody's": lambda w: (
        b"\x80\x04cnumpy\ndtype\n" + short("f8") + b"\x89\x89\x87R(K\x03" + short(">")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb."
    ),
    "a type of an early version": lambda w: (
        b"\x80\x04" + _dtype("V8") + b"(K\x02" + short("|") + b"N" + short("a") + b"\x85}" + short("a")
        + _dtype("f8") + b"K\x00\x86sK\x08K\x01K\x10tb."
    ),
    "an array larger than its record": lambda w: (
        b"\x80\x04" + _record(_dtype("f8") + b"K\x64\x85\x86NN") + b"."
    ),
    "an array of objects in a record": lambda w: (
        b"\x80\x04" + _record(_dtype("O8") + b"K\x01\x85\x86NN") + b"."
    ),
    "a field beyond its record, by its title": lambda w: (
        b"\x80\x04" + _record(
            b"N" + short("a") + b"\x85}(" + short("a") + _dtype("f8") + b"K\x00" + short("t") + b"\x87"
            + short("t") + _dtype("f8") + b"K\x60" + short("t") + b"\x87u"
        ) + b"."
    ),
    "a record that grows": lambda w: _growing(),
    "an array of records that grow": lambda w: (
        b"\x80\x04cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01K\x02\x85"
        b"cnumpy\ndtype\n(cnumpy\nrecord\n\x89\x88tR\x89C\x00tb."
    ),
    "a keyword": lambda w: b"\x80\x04cxgboost.core\nBooster\n)}" + short("model_file") + _path(w) + b"s\x92.",
}  # fmt: skip
"""What is given to listed names; ``b`` and the like after an object sets its state."""
MEDDLING = {**LED_ASTRAY, **GIVEN, **NEARLY}
