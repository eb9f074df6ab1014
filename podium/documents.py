"""Makes one metadata document of the files that are about a model, and finds its entry in a file about many."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from podium.claims import CONTAINERS, VERSION_NAMES
from podium.exports import of_mlmodel, of_requirements
from podium.formats import stem_of
from podium.layout import MAIN_STEMS, VERSION
from podium.metrics import metric_id
from podium.staged import Above, Problem

EXPORTED = {"MLmodel": of_mlmodel, "requirements.txt": of_requirements}
"""Files about a model that are not JSON, and what reads them."""
METRIC_FILES = frozenset({"metrics", "evaluation", "results", "scores", "performance", "classification_report"})
WRAPPED = {
    "params": "hyperparameters",
    "hyperparameters": "hyperparameters",
    "features": "feature_columns",
    "feature_columns": "feature_columns",
    "feature_names": "feature_columns",
}
"""Stems of files that hold one field alone, and the field."""
LISTS = ("models", "versions", "entries", "registry")
PATH_KEYS = ("model_path", "path", "file", "filename", "model_file", "artifact_path", "artifact")
ID_KEYS = ("model_id", "id", "name", "version")


def combine(texts: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return one document of several JSON texts, given with their file names, those that say most first.

    What an earlier file says goes before what a later one says. A text that is no JSON object is a problem.
    """
    document: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, text in texts:
        found, problem = _load(name, text)
        problems += [problem] if problem else []
        document = _merged(document, _fields(name, found))
    return document, tuple(problems)


def _load(name: str, text: str) -> tuple[Any, Problem | None]:
    if name in EXPORTED:
        return EXPORTED[name](text)
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return {}, Problem("bad-metadata", f"{name} is not valid JSON: {error}")
    if not isinstance(found, dict) and _stem(name) not in WRAPPED:
        return {}, Problem("bad-metadata", f"{name} holds a {type(found).__name__}, not an object")
    return found, None


def shared_in(path: str, text: str) -> Above:
    """Return what a file above several models says that may hold for each: no scores, and no entries of single ones.

    Only the scores that it lists by version are kept, for whoever has that version's name.
    """
    # A list of entries is read as such, and nothing else of it is common.
    listed = not text.lstrip().startswith("{") and entries_of(text)
    found, problem = ({}, None) if listed else _load(PurePosixPath(path).name, text)
    fields = _fields(path, found) if found and not _is_listing(found) else {}
    told = {key: value for key, value in fields.items() if not _is_of_single_models(key, value)}
    return Above(path, told, problem and replace(problem, message=f"{path}: {problem.message}"))


def _is_listing(document: Any) -> bool:
    return isinstance(document, dict) and all(map(_is_object, document.values())) and _is_of_many(document)


def _is_of_single_models(key: str, value: Any) -> bool:
    """Whether a field is a score, or lists models."""
    listed = isinstance(value, list) or (isinstance(value, dict) and any(map(_is_object, value.values())))
    return key in CONTAINERS or metric_id(key) is not None or (key in LISTS and listed)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def of_version(shared: Above, version: str) -> Above:
    """Return what a file above says of a version: of scores by version its own alone."""
    scores = shared.document.get("version_scores")
    rest = {key: value for key, value in shared.document.items() if key not in {"version_scores", *VERSION_NAMES}}
    own = {version: scores[version]} if isinstance(scores, dict) and version in scores else {}
    return replace(shared, document={**rest, "version": version, "version_scores": own} if own else rest)


def _stem(name: str) -> str:
    """Return the word of a file's name that says what it holds: ``metrics`` of ``model_v2_metrics.json``."""
    stem = PurePosixPath(name).stem.lower()
    known = (word for word in (*METRIC_FILES, *WRAPPED) if stem == word or stem.endswith(f"_{word}"))
    return max(known, key=len, default=stem)


