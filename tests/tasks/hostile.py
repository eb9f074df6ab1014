"""Staged files that try to run something when they are loaded; each leaves a witness file if it succeeds."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.tasks.honest import logistic

Maker = Callable[[Path], bytes]

# What a call would be given: the first argument is the witness, the others make the call possible.
CALLED = (
    *("os.system", "posix.system", "os.popen", "os.execv", "os.remove", "os.spawnlp", "nt.system"),
    *("subprocess.Popen", "subprocess.run", "subprocess.check_output", "pty.spawn", "shutil.rmtree"),
    *("builtins.eval", "builtins.exec", "builtins.compile", "builtins.open", "builtins.getattr", "builtins.setattr"),
    *("builtins.__import__", "builtins.map", "builtins.filter", "builtins.globals", "builtins.type", "builtins.apply"),
    *("__builtin__.eval", "importlib.import_module", "runpy.run_path", "imp.load_source", "sys.setrecursionlimit"),
    *("functools.partial", "functools.reduce", "operator.attrgetter", "operator.methodcaller", "operator.itemgetter"),
    *("types.FunctionType", "types.CodeType", "copyreg.add_extension", "copyreg.__newobj_ex__", "marshal.loads"),
    *("pickle.loads", "pickle.load", "_pickle.loads", "shelve.open", "ctypes.CDLL", "socket.create_connection"),
    *(
        "code.interact",
        "timeit.timeit",
        "pdb.run",
        "cProfile.run",
        "asyncio.run",
        "threading.Thread",
        "atexit.register",
    ),
    *("webbrowser.open", "urllib.request.urlopen", "pathlib.Path.write_text", "tempfile.mkdtemp", "signal.signal"),
    *("numpy.load", "numpy.fromfile", "numpy.memmap", "numpy.loadtxt", "numpy.genfromtxt", "numpy.lib.npyio.NpzFile"),
    *("numpy.testing._private.utils.runstring", "numpy.vectorize", "numpy.frompyfunc", "numpy.apply_along_axis"),
    *("numpy.ctypeslib.load_library", "numpy.f2py.compile", "numpy.distutils.exec_command.exec_command"),
    *("joblib.load", "joblib.numpy_pickle.load", "joblib.delayed", "joblib.Memory", "joblib.parallel.BatchedCalls"),
    *("joblib.numpy_pickle_compat.ZNDArrayWrapper", "joblib.externals.cloudpickle.loads", "joblib.Parallel"),
    *("sklearn.utils.parallel._FuncWrapper", "sklearn.utils._joblib.load", "sklearn.datasets.load_files"),
    *("sklearn.externals.joblib.load", "sklearn.utils.Bunch.__init__"),
    *(
        "sklearn.base.clone",
        "sklearn.utils.gen_batches",
    ),
    *(
        "sklearn.utils._testing.SkipTest",
        "sklearn.datasets._openml.fetch_openml",
        "sklearn.utils.metaestimators.available_if",
    ),
    *("pandas.eval", "pandas.read_pickle", "pandas.read_csv", "pandas.io.common.get_handle", "scipy.io.loadmat"),
    *("xgboost.core._load_lib", "lightgbm.libpath.find_lib_path", "mlflow.pyfunc.load_model", "skops.io.load"),
    *("cloudpickle.loads", "cloudpickle.cloudpickle._make_function", "dill.loads", "torch.load", "pip.main"),
    *("logging.config.dictConfig", "yaml.unsafe_load", "unittest.mock.patch", "multiprocessing.reducer.dumps"),
)


class Calls:
    """Pickles as a call of any callable."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def touch(witness: Path) -> Calls:
    """A pickle that runs a shell command."""
    import os

    return Calls(os.system, f"touch {witness}")


def command(witness: Path) -> bytes:
    """The command as a string in protocol 0."""
    return b"Vtouch " + str(witness).encode() + b"\n"


