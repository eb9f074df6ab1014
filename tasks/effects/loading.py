"""Loads a staged model without giving it a chance to run code: only listed names are ever imported.

Runs in the sandbox's child process alone. First the whole file is walked, without importing anything. Then it is loaded
by an unpickler that holds to the same list and judges every step once more, should the walk have been led astray.
"""

import hashlib
import importlib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from podium.calls import STOOD_IN
from podium.formats import HEAD, format_of
from podium.inert import is_inert
from podium.pickles import walk
from podium.stand_ins import Name, current
from podium.streams import PIECE
from tasks.effects.former import FORMER, PLAINER
from tasks.effects.inert import plainly, stand_in_for
from tasks.effects.installed import installed
from tasks.effects.mending import OtherVersionError, mend, of_version
from tasks.effects.native import NATIVE
from tasks.effects.parts import parts_of
from tasks.effects.prediction import NotUsableError
from tasks.effects.restoring import restored
from tasks.effects.rulings import RefusedGlobalError, require
from tasks.effects.streams import opened
from tasks.effects.trees import sound
from tasks.effects.unpickling import Judging

LIMIT = 8 << 30
SAVED_BY = re.compile(
    rb"_sklearn_version.{0,24}?(\d+\.\d+(?:\.\d+)*(?:(?:a|b|rc|\.dev|\.post)\d+)?)(?=[^.\d])", re.DOTALL
)
"""How a pickle of any protocol names the version of scikit-learn that an estimator was saved by."""
LONGEST = 64
"""Bytes that are more than this takes."""


class RestrictedUnpickler(Judging):
    """Unpickler for joblib and plain pickles that refuses every global outside the allow-list."""

    def __init__(self, filename: str, stream: IO[bytes], extra: Sequence[str] = ()) -> None:
        super().__init__(filename, stream)
        self._extra = extra
        self.packages: set[str] = set()
        self.stood_in = False

    def find_class(self, module: str, name: str) -> Any:
        """Return the object of an allowed name.

        Raises:
            RefusedGlobalError: the name is not allowed, or is in an estimator package but no estimator class.
        """
        asked = current(module, name)
        if asked.full in STOOD_IN:
            self.stood_in = True
            return self._noted(stand_in_for(asked), None)
        ruling = require(asked, self._extra)
        if asked.full in self._extra:
            return self._noted(_looked_up(asked), None, asked)
        if is_inert(asked.module, asked.name):
            self.stood_in = True
            return self._noted(stand_in_for(asked), None)
        found = _looked_up(asked)
        if ruling.estimator and not (isinstance(found, type) and issubclass(found, BaseEstimator)):
            raise RefusedGlobalError(f"the pickle asks for {asked.full}, which is not an estimator class")
        return self._noted(found, asked.full, asked)

    def _noted(self, found: Any, full: str | None, of_package: Name | None = None) -> Any:
        """Note under which name something was found, for calls to be judged by it; and whose package it is."""
        self.known[id(found)] = (found, full)
        if of_package:
            self.packages.add(of_package.module.split(".")[0])
        return found


def _looked_up(asked: Name) -> Any:
    """Return what a name stands for, or what stands in for it where the installed versions know it no more."""
    if asked.full in PLAINER:
        return PLAINER[asked.full]
    try:
        return getattr(importlib.import_module(asked.module), asked.name)
    except (ImportError, AttributeError) as error:
        if asked.full in FORMER:
            return FORMER[asked.full]
        if (package := asked.module.split(".")[0]) == getattr(error, "name", ""):
            raise NotUsableError(f"it needs the package {package}: install it beside Podium") from error
        raise OtherVersionError(f"it needs {asked.full}, which the installed versions do not have") from error


@dataclass(frozen=True, slots=True)
class Loaded:
    """A staged model, the packages whose names its file asked for, and the versions that it says it was saved by."""

    model: Any
    packages: frozenset[str]
    saved_by: Mapping[str, str] = field(default_factory=dict)