def _fields(name: str, found: Any) -> dict[str, Any]:
    """Return what a file says under the keys that a metadata file would use."""
    stem = _stem(name)
    if stem in WRAPPED and not (isinstance(found, dict) and WRAPPED[stem] in found):
        return {WRAPPED[stem]: found} if found else {}
    if stem in METRIC_FILES and not CONTAINERS.keys() & found.keys():
        return {"evaluation" if stem == "evaluation" else "metrics": found}
    return dict(found)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: {**second[key], **first[key]} for key in first if _are_objects(first[key], second.get(key))}
    return {**second, **first, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file about many models says of one, as JSON, and the paths and ids by which that one is known."""

    text: str
    paths: tuple[tuple[str, ...], ...] = ()
    ids: frozenset[str] = frozenset()


def entries_of(text: str) -> tuple[Entry, ...]:
    """Return the entries of a file about many models.

    The file is a list of objects, or holds one, or holds objects by id or version; any other gives nothing.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    listed = document if isinstance(document, list) else next(_lists(document), None)
    return tuple(Entry(json.dumps(entry), *_names(entry)) for entry in _entries(listed))


def _lists(document: object) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from (document[name] for name in LISTS if isinstance(document.get(name), list | dict))
        if document and all(isinstance(entry, dict) for entry in document.values()) and _is_of_many(document):
            yield document


def _is_of_many(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the keys of a file are versions, or what they hold names a file each, and not the parts of one model."""
    named = all(any(isinstance(entry.get(key), str) for key in PATH_KEYS) for entry in document.values())
    return named or all(VERSION.fullmatch(key) for key in document)


def _entries(listed: Any) -> list[dict[str, Any]]:
    if isinstance(listed, dict):
        return [{"model_id": key, **entry} for key, entry in listed.items() if isinstance(entry, dict)]
    return [entry for entry in listed or () if isinstance(entry, dict)]


def _names(entry: Mapping[str, Any]) -> tuple[tuple[tuple[str, ...], ...], frozenset[str]]:
    """Return what a model may find its entry by: its file's path, with whatever slashes, in parts; and its ids."""
    paths = [entry[key] for key in PATH_KEYS if isinstance(entry.get(key), str)]
    parts = (tuple(part for part in re.split(r"[/\\]", path) if part not in {"", "."}) for path in paths)
    ids = frozenset(str(entry[key]) for key in ID_KEYS if isinstance(entry.get(key), str | int))
    return tuple(found for found in parts if found), ids


Texts = Mapping[Any, Collection[str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of files about many models, as JSON: by whole paths, by each end of a path, and by ids."""

    whole: Texts
    ends: Texts
    ids: Texts

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Listing":
        """Return entries so that a model finds its own in one look, however many there are."""
        whole, ends, ids = (defaultdict[Any, set[str]](set) for _ in range(3))
        for entry in entries:
            for path in entry.paths:
                whole[path].add(entry.text)
                for start in range(len(path)):
                    ends[path[start:]].add(entry.text)
            for name in entry.ids:
                ids[name].add(entry.text)
        return cls(whole, ends, ids)

    def entry_for(self, model: str | None, model_id: str, near: bool) -> str | None:
        """Return the entry of a model: by its path as far as that is told, else by its id.

        ``model`` is its file's path; ``near`` is whether the entries are of a file beside it, which may call it by the
        last part of its id alone. Where two entries fit as well, neither is its own.
        """
        parts = PurePosixPath(model).parts if model else ()
        found = self._by_path(parts)
        if not found:
            names = {model_id, parts[-1] if parts else model_id} | (_short(model_id) if near else set())
            found = {text for name in names for text in self.ids.get(name, ())}
        return next(iter(found)) if len(found) == 1 else None

    def _by_path(self, parts: tuple[str, ...]) -> Collection[str]:
        """Return the entries whose paths share most last parts with a model's.

        Where its file is called as anybody's, all parts of either must be the same.
        """
        anybodys = bool(parts) and stem_of(PurePosixPath(parts[-1])).lower() in MAIN_STEMS
        for start in range(len(parts)):
            known = self.whole if anybodys and start else self.ends
            if found := known.get(parts[start:]):
                return found
        return ()


def _short(model_id: str) -> set[str]:
    """Return what a file beside a model may call it: the last part of its id, or the version at its end."""
    last = PurePosixPath(model_id).name
    version = re.search(r"(?<![^\W_])v?\d[\d.]*$", last, re.IGNORECASE)
    return {last, version.group()} if version else {last}