def short(text: str) -> bytes:
    """A SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(text)]) + text.encode()


def by_global(full: str) -> Maker:
    """A REDUCE of a name with the command as its argument."""
    module, _, name = full.rpartition(".")

    def make(witness: Path) -> bytes:
        return f"c{module}\n{name}\n(".encode() + command(witness) + b"tR."

    return make


def dumped(value: Any, **options: Any) -> bytes:
    """What joblib writes of a value."""
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


def _objects(witness: Path) -> Any:
    array = np.empty(1, dtype=object)
    array[0] = touch(witness)
    return array


def _wrapper(state: bytes, rest: bytes = b".") -> bytes:
    """An array of joblib's with a state of one's own."""
    return b"\x80\x04" + short("joblib.numpy_pickle") + short("NumpyArrayWrapper") + b"\x93)\x81" + state + b"b" + rest


def _by_protocol(number: int) -> Maker:
    return lambda witness: pickle.dumps(touch(witness), protocol=number)


def _described(shape: bytes, dtype: bytes, more: bytes = b"") -> bytes:
    return b"}(" + short("shape") + shape + short("dtype") + dtype + short("order") + short("C") + more + b"u"


def _dtype(text: str) -> bytes:
    return short("numpy") + short("dtype") + b"\x93" + short(text) + b"\x89\x88\x87R"


def zone(key: bytes, cached: bytes) -> bytes:
    """A time zone as ``zoneinfo`` pickles it, of a key of one's own."""
    maker = b"cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\n" + short("_unpickle") + b"tR"
    return b"\x80\x04" + maker + key + cached + b"\x86R."


