"""Finds the entry of a model in a file about many: by its path, its id or its version."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from podium.containers import SECTIONS, split_of, tells_no_score
from podium.fields import FIELDS, OF_SEVERAL, says, tells_library
from podium.formats import stem_of
from podium.layout import VERSION
from podium.metrics import OF_A_CLASS, in_words, metric_id
from podium.model_files import MAIN_STEMS
from podium.readings import AVERAGES, VERSION_NAMES
from podium.staged import Above

LISTS = ("models", "versions", "entries", "registry")
PATH_KEYS = ("model_path", "path", "file_path", "file", "filename", "model_file", "artifact_path", "artifact")
ID_KEYS = ("model_id", "id", "name", "model_name", "version")
ABOUT_ALL = frozenset({*VERSION_NAMES, "name", "model_name", "updated_at", "last_updated"})
"""Keys with plain values that stand beside entries by version."""
OF_ONE = frozenset({*SECTIONS, *LISTS, "version_scores", *(name for names in FIELDS.values() for name in names)})
"""Keys of the metadata of one model, which are no model's id."""
SUPPORT = "support"
"""What each row of a classification report has, and no entry of a model."""


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
    listed = document if isinstance(document, list) else next(_lists(document), None)
    models = _keyed(listed)
    found = (version for keyed in models for version in _versions(*keyed, alone=len(models) == 1))
    return tuple(Entry(json.dumps(entry), *_names(entry, ids)) for entry, ids in found)


def is_listing(document: Any) -> bool:
    """Whether an object is nothing but entries of models, by their ids or versions."""
    entries = _without_plain(document) if isinstance(document, dict) else {}
    return bool(entries) and all(isinstance(entry, dict) for entry in entries.values()) and _is_of_many(entries)


def _lists(document: object) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from (document[name] for name in LISTS if isinstance(document.get(name), list | dict))
        if is_listing(document):
            yield document


def _without_plain(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document without what stands beside its versions, such as which is the latest, if it has versions."""
    rest = {key: value for key, value in document.items() if key not in ABOUT_ALL or isinstance(value, dict | list)}
    return rest if all(VERSION.fullmatch(key) for key in rest) else document


def _is_of_many(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether keys are versions or ids, or what they hold names a file each, and not the parts of one model."""
    if all(any(isinstance(entry.get(key), str) for key in PATH_KEYS) for entry in document.values()):
        return True
    # Classes are counted from 0, versions from 1.
    if "0" in document or any(SUPPORT in entry for entry in document.values()):
        return False
    return all(VERSION.fullmatch(key) for key in document) or _is_by_id(document)


def _is_by_id(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether no key is one of a model's own metadata, and something below one is: its scores, or its versions."""
    return not any(map(_is_of_one, document)) and any(
        _has_versions(entry) or any(split_of(key) is not None or metric_id(key) for key in entry)
        for entry in document.values()
    )


def _is_of_one(key: str) -> bool:
    words = in_words(key)
    known = key in OF_ONE or words in AVERAGES or split_of(key) is not None or OF_A_CLASS.fullmatch(words)
    return bool(known) or tells_no_score(key) or metric_id(key) is not None or key.isdigit()


def _has_versions(entry: Mapping[str, Any]) -> bool:
    versions = _without_plain(entry)
    return bool(versions) and all(VERSION.fullmatch(key) and _is_object(inner) for key, inner in versions.items())


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _keyed(listed: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return entries, each with the key that it stands under, which is empty in a list."""
    pairs = listed.items() if isinstance(listed, dict) else (("", entry) for entry in listed or ())
    return [(key, entry) for key, entry in pairs if isinstance(entry, dict)]


def _versions(key: str, entry: dict[str, Any], alone: bool) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Give the versions that an entry lists, or the entry itself if it lists none, each with the ids of its place.

    Of what is said of the model as a whole a version has what may be said of several, if it says nothing of that kind
    itself. ``alone`` is whether there is no other model, of which a version could have the same name.
    """
    listed: Any = entry.get("versions", entry if _has_versions(entry) else None)
    found = _keyed(listed) if isinstance(listed, list) or (_is_object(listed) and _has_versions(listed)) else []
    if not found:
        yield _entry(key, entry), _ids(entry) | {key}
    model = key or next((entry[name] for name in ID_KEYS if isinstance(entry.get(name), str)), "")
    for place, inner in found:
        version = place or str(inner.get("version", ""))
        told = {f"{model}{between}{version}" for between in "/_-" if model and version}
        yield {**_common(entry, inner), **inner}, told | (_ids(inner) | {version} if alone else _ids(inner) - {version})


def _common(entry: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry says of all its versions and the version does not say of itself."""
    missing = [field for field in OF_SEVERAL if not says(version, field)]
    names = {name for field in missing for name in FIELDS[field]}
    libraries = {key for key in entry if tells_library(key)} if "versions" in missing else set()
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
