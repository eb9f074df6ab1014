"""Finds the entry of a model in a file about many: by its path, its id or its version."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from podium.fields import FIELDS, OF_SEVERAL, library_keys, says
from podium.formats import stem_of
from podium.kinds import type_in
from podium.layout import VERSION
from podium.listings import ABOUT_ALL, LISTS, PATH_KEYS, as_versions, is_listing, versions_of
from podium.model_files import MAIN_STEMS
from podium.staged import Above

NAMES = ("name", "model_name")
ID_KEYS = ("model_id", "id", *NAMES, "version")
BETWEEN = "/_-"
"""What stands between the name of a model and its version in an id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file about many models says of one, as JSON, and the paths and ids by which that one is known."""

    text: str
    paths: tuple[tuple[str, ...], ...] = ()
    ids: frozenset[str] = frozenset()


def entries_of(text: str) -> tuple[Entry, ...]:
    """Return the entries of a file about many models.

    The file is a list of objects, or holds one, or holds objects by id or version; any other gives nothing. An entry
    that lists versions is as many.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    models = _keyed(document) if isinstance(document, list) else next(filter(None, map(_keyed, _lists(document))), [])
    common = library_keys(document) if is_listing(document) else {}
    lists_one, names_one = len(models) == 1, len({_named(*keyed) for keyed in models} - {""}) <= 1
    found = (version for keyed in models for version in _versions(*keyed, lists_one, names_one))
    texts = ((entry if says(entry, "versions") else {**common, **entry}, ids) for entry, ids in found)
    return tuple(Entry(json.dumps(entry), *_names(entry, ids)) for entry, ids in texts)


def _lists(document: object) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from (document[name] for name in LISTS if isinstance(document.get(name), list | dict))
        if is_listing(document):
            yield document


