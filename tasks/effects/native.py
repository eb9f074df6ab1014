"""Loads models from the formats of their libraries, which hold data and no code.

Runs in the sandbox's child process alone: a parser in C++ that a hostile file brings down takes nothing with it.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import IO, Any

from podium.nodes import require_nodes
from podium.reviewed import TRUSTED_IN_SKOPS
from podium.stand_ins import Name
from podium.streams import DAMAGED, UNZIPPED, BrokenError, SuspectError
from tasks.effects.boosters import of_lightgbm
from tasks.effects.prediction import NotUsableError
from tasks.effects.rulings import require

Loader = Callable[[IO[bytes], Sequence[str], int], tuple[Any, frozenset[str]]]
MODULE = re.compile(r'"__module__":\s*"(\w+)')


def _skops(raw: IO[bytes], extra: Sequence[str], limit: int) -> tuple[Any, frozenset[str]]:
    """Return the model of a skops file with the packages it names.

    skops audits every type before it makes anything; those it trusts on this project's word are the reviewed ones, and
    never those that a file names for itself. What the file would do with them is looked at before.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    packages = frozenset(MODULE.findall(_looked_at(raw, extra, limit)))
    try:
        return skops.io.load(raw, sorted(TRUSTED_IN_SKOPS | set(extra))), packages
    except UntrustedTypesFoundException as error:
        raise _refusal(str(error), extra) from error
    except UNZIPPED as error:
        raise _cut_off(error) from error


def require_skops(raw: IO[bytes], extra: Sequence[str], limit: int) -> None:
    """Return if a skops file may be loaded, whatever types somebody tells skops to trust.

    Raises:
        RefusedGlobalError, UnknownClassError, SuspectError, BrokenError, NotUsableError: it may not.
    """
    import skops.io

    _looked_at(raw, extra, limit)
    raw.seek(0)
    try:
        further = set(skops.io.get_untrusted_types(data=raw.read())) - TRUSTED_IN_SKOPS - set(extra)
    except UNZIPPED as error:
        raise _cut_off(error) from error
    if further:
        raise _refusal(f"{sorted(further)}", extra)


def _looked_at(raw: IO[bytes], extra: Sequence[str], limit: int) -> str:
    """Return the schema of a skops file whose nodes are those of honest ones."""
    schema = _schema(raw, limit)
    try:
        require_nodes(json.loads(schema), extra)
    except DAMAGED as error:
        raise BrokenError(f"its schema cannot be followed: {type(error).__name__}: {error}") from error
    return schema


def _schema(raw: IO[bytes], limit: int) -> str:
    try:
        with zipfile.ZipFile(raw) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > limit:
                raise SuspectError(f"it expands to more than {limit:,} bytes")
            return archive.read("schema.json").decode("utf-8")
    except (*UNZIPPED, KeyError, ValueError) as error:
        raise _cut_off(error) from error


def _cut_off(error: Exception) -> BrokenError:
    return BrokenError(f"it is cut off or no skops file: {error}")


def _refusal(said: str, extra: Sequence[str]) -> Exception:
    """Return why a file is refused whose types are not all trusted: as a pickle that asked for them would be."""
    types = re.findall(r"'([\w.]+)'", said.partition("]")[0])
    for module, _, name in (full.rpartition(".") for full in types):
        require(Name(module, name), extra)
    return NotUsableError(f"it needs {', '.join(types)}, not reviewed as safe")


def _xgboost(raw: IO[bytes], extra: Sequence[str], limit: int) -> tuple[Any, frozenset[str]]:
    """Return XGBoost's model as what it was saved from: its scikit-learn estimator, or a booster."""
    import xgboost

    content = bytearray(_content(raw, limit))
    # XGBoost reads beyond the end of a file that is cut off.
    if not content.rstrip().endswith(b"}"):
        raise BrokenError("it is cut off: its last bracket is missing")
    booster = xgboost.Booster()
    try:
        booster.load_model(content)
    except xgboost.core.XGBoostError as error:
        raise BrokenError(f"XGBoost cannot read it: {_first_line(error)}") from error
    kind = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type")
    if kind is None:
        return booster, frozenset({"xgboost"})
    wrappers = {"classifier": xgboost.XGBClassifier, "regressor": xgboost.XGBRegressor}
    if kind not in wrappers:
        raise NotUsableError(f"it is a {kind} of XGBoost: Podium takes classifiers and regressors")
    model = wrappers[kind]()
    model.load_model(content)
    return model, frozenset({"xgboost"})


def _lightgbm(raw: IO[bytes], extra: Sequence[str], limit: int) -> tuple[Any, frozenset[str]]:
    import lightgbm

    try:
        text = _content(raw, limit).decode("utf-8")
        # LightGBM ends the process over a part that is cut off.
        for part in ("trees", "parameters"):
            if f"\nend of {part}" not in text:
                raise BrokenError(f"it is cut off: the end of its {part} is missing")
        # LightGBM falls over some trees already while it writes them.
        if obstacle := of_lightgbm(text):
            raise BrokenError(f"it {obstacle}")
        return lightgbm.Booster(model_str=text), frozenset({"lightgbm"})
    except (lightgbm.basic.LightGBMError, KeyError, IndexError, ValueError, OverflowError) as error:
        raise BrokenError(f"LightGBM cannot read it: {_first_line(error)}") from error


def _content(raw: IO[bytes], limit: int) -> bytes:
    if os.fstat(raw.fileno()).st_size > limit:
        raise SuspectError(f"it is larger than {limit:,} bytes")
    return raw.read()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # XGBoost puts the time and the place in its source first.
    return re.sub(r"^\[[\d:]+\] \S+ ", "", lines[0])[:200] if lines else type(error).__name__


NATIVE: dict[str, Loader] = {
    "skops": _skops,
    "xgboost-json": _xgboost,
    "xgboost-ubj": _xgboost,
    "lightgbm-text": _lightgbm,
}
