"""Reads the staging root: names, sizes, digests and metadata texts, and never a model."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from pathlib import Path, PurePosixPath

from prefect import task
from prefect.cache_policies import NO_CACHE

from podium.about import REGISTRIES, rank
from podium.documents import broken_registry, of_version, shared_in
from podium.errors import ConfigError
from podium.kinds import UNKNOWN, of_class
from podium.layout import Unit, arrange, with_links
from podium.metadata import parse_staged
from podium.model_files import keeps_copies
from podium.names import distinct, printable
from podium.progress import Counter
from podium.registries import Entry, Listing, entries_of
from podium.requirements import drift
from podium.staged import Above, Folder, Problem, StagedModel
from tasks.effects.contents import contents_of
from tasks.effects.inspection import classes_in
from tasks.effects.installed import installed
from tasks.effects.links import Links, divided, links_beside, shared_by_link
from tasks.effects.preparing import preparing, unprepared
from tasks.effects.staged_files import (
    Told,
    fingerprint_of,
    format_in,
    is_folder,
    is_plain,
    linked_in,
    modified,
    own_files,
    regular_files,
    sha256_of,
    text_of,
)

LISTING = REGISTRIES | {"metadata"}
"""Stems of files that may be about many models; one of the last name is so only if it holds a list of them."""
NONE = partial(Listing.of, ())
LINK = "it is a symbolic link, which is not followed"


@task(cache_policy=NO_CACHE)
def read_staging(root: Path | None, timezone: str = "UTC", preprocessors: tuple[str, ...] = ()) -> list[StagedModel]:
    """Return every staged model of the staging root, by id.

    ``preprocessors`` are names of files that, where they lie beside a model, prepare its rows, in this order.

    Raises:
        ConfigError: no root is configured, or it is no folder.
    """
    if root is None:
        raise ConfigError("staging.root is not set: name the folder that holds one folder per model")
    if not root.is_dir():
        raise ConfigError(
            f"staging.root: {root}: no such folder; point it at the folder that holds one folder per model"
        )
    tops = sorted(entry.name for entry in os.scandir(root) if is_folder(entry) and not keeps_copies(entry.name))
    count = Counter("reading staging folders", len(tops) + 1)
    above = cache(lambda: registered_in(root, (root / f"{stem}.json" for stem in sorted(LISTING))))
    with ThreadPoolExecutor() as pool:
        folders = pool.map(lambda top: read_folders(root, top, preprocessors, above), ["", *tops])
        read = [_counted(found, top, count) for found, top in zip(folders, ["", *tops], strict=True)]
    return [_parsed(folder, timezone) for folder in _distinct(root, [*chain.from_iterable(read[1:]), *read[0]])]


def _distinct(root: Path, folders: Sequence[Folder]) -> list[Folder]:
    """Return folders of which no two have one name: of a folder and a file in the root the file has its whole name."""
    paths = [printable(os.path.relpath(folder.model_file or folder.path, root)) for folder in folders]
    names = distinct([folder.name for folder in folders], paths)
    return [replace(folder, name=name) for folder, name in zip(folders, names, strict=True)]


def _counted(folders: list[Folder], top: str, count: Counter) -> list[Folder]:
    count.step(printable(top))
    return folders


def _parsed(folder: Folder, timezone: str) -> StagedModel:
    model = parse_staged(folder, timezone)
    if model.model_type == UNKNOWN and model.status == "ready":
        model = of_class(model, classes_in(Path(folder.model_file or ""), folder.format))
    return model.with_problems(drift(model.versions, installed))


def read_folders(
    root: Path, top: str, preprocessors: tuple[str, ...] = (), above: Callable[[], Listing] = NONE
) -> list[Folder]:
    """Return what one folder of the staging root holds, or with an empty name the files of the root itself.

    ``above`` gives the entries of the root's own registry files, which may be about models of any of its folders.
    A file that cannot be read makes its model unreadable, not the call fail. Symbolic links are not followed, but for
    those beside a model to files of the root: a link out of it would bring in what nobody staged.
    """
    try:
        if (root / top).is_symlink() and top:
            return [_unreadable(root, Path(top), "the folder is a symbolic link, which is not followed")]
        closed: list[OSError] = []
        links: list[Path] = []
        empty: list[Path] = []
        told = Told(closed.append, links.append, empty.append)
        found = regular_files(root / top, told) if top else own_files(root, links.append)
        files = sorted(found)
        listing = [file for file in files if file.suffix == ".json" and file.stem in LISTING]
        entries = Registered(above() if top else NONE(), registered_in(root, listing))
        paths, bare = ([str(place.relative_to(root)) for place in places] for places in (files, empty))
        units = arrange(paths, top, contents_of(root, files), bare)
        inside = {unit.model_id: error for unit in units for error in closed if _is_inside(root, error, unit)}
        alone, beside = divided(root, units, links)
        common = shared_by_link(root, links, chain.from_iterable(beside.values()))
        units = with_links(units, common) if common else units
        shared = cache(partial(_shared, root, common))
        apart = [error for error in closed if error not in inside.values()]
        return [
            *(
                replace(
                    _read(root, unit, entries, preprocessors, inside.get(unit.model_id), beside.get(unit.model_id, ())),
                    above=_above(unit, shared, entries),
                )
                for unit in units
            ),
            *(_unreadable(root, Path(os.path.relpath(error.filename, root)), _closed(error)) for error in apart),
            *(_unreadable(root, link.relative_to(root), LINK) for link in alone),
        ]
    except OSError as error:
        return [_unreadable(root, Path(top or root.name), _closed(error))]


def _above(unit: Unit, shared: Callable[[str], Above], entries: "Registered") -> tuple[Above, ...]:
    common = (of_version(shared(path), Path(unit.model_id).name) for path in unit.above)
    return (*common, *entries.near.broken, *entries.above.broken)


def _shared(root: Path, behind: Mapping[str, Path], path: str) -> Above:
    """Return what a file about several models says; one that cannot be read makes no model unreadable.

    ``behind`` are the files behind those that are links.
    """
    try:
        return shared_in(path, text_of(behind.get(path, root / path)))
    except OSError as error:
        return Above(path, {}, Problem("bad-metadata", _closed(error)))


@dataclass(frozen=True, slots=True)
class Registered:
    """The entries of files about many models: of those at the root, and of those beside the models."""

    above: Listing
    near: Listing

    def of(self, unit: Unit) -> str | None:
        """Return what they say of a model, those beside it first."""
        found = self.near.entry_for(unit.model, unit.model_id, near=True)
        return found or self.above.entry_for(unit.model, unit.model_id, near=False)


def _is_inside(root: Path, error: OSError, unit: Unit) -> bool:
    """Whether a folder that cannot be listed is part of a unit: it may hold what belongs to the model."""
    return unit.model_id == unit.folder and Path(error.filename).is_relative_to(root / unit.folder)


def _read(
    root: Path,
    unit: Unit,
    entries: Registered,
    preprocessors: tuple[str, ...],
    closed: OSError | None,
    links: Sequence[Path],
) -> Folder:
    """Return what one unit holds; one with something that cannot be read stops no other."""
    try:
        if closed:
            raise closed
        return _folder(root, unit, entries, preprocessors, links_beside(root, unit, links))
    except OSError as error:
        return _unreadable(root, Path(unit.model_id), _closed(error))


def _closed(error: OSError) -> str:
    return f"cannot be read: {error.strerror} ({printable(str(error.filename))})"


def registered_in(root: Path, registries: Iterable[Path]) -> Listing:
    """Return the entries of registry files, of those that are there, and those files that cannot be read."""
    found: list[Entry] = []
    broken: list[Above] = []
    for file in registries:
        with contextlib.suppress(OSError):
            text = text_of(file) if is_plain(file) else ""
            found += entries_of(text)
            unread = broken_registry(str(file.relative_to(root)), text) if text and file.stem in REGISTRIES else None
            broken += [unread] if unread else []
    return Listing.of(found, broken)


def _folder(root: Path, unit: Unit, entries: Registered, preprocessors: tuple[str, ...], links: Links) -> Folder:
    files = [root / file for file in unit.files]
    around = (root / unit.model).parent if unit.model else root / unit.folder
    before = preparing(preprocessors, around, files, links)
    digests = {file: sha256_of(links.followed.get(file, file)) for file in (*files, *links.followed, *before)}
    model = root / unit.model if unit.model else None
    entry = entries.of(unit)
    told = {file: text_of(links.read.get(file, file)) for file in _about(root, unit, links)}
    own = {file: text for file, text in told.items() if not (entry and entries_of(text))}
    texts = [(file.name, text) for file, text in own.items()] + ([("registry.json", entry)] if entry else [])
    return Folder(
        name=printable(unit.model_id),
        path=str(root / unit.folder),
        model_file=str(model) if model else None,
        size=sum(file.stat().st_size for file in files),
        format=format_in(model) if model else "none",
        fingerprint=fingerprint_of(root / unit.folder, digests),
        model_digest=digests[model] if model else "",
        metadata=tuple(texts),
        modified_at=modified(model or root / unit.folder),
        unreadable=unprepared(preprocessors, around, files, links) if model else linked_in(root / unit.folder),
        beside=tuple(str(file) for file in digests if file != model and file not in own),
        documents=tuple((str(file), str(links.read.get(file, file))) for file in own),
        preprocessors=tuple((str(file), digests[file]) for file in before),
        linked=tuple((str(link), str(target)) for link, target in links.followed.items()),
        unclaimed=tuple(map(printable, unit.unclaimed)),
        left=tuple(printable(str(link.relative_to(root / unit.folder))) for link in links.left),
    )


def _about(root: Path, unit: Unit, links: Links) -> list[Path]:
    """Return the documents about a model, those that say most first; a link to one counts as a file of its name."""
    about = [root / file for file in unit.about if Path(file).stem not in REGISTRIES]
    return (
        sorted([*about, *links.read], key=lambda f: rank(PurePosixPath(f.relative_to(root)))) if links.read else about
    )


def _unreadable(root: Path, place: Path, why: str) -> Folder:
    path = root / place
    identity = hashlib.sha256(os.fsencode(path)).hexdigest()
    at = modified(path if path.is_symlink() or path.exists() else root)
    return Folder(printable(place.as_posix()), str(path), None, 0, "none", identity, "", (), at, why)