def load_staged(
    path: Path, extra: Sequence[str] = (), sha256: str | None = None, limit: int = LIMIT, *, mended: bool = True
) -> Loaded:
    """Return the object stored in a file: a pickle, joblib's, compressed or not, or one of a library's own format.

    ``sha256``, in hex, is that of the bytes that were looked at before; other bytes are not loaded. ``limit`` is in
    bytes, after decompression. A model of an earlier version is brought up to date, unless it is not to be ``mended``.

    Raises:
        RefusedGlobalError, UnknownClassError: the file asks for a name outside the allow-list.
        SuspectError, BrokenError: it is no pickle that could be followed to its end, or a tree in it could not.
        NotUsableError: it is no longer the file that was looked at.
        OtherVersionError: the installed versions would not use it rightly.
    """
    with path.open("rb") as raw:
        if sha256 and hashlib.file_digest(raw, "sha256").hexdigest() != sha256:
            raise NotUsableError(f"{path.name} changed since the folder was read; run the command again")
        if loader := NATIVE.get(_format(path, raw)):
            model, packages = loader(raw, extra, limit)
            return Loaded(sound(model), packages)
        _examine(raw, extra, limit)
        unpickler = RestrictedUnpickler(str(path), opened(raw), extra)
        # Trees of before scikit-learn 1.3 have other nodes, which is a ValueError.
        with warnings.catch_warnings(record=True) as warned, of_version(lambda: _told(warned, raw), ValueError):
            warnings.simplefilter("once", InconsistentVersionWarning)
            loaded = unpickler.load()
            model = sound(plainly(restored(loaded)) if unpickler.stood_in else loaded)
            model = mend(model) if mended else model
        return Loaded(model, frozenset(unpickler.packages), _saved_by(warned) or _by_installed(model))


def _told(warned: Iterable[warnings.WarningMessage], raw: IO[bytes]) -> dict[str, str]:
    return _saved_by(warned) or written_in(raw)


def _saved_by(warned: Iterable[warnings.WarningMessage]) -> dict[str, str]:
    """Return the version of scikit-learn that a model was saved by, which it tells where that is not the installed."""
    said = [w.message for w in warned if isinstance(w.message, InconsistentVersionWarning)]
    return {"scikit-learn": said[0].original_sklearn_version} if said else {}


def _by_installed(model: Any) -> dict[str, str]:
    """Return the installed version for a model with estimators of scikit-learn, none of which told of another."""
    of_sklearn = any(type(part).__module__.startswith("sklearn.") for part in parts_of(model))
    here = installed("scikit-learn")
    return {"scikit-learn": here} if of_sklearn and here else {}


def written_in(raw: IO[bytes]) -> dict[str, str]:
    """Return the version of another scikit-learn that a file names, where loading it did not come so far."""
    content, before = opened(raw), b""
    while piece := content.read(PIECE):
        if found := SAVED_BY.search(before + piece):
            version = found[1].decode("ascii")
            return {} if version == installed("scikit-learn") else {"scikit-learn": version}
        before = piece[-LONGEST:]
    return {}


def _format(path: Path, raw: IO[bytes]) -> str:
    raw.seek(0)
    head = raw.read(HEAD)
    raw.seek(0)
    return format_of(path.name, head)


def examine(path: Path, extra: Sequence[str], limit: int) -> None:
    """Walk a file and require every name that it would import; nothing of it is imported or run.

    Raises:
        RefusedGlobalError, UnknownClassError, SuspectError, BrokenError: as ``load_staged``.
    """
    with path.open("rb") as raw:
        _examine(raw, extra, limit)


def _examine(raw: IO[bytes], extra: Sequence[str], limit: int) -> None:
    for asked in walk(opened(raw), limit):
        # Calls of these were judged on the walk, and nothing but what stands in for them is handed out.
        if asked.full not in STOOD_IN:
            require(asked, extra)
