"""Finds what columns are really called of which LightGBM has written other names: it makes an underscore of each blank.

Nothing else of a name is changed, and two that would become the same are refused by LightGBM itself.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from tasks.effects.parts import is_of_library, objects_in
from tasks.effects.prediction import NotUsableError, named_by


def written(name: str) -> str:
    """Return a name as LightGBM writes it."""
    return name.replace(" ", "_")


def real_names(model: Any, columns: list[str], recorded: Sequence[str], there: Iterable[str] | None) -> list[str]:
    """Return the columns of a model as they were called in the rows that it was trained on.

    ``recorded`` are those of its metadata, ``there`` those of the rows at hand, None without any: then what is recorded
    tells them, or another part of the model that was given the same rows.

    Raises:
        NotUsableError: the rows have several of one such name, and nothing tells which is meant.
    """
    here = None if there is None else [str(name) for name in there]
    if (here is not None and not _may_be_meant(here, columns)) or not _are_of_lightgbm(model, columns):
        return columns
    blank = [name for name in (*recorded, *_of_other_parts(model, columns)) if written(name) != name]
    known = blank if here is None else here
    return [_real(name, known, {*recorded, *blank}) for name in columns]


def are_called(model: Any, columns: list[str], names: Sequence[str]) -> bool:
    """Whether the columns of a model have these names, be it that LightGBM has written them otherwise."""
    if not columns or columns == list(names):
        return bool(columns)
    return [written(name) for name in names] == columns and _are_of_lightgbm(model, columns)


def _may_be_meant(here: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether rows have a column with a blank that LightGBM would write as one of these."""
    return not {written(name) for name in here if written(name) != name}.isdisjoint(columns)


def _are_of_lightgbm(model: Any, columns: list[str]) -> bool:
    """Whether LightGBM calls its columns so, and has not been given others with blanks."""
    if any(written(name) != name for name in columns):
        return False
    return any(names == columns for one in objects_in(model) if (names := _lightgbm_names(one)))


def _lightgbm_names(one: Any) -> list[str]:
    if not type(one).__module__.startswith("lightgbm"):
        return []
    return named_by(one, "feature_name_") or named_by(one, "feature_name")


def _of_other_parts(model: Any, columns: list[str]) -> Iterator[str]:
    """Yield the names of parts that were given the same columns and kept their blanks."""
    for one in filter(is_of_library, objects_in(model)):
        for attribute in ("feature_names_in_", "feature_names"):
            names = named_by(one, attribute)
            if names != columns and [written(name) for name in names] == columns:
                yield from names


def _real(name: str, known: Sequence[str], told: Set[str]) -> str:
    """Return the one of the known names that a name of LightGBM stands for, or the name itself if there is none."""
    found = {one for one in known if written(one) == name}
    if len(found) > 1:
        found &= told
        if len(found) != 1:
            raise NotUsableError(
                f"LightGBM calls a column {name!r:.60}, and several are called so with blanks in place of underscores: "
                "record feature_columns in its metadata"
            )
    return next(iter(found), name)
