"""Staged files that try to run something when they are loaded; each leaves a witness file if it succeeds."""

import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np


class Calls:
    """Pickles as a call of any callable."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def touch(witness: Path) -> Calls:
    """A pickle that runs a shell command."""
    return Calls(os.system, f"touch {witness}")


def plain(path: Path, witness: Path) -> None:
    path.write_bytes(pickle.dumps(touch(witness)))


def protocol_zero(path: Path, witness: Path) -> None:
    path.write_bytes(b"c__builtin__\nexec\n(V" + f"open({str(witness)!r},'w')".encode() + b"\ntR.")


def dumped_by_joblib(path: Path, witness: Path) -> None:
    joblib.dump({"model": touch(witness), "weights": np.arange(1000.0)}, path)


def after_array_bytes(path: Path, witness: Path) -> None:
    joblib.dump([np.arange(1000.0), touch(witness)], path)


def inside_object_array(path: Path, witness: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = touch(witness)
    joblib.dump(array, path)


def compressed(path: Path, witness: Path) -> None:
    path.write_bytes(gzip.compress(pickle.dumps(touch(witness))))


def by_getattr(path: Path, witness: Path) -> None:
    path.write_bytes(pickle.dumps(Calls(getattr, type, "__subclasses__")))


def by_numpy_loader(path: Path, witness: Path) -> None:
    inner = path.with_name("inner.npy")
    array = np.empty(1, dtype=object)
    array[0] = touch(witness)
    np.save(inner, array, allow_pickle=True)
    path.write_bytes(pickle.dumps(Calls(np.load, str(inner), None, True)))


def by_joblib_loader(path: Path, witness: Path) -> None:
    inner = path.with_name("inner.bin")
    joblib.dump(touch(witness), inner)
    path.write_bytes(pickle.dumps(Calls(joblib.load, str(inner))))


HOSTILE = (
    plain,
    protocol_zero,
    dumped_by_joblib,
    after_array_bytes,
    inside_object_array,
    compressed,
    by_getattr,
    by_numpy_loader,
    by_joblib_loader,
)
