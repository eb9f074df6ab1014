"""Makes one metadata document of the files that are about a model, or of one that is about several."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from podium.about import is_word
from podium.claims import disagreements
from podium.containers import CONTAINERS, tells_no_score
from podium.exports import of_mlmodel, of_requirements
from podium.fields import FIELDS, holds, library_keys
from podium.formats import HOLLOW
from podium.listings import LISTS, is_listing
from podium.metrics import SPLIT_WORDS, in_words, metric_id
from podium.pairing import Names, standing_for
from podium.readings import DEEPEST, VERSION_NAMES
from podium.registries import entries_of
from podium.staged import Above, Problem

EXPORTED = {"MLmodel": of_mlmodel, "requirements.txt": of_requirements}
"""Files about a model that are not JSON, and what reads them."""
WRAPPED = {in_words(name): field for field in ("hyperparameters", "features", "threshold") for name in FIELDS[field]}
"""Stems of files that hold one field alone, and the field."""
USUAL = "metadata.json"
"""The file that is meant where none is named."""
LFS = "version https://git-lfs"
TOO_LARGE = "larger than "
"""What is read instead of the text of a file that is too large begins with."""
NUL = "\x00"
NOT_UTF_8 = ("\ufffd", NUL)
"""What a text begins with that was read as if it were UTF-8; the sign of two bytes has a NUL as its second, too."""


@dataclass(frozen=True, slots=True)
class Document:
    """What several files say as one; ``origins`` are the names of the files by the paths of what each says."""

    said: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin_of(self, path: str) -> str:
        """Return where something was read that stands at a path: of the one usual file its path alone."""
        file = self.origins.get(_plain(path), USUAL)
        return path if file == USUAL else f"{file}: {path}"


def combine(texts: Sequence[tuple[str, str]], called: Collection[str] = ()) -> Document:
    """Return one document of several JSON texts, given with their file names, those that say most first.

    What an earlier file says goes before what a later one says, and a metric of which they say other values is a
    problem, as is a text that is no JSON object. ``called`` are the names of the model, which file names may bear.
    """
    document: dict[str, Any] = {}
    problems: list[Problem] = []
    origins: dict[str, str] = {}
    for name, text in texts:
        found, problem = _load(name, text, called)
        fields = _fields(name, found, called)
        problems += [problem] if problem else []
        problems += disagreements(document, fields, name) if document else ()
        document = _merged(document, fields)
        origins = {**dict.fromkeys(_paths(fields), name), **origins}
    return Document(document, tuple(problems), origins)


def _paths(fields: Mapping[str, Any], depth: int = DEEPEST) -> Iterator[str]:
    """Give the paths of what an object says, on every level that is read."""
    for key, value in fields.items():
        if value is not None:
            yield _plain(key)
        if isinstance(value, dict) and depth:
            yield from (f"{_plain(key)}_{inner}" for inner in _paths(value, depth - 1))


def _plain(path: str) -> str:
    """Return a path as all that say it alike: what is no score is kept under a path without dots."""
    return path.replace(".", "_")


def _load(name: str, text: str, called: Collection[str] = ()) -> tuple[Any, Problem | None]:
    if name in EXPORTED:
        return EXPORTED[name](text)
    found, problem = _parsed(name, text)
    if not problem and not isinstance(found, dict) and _stem(name, called) not in WRAPPED:
        return {}, Problem("bad-metadata", f"{name} holds a {type(found).__name__}, not an object")
    return found, problem


def _parsed(name: str, text: str) -> tuple[Any, Problem | None]:
    """Return what a JSON text holds, and what is wrong with it: nothing of one that cannot be read."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        twice.extend(key for key, value in pairs if len(found) < len(pairs) and found[key] != value)
        return found

    try:
        found = json.loads(text, object_pairs_hook=once)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return {}, Problem("bad-metadata", f"{name} {_no_json(text, error)}")
    said = f"{name} says {', '.join(sorted(set(twice))[:3])} twice, and not the same: the last counts"
    return found, Problem("bad-metadata", said) if twice else None


def _no_json(text: str, error: Exception) -> str:
    if text.startswith(TOO_LARGE):
        return f"is {text}"
    if text.startswith(LFS):
        return HOLLOW["git-lfs"]
    if text.startswith(NOT_UTF_8) or NUL in text[1:2]:
        return "is not UTF-8: save it in that encoding"
    if NUL in text:
        return "has NUL bytes in it, as a file that was not written to its end: copy it again"
    return f"is not valid JSON: {error}"