def _keyed(listed: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return entries, each with the key that it stands under, which is empty in a list."""
    pairs = listed.items() if isinstance(listed, dict) else (("", entry) for entry in listed or ())
    entries = ((key, as_versions(value) if key else value) for key, value in pairs)
    return [(key, entry) for key, entry in entries if isinstance(entry, dict)]


def _named(key: str, entry: Mapping[str, Any]) -> str:
    """Return what an entry calls the model that it is a version of; empty if that is no more than its kind."""
    name = next((entry[name] for name in NAMES if isinstance(entry.get(name), str)), "")
    return "" if type_in(name) else name.removesuffix(_version(key, entry)).rstrip("_-/. ")


def _version(key: str, entry: Mapping[str, Any]) -> str:
    told = entry.get("version")
    return str(told) if isinstance(told, str | int) else key if VERSION.fullmatch(key) else ""


def _versions(
    key: str, entry: dict[str, Any], lists_one: bool, names_one: bool
) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Give the versions that an entry lists, or the entry itself if it lists none, each with the ids of its place.

    Of what is said of the model as a whole a version has what may be said of several, if it says nothing of that kind
    itself. ``lists_one`` and ``names_one`` are whether there is no other model, of which a version could have the same
    name.
    """
    if not (found := _keyed(versions_of(entry))):
        yield _entry(key, entry), _ids_of_one(key, entry, names_one)
    model = key or next((entry[name] for name in ID_KEYS if isinstance(entry.get(name), str)), "")
    for place, inner in found:
        version = place or str(inner.get("version", ""))
        told = _joined({model}, version)
        ids = _ids(inner) | {version} if lists_one else _ids(inner) - {version}
        yield {**_common(entry, inner), **inner}, told | ids


def _ids_of_one(key: str, entry: Mapping[str, Any], names_one: bool) -> set[str]:
    """Return the ids of an entry that lists no versions: a name and a version are one together, too."""
    ids, version = _ids(entry), _version("", entry)
    alone = ids if names_one or not _named(key, entry) else ids - {version}
    return alone | {key} | _joined((ids | {key}) - {version}, version)


def _joined(models: Iterable[str], version: str) -> set[str]:
    return {f"{model}{between}{version}" for model in models for between in BETWEEN if model and version}


def _common(entry: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry says of all its versions and the version does not say of itself."""
    missing = [field for field in OF_SEVERAL if not says(version, field)]
    names = {name for field in missing for name in FIELDS[field]}
    libraries = library_keys(entry).keys() if "versions" in missing else set()
    shared = (names | libraries) - {*LISTS, *ID_KEYS, *ABOUT_ALL}
    return {key: value for key, value in entry.items() if key in shared}


def _entry(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with the id that it stands under, as what it calls itself; a version is no name of a model."""
    return {"model_id": key, **entry} if key and not VERSION.fullmatch(key) else entry


def _ids(entry: Mapping[str, Any]) -> set[str]:
    return {str(entry[key]) for key in ID_KEYS if isinstance(entry.get(key), str | int)}


def _names(entry: Mapping[str, Any], ids: set[str]) -> tuple[tuple[tuple[str, ...], ...], frozenset[str]]:
    """Return what a model may find its entry by: its file's path, with whatever slashes, in parts; and its ids."""
    paths = [entry[key] for key in PATH_KEYS if isinstance(entry.get(key), str)]
    parts = (tuple(part for part in re.split(r"[/\\]", path) if part not in {"", "."}) for path in paths)
    return tuple(found for found in parts if found), frozenset(ids - {""})


Texts = Mapping[Any, Collection[str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of files about many models, as JSON: by whole paths, by each end of a path, and by ids."""

    whole: Texts
    ends: Texts
    ids: Texts
    broken: tuple[Above, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Entry], broken: Iterable[Above] = ()) -> "Listing":
        """Return entries so that a model finds its own in one look, however many there are.

        ``broken`` are files that may have an entry of any model, and that nobody can read.
        """
        whole, ends, ids = (defaultdict[Any, set[str]](set) for _ in range(3))
        for entry in entries:
            for path in entry.paths:
                whole[path].add(entry.text)
                for start in range(len(path)):
                    ends[path[start:]].add(entry.text)
            for name in entry.ids:
                ids[name].add(entry.text)
        return cls(whole, ends, ids, tuple(broken))

    def entry_for(self, model: str | None, model_id: str, near: bool) -> str | None:
        """Return the entry of a model: by its path as far as that is told, else by its id.

        ``model`` is its file's path; ``near`` is whether the entries are of a file beside it, which may call it by the
        last part of its id alone. Where two entries fit as well, neither is its own.
        """
        path, place = PurePosixPath(model or ""), PurePosixPath(model_id)
        anybodys = stem_of(path).lower() in MAIN_STEMS
        found = self._by_path(path.parts, anybodys) or self._by_path(place.parts, _is_anybodys(place.name))
        for names in () if found else ({model_id, path.name or model_id}, *(_short(model_id) if near else ())):
            found = found or {text for name in names for text in self.ids.get(name, ())}
        return next(iter(found)) if len(found) == 1 else None

    def _by_path(self, parts: tuple[str, ...], anybodys: bool) -> Collection[str]:
        """Return the entries whose paths share most last parts with a model's file, or its folder.

        Where that is called as anybody's, all parts of either must be the same.
        """
        for start in range(len(parts)):
            known = self.whole if anybodys and start else self.ends
            if found := known.get(parts[start:]):
                return found
        return ()


def _is_anybodys(name: str) -> bool:
    return name.lower() in MAIN_STEMS or VERSION.fullmatch(name) is not None


def _short(model_id: str) -> tuple[set[str], ...]:
    """Return what a file beside a model may call it: the last part of its id, or the version at its end.

    If nothing is called so, the version may be there with a ``v`` that its folder has not, or without it.
    """
    last = PurePosixPath(model_id).name
    found = re.search(r"(?<![^\W_])(v?)(\d[\d.]*)$", last, re.IGNORECASE)
    return ({last, found.group()}, {found.group(2) if found.group(1) else f"v{found.group(2)}"}) if found else ({last},)