STRUCTURES: dict[str, Maker] = {
    "inst": lambda w: b"(" + command(w) + b"ios\nsystem\n.",
    "obj": lambda w: b"(cos\nsystem\n" + command(w) + b"o.",
    "newobj": lambda w: b"\x80\x02csubprocess\nPopen\n(" + command(w) + b"t\x81.",
    "newobj_ex": lambda w: b"\x80\x04csubprocess\nPopen\n(" + command(w) + b"t}\x92.",
    "stack_global": lambda w: b"\x80\x04" + short("os") + short("system") + b"\x93(" + command(w) + b"tR.",
    "stack_global of a computed string": lambda w: (
        b"\x80\x04cbuiltins\nstr\n(Vos\ntR" + short("system") + b"\x93(" + command(w) + b"tR."
    ),
    "stack_global of decoded bytes": lambda w: (
        b"\x80\x04c_codecs\nencode\n(Vos\ntR" + short("system") + b"\x93(" + command(w) + b"tR."
    ),
    "stack_global from the memo": lambda w: (
        b"\x80\x04" + short("os") + b"q\x07" + b"0" + short("system") + b"q\x08" + b"0h\x07h\x08\x93("
        + command(w) + b"tR."
    ),
    "memo overwritten": lambda w: (
        b"\x80\x04" + short("sklearn.pipeline") + b"q\x00" + b"0" + short("os") + b"q\x00" + b"0h\x00"
        + short("system") + b"\x93(" + command(w) + b"tR."
    ),
    "dup and pop": lambda w: b"\x80\x02cos\nsystem\n2" + b"0(" + command(w) + b"tR.",
    "pop_mark hides nothing": lambda w: b"\x80\x02(K\x01K\x021cos\nsystem\n(" + command(w) + b"tR.",
    "attribute of an allowed name": lambda w: (
        b"\x80\x04" + short("sklearn.pipeline") + short("joblib.os.system") + b"\x93(" + command(w) + b"tR."
    ),
    "dotted global": lambda w: b"csklearn.base\nBaseEstimator.__init__.__globals__\n.",
    "setstate of an instance": lambda w: (
        b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n)\x81}Vx\ncos\nsystem\nsb" + command(w) + b"b."
    ),
    "setstate put into the state": lambda w: (
        b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n)\x81}V__setstate__\ncos\nsystem\nsb"
        + command(w) + b"b."
    ),
    "class put into the state": lambda w: (
        b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n)\x81"
        b"N}V__class__\ncjoblib.numpy_pickle\nNumpyArrayWrapper\ns\x86b."
    ),
    "a transformer that calls": lambda w: (
        b"\x80\x04csklearn.preprocessing._function_transformer\nFunctionTransformer\n(cos\nsystem\ntR."
    ),
    "an attribute of something else": lambda w: (
        b"\x80\x04" + short("builtins") + short("getattr") + b"\x93" + short("zoneinfo") + short("ZoneInfo") + b"\x93"
        + short("__init__") + b"\x86R" + short("UTC") + b"\x85R."
    ),
    "an attribute of a module": lambda w: (
        b"cbuiltins\ngetattr\n(cos\nsystem\nV_unpickle\ntR(" + command(w) + b"tR."
    ),
    "a time zone of a path": lambda w: zone(short("../../../" + str(w)), b"\x88"),
    "a time zone of bytes": lambda w: zone(b"C\x03UTC", b"\x88"),
    "a time zone of what it made": lambda w: zone(b"cbuiltins\nlist\n)R", b"\x88"),
    "a time zone called again": lambda w: zone(short("UTC"), b"\x88")[:-1] + b"(" + command(w) + b"tR.",
    "dict built from a mark": lambda w: b"(V__reduce__\ncos\nsystem\nd.",
    "calls what it made": lambda w: b"cbuiltins\nlist\n)R(" + command(w) + b"tR.",
    "ext1": lambda w: b"\x80\x02\x82\x01.",
    "ext2": lambda w: b"\x80\x02\x83\x01\x00.",
    "ext4": lambda w: b"\x80\x02\x84\x01\x00\x00\x00.",
    "persid": lambda w: b"Pos.system\n.",
    "binpersid": lambda w: b"\x80\x02Vos.system\nQ.",
    "next_buffer": lambda w: b"\x80\x05\x97.",
    "readonly_buffer": lambda w: b"\x80\x05N\x98.",
    "a second pickle behind the first": lambda w: dumped(logistic()) + pickle.dumps(touch(w)),
    "a second pickle behind zeros": lambda w: pickle.dumps(logistic()) + b"\0" * 64 + pickle.dumps(touch(w)),
    "dumped by joblib": lambda w: dumped({"model": touch(w), "weights": np.arange(1000.0)}),
    "behind the bytes of an array": lambda w: dumped([np.arange(1000.0), touch(w)]),
    "between two arrays": lambda w: dumped([np.arange(9.0), touch(w), np.arange(9)]),
    "in an array of objects": lambda w: dumped(_objects(w)),
    "in an array of objects in a list": lambda w: dumped([1, _objects(w), logistic()]),
    "in an array of objects, by pickle": lambda w: pickle.dumps(_objects(w), protocol=2),
    "as an attribute of a model": lambda w: dumped(_with_attribute(touch(w))),
    "as a step of a pipeline": lambda w: dumped(_pipeline(touch(w))),
    "a pickle in a pickle": lambda w: pickle.dumps(Calls(pickle.loads, pickle.dumps(touch(w)))),
    "names of python 2": lambda w: pickle.dumps(Calls(eval, f"open({str(w)!r}, 'w')"), protocol=0),
    **{f"protocol {n}": _by_protocol(n) for n in range(6)},
    "zlib": lambda w: zlib.compress(pickle.dumps(touch(w))),
    "gzip": lambda w: gzip.compress(pickle.dumps(touch(w))),
    "bz2": lambda w: bz2.compress(pickle.dumps(touch(w))),
    "xz": lambda w: lzma.compress(pickle.dumps(touch(w))),
    "lzma": lambda w: lzma.compress(pickle.dumps(touch(w)), lzma.FORMAT_ALONE),
    "zlib by joblib": lambda w: dumped([np.arange(9.0), touch(w)], compress=("zlib", 3)),
    "two gzip members": lambda w: gzip.compress(pickle.dumps(1)) + gzip.compress(pickle.dumps(touch(w))),
    "an array that claims to be shorter": lambda w: _wrapper(_described(b"K\x01\x85", _dtype("f8"))) + b"\0" * 8
    + pickle.dumps(touch(w)),
    "an array of negative length": lambda w: _wrapper(_described(b"J\xff\xff\xff\xff\x85", _dtype("f8"))),
    "an array of computed length": lambda w: _wrapper(_described(b"cbuiltins\nint\n)R\x85", _dtype("f8"))),
    "an array of unknown type": lambda w: _wrapper(_described(b"K\x01\x85", b"cbuiltins\nobject\n")),
    "an array of a type by another name": lambda w: _wrapper(
        _described(b"K\x01\x85", _dtype("float64")), b"\0" * 8 + b"."
    ),
    "an array without a description": lambda w: _wrapper(b"}"),
    "an array in a frame": lambda w: (
        b"\x80\x04\x95" + struct.pack("<Q", 200) + _wrapper(_described(b"K\x01\x85", _dtype("f8")))[2:] + b"\0" * 200
    ),
    "an array made by its constructor": lambda w: (
        b"\x80\x04" + short("joblib.numpy_pickle") + short("NumpyArrayWrapper")
        + b"\x93(NK\x01\x85" + short("C") + _dtype("f8") + b"tR}b" + b"\0" * 8 + b"."
    ),
}  # fmt: skip


def _with_attribute(value: Any) -> Any:
    model = logistic()
    model.extra_ = value
    return model


def _pipeline(step: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("first", step), ("last", logistic())])


def hostile() -> Iterator[tuple[str, Maker]]:
    """Every hostile file by its name."""
    yield from ((full, by_global(full)) for full in CALLED)
    yield from STRUCTURES.items()


def plain(path: Path, witness: Path) -> None:
    """Write the simplest of them."""
    path.write_bytes(pickle.dumps(touch(witness)))