def broken_registry(path: str, text: str) -> Above | None:
    """Return what to say of a file about many models of which nothing can be read; None of one that is empty, too."""
    found, problem = _parsed(path, text)
    if found and not problem and not entries_of(text):
        problem = Problem("bad-metadata", f"{path} lists no models in a way that is read: see docs/migration.md")
    return Above(path, {}, problem) if problem else None


def shared_in(path: str, text: str) -> Above:
    """Return what a file above several models says that may hold for each: no scores, and no entries of single ones.

    Only the scores that it lists by version are kept, for whoever has that version's name.
    """
    # A list of entries is read as such, and nothing else of it is common.
    listed = not text.lstrip().startswith("{") and entries_of(text)
    found, problem = ({}, None) if listed else _load(PurePosixPath(path).name, text)
    said = library_keys(found) if is_listing(found) else found
    fields = _fields(path, said) if said else {}
    return Above(path, _without_scores(fields), problem and replace(problem, message=f"{path}: {problem.message}"))


def _is_of_single_models(key: str, value: Any) -> bool:
    """Whether a field is a score, or lists models."""
    listed = isinstance(value, list) or (isinstance(value, dict) and any(map(_is_object, value.values())))
    return in_words(key) in CONTAINERS or metric_id(key) is not None or (key in LISTS and listed)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def of_version(shared: Above, version: str) -> Above:
    """Return what a file above says of a version: of scores by version its own alone."""
    scores = shared.document.get("version_scores")
    rest = {key: value for key, value in shared.document.items() if key not in {"version_scores", *VERSION_NAMES}}
    own = {version: scores[version]} if isinstance(scores, dict) and version in scores else {}
    return replace(shared, document={**rest, "version": version, "version_scores": own} if own else rest)


def _stem(name: str, called: Collection[str] = ()) -> str:
    """Return the words of a file's name that say what it holds: ``test_metrics`` of ``model_v2_test_metrics.json``.

    Those by which the model is called say nothing of it: the baseline is not the one of ``baseline_metrics.json``.
    """
    words = in_words(_without(PurePosixPath(name).stem, called)).split("_")
    tails = ("_".join(words[start:]) for start in range(len(words)))
    return next((tail for tail in tails if tail in WRAPPED or tail in CONTAINERS), "_".join(words))


def _without(stem: str, called: Collection[str]) -> str:
    """Return a file's name without that of the model, at its start or its end, if something else is left.

    Where other words stand in the place of ``model``, these.
    """
    for model in called:
        for rest in (stem.removeprefix(model), stem.removesuffix(model)):
            if model and rest and rest != stem and not (rest[0].isalnum() and rest[-1].isalnum()):
                return rest
    return next((words for _, words in standing_for(stem, Names(called), is_word)), stem)


def _fields(name: str, found: Any, called: Collection[str] = ()) -> dict[str, Any]:
    """Return what a file says under the keys that a metadata file would use."""
    stem = _stem(name, called)
    if field := WRAPPED.get(stem):
        alone = not (isinstance(found, dict) and holds(found, field))
        return ({} if found in ({}, [], None) else {FIELDS[field][0]: found}) if alone else dict(found)
    if stem in SPLIT_WORDS:
        # The section of that name has fields of the model too, beside scores on its training set.
        return {"training" if SPLIT_WORDS[stem] == "train" else stem: found} if found else {}
    if stem in CONTAINERS:
        return _of_metrics(in_words(_without(PurePosixPath(name).stem, called)), stem, found)
    return _without_scores(found) if tells_no_score(stem) else dict(found)


def _without_scores(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if not _is_of_single_models(key, value)}


def _of_metrics(words: str, stem: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file of metrics says under a container of its split, or of no score, by the words of its name."""
    if not found or tells_no_score(words):
        return {words: found} if found else {}
    if CONTAINERS[stem]:
        return {stem: found}
    if any(in_words(str(key)) in CONTAINERS for key in found):
        return dict(found)
    return {"evaluation" if stem == "evaluation" else "metrics": found}


def _merged(first: Mapping[str, Any], second: Mapping[str, Any], depth: int = DEEPEST) -> dict[str, Any]:
    """Return both objects as one, with what the first says before what the second says, on every level that is read.

    A null says nothing.
    """
    common = [key for key in first if depth and _are_objects(first[key], second.get(key))]
    both = {key: _merged(first[key], second[key], depth - 1) for key in common}
    return {**first, **{key: value for key, value in second.items() if first.get(key) is None}, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
