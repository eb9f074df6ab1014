"""Reads the staging root: names, sizes, digests and metadata texts, and never a model."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path, PurePosixPath

from prefect import task
from prefect.cache_policies import NO_CACHE

from podium.documents import Entry, Listing, entries_of
from podium.errors import ConfigError
from podium.formats import HEAD, PERHAPS, format_of, may_be_model
from podium.layout import REGISTRIES, Unit, arrange
from podium.metadata import UNKNOWN, of_class, parse_staged
from podium.names import printable
from podium.progress import Counter
from podium.requirements import drift
from podium.staged import Folder, StagedModel
from tasks.effects.inspection import classes_in
from tasks.effects.installed import installed

LISTING = REGISTRIES | {"metadata"}
"""Stems of files that may be about many models; one of the last name is so only if it holds a list of them."""
NONE = partial(Listing.of, ())
LARGEST_METADATA = 16 * 1024 * 1024


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
    tops = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    count = Counter("reading staged models", len(tops) + 1)
    above = cache(lambda: registered_in(root / f"{stem}.json" for stem in sorted(LISTING)))
    with ThreadPoolExecutor() as pool:
        folders = pool.map(lambda top: read_folders(root, top, preprocessors, above), ["", *tops])
        read = [_counted(found, top, count) for found, top in zip(folders, ["", *tops], strict=True)]
    return [_parsed(folder, timezone) for folders in read for folder in folders]


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
    A file that cannot be read makes its model unreadable, not the call fail. Symbolic links are not followed: a link
    out of the root would bring in what nobody staged.
    """
    try:
        if (root / top).is_symlink() and top:
            return [_unreadable(root, Path(top), "the folder is a symbolic link, which is not followed")]
        closed: list[OSError] = []
        links: list[Path] = []
        found = _regular_files(root / top, closed.append, links.append) if top else _own_files(root, links.append)
        files = sorted(found)
        listing = [file for file in files if file.suffix == ".json" and file.stem in LISTING]
        entries = Registered(above() if top else NONE(), registered_in(listing))
        natives = [str(f.relative_to(root)) for f in files if f.suffix.lower() in PERHAPS and _is_native(f)]
        units = arrange((str(f.relative_to(root)) for f in files), top, natives)
        inside = {unit.model_id: error for unit in units for error in closed if _is_inside(root, error, unit)}
        apart = [error for error in closed if error not in inside.values()]
        return [
            *(_read(root, unit, entries, preprocessors, inside.get(unit.model_id)) for unit in units),
            *(_unreadable(root, Path(os.path.relpath(error.filename, root)), _closed(error)) for error in apart),
            *_linked_apart(root, units, links),
        ]
    except OSError as error:
        return [_unreadable(root, Path(top or root.name), _closed(error))]


@dataclass(frozen=True, slots=True)
class Registered:
    """The entries of files about many models: of those at the root, and of those beside the models."""

    above: Listing
    near: Listing

    def of(self, unit: Unit) -> str | None:
        """Return what they say of a model, those beside it first."""
        found = self.near.entry_for(unit.model, unit.model_id, near=True)
        return found or self.above.entry_for(unit.model, unit.model_id, near=False)


def _linked_apart(root: Path, units: Iterable[Unit], links: Iterable[Path]) -> list[Folder]:
    """Return links that stand where a model would, of which no unit tells: each is a model that nobody reads."""
    told = {root / unit.folder for unit in units if unit.model is None}
    held = {(root / unit.model).parent for unit in units if unit.model and unit.model_id == unit.folder}
    apart = (link for link in sorted(links) if link.parent not in told | held)
    return [_unreadable(root, link.relative_to(root), "it is a symbolic link, which is not followed") for link in apart]


def _is_inside(root: Path, error: OSError, unit: Unit) -> bool:
    """Whether a folder that cannot be listed is part of a unit: it may hold what belongs to the model."""
    return unit.model_id == unit.folder and Path(error.filename).is_relative_to(root / unit.folder)


def _read(
    root: Path, unit: Unit, entries: Registered, preprocessors: tuple[str, ...], closed: OSError | None
) -> Folder:
    """Return what one unit holds; one with something that cannot be read stops no other."""
    try:
        if closed:
            raise closed
        return _folder(root, unit, entries, preprocessors)
    except OSError as error:
        return _unreadable(root, Path(unit.model_id), _closed(error))


def _closed(error: OSError) -> str:
    return f"cannot be read: {error.strerror} ({printable(str(error.filename))})"


def registered_in(registries: Iterable[Path]) -> Listing:
    """Return the entries of registry files, of those that are there; one that cannot be read tells nothing."""
    found: list[Entry] = []
    for file in registries:
        with contextlib.suppress(OSError):
            found += entries_of(_metadata(file)) if _is_plain(file) else ()
    return Listing.of(found)


def _folder(root: Path, unit: Unit, entries: Registered, preprocessors: tuple[str, ...]) -> Folder:
    files = [root / file for file in unit.files]
    around = (root / unit.model).parent if unit.model else root / unit.folder
    before = [file for file in (around / name for name in preprocessors) if _is_plain(file)]
    digests = {file: _sha256(file) for file in dict.fromkeys((*files, *before))}
    model = root / unit.model if unit.model else None
    about = [root / file for file in unit.about if Path(file).stem not in REGISTRIES]
    entry = entries.of(unit)
    texts = [(file.name, _metadata(file)) for file in about]
    if entry:
        texts = [*((name, text) for name, text in texts if not entries_of(text)), ("registry.json", entry)]
    return Folder(
        name=printable(unit.model_id),
        path=str(root / unit.folder),
        model_file=str(model) if model else None,
        size=sum(file.stat().st_size for file in files),
        format=_format(model) if model else "none",
        fingerprint=_fingerprint(root / unit.folder, digests),
        model_digest=digests[model] if model else "",
        metadata=tuple(texts),
        modified_at=_modified(model or root / unit.folder),
        unreadable=None if model else _linked(root / unit.folder),
        beside=tuple(str(file) for file in digests if file != model and file not in about),
        preprocessors=tuple((str(file), digests[file]) for file in before),
    )


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _unreadable(root: Path, place: Path, why: str) -> Folder:
    path = root / place
    identity = hashlib.sha256(os.fsencode(path)).hexdigest()
    at = _modified(path if path.is_symlink() or path.exists() else root)
    return Folder(printable(place.as_posix()), str(path), None, 0, "none", identity, "", (), at, why)


def _own_files(root: Path, linked: Callable[[Path], None]) -> Iterator[Path]:
    """Yield the files of the root itself; ``linked`` is told of links in the place of models."""
    for entry in os.scandir(root):
        if entry.is_file(follow_symlinks=False):
            yield root / entry.name
        elif entry.is_symlink() and not entry.is_dir() and may_be_model(PurePosixPath(entry.name)):
            linked(root / entry.name)


def _regular_files(path: Path, closed: Callable[[OSError], None], linked: Callable[[Path], None]) -> Iterator[Path]:
    """Yield the files below a folder; ``closed`` is told of each folder that cannot be listed.

    ``linked`` is told of links to folders, and of those in the place of models.
    """
    for folder, inner, names in os.walk(path, onerror=closed):
        for name in (*inner, *names):
            file = Path(folder, name)
            mode = file.lstat().st_mode
            if stat.S_ISREG(mode):
                yield file
            elif stat.S_ISLNK(mode) and (name in inner or may_be_model(PurePosixPath(name))):
                linked(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fingerprint(path: Path, digests: dict[Path, str]) -> str:
    """Return the sha256 over the relative names and the digests of all files, in hex."""
    lines = sorted(f"{file.relative_to(path).as_posix()}\0{digest}\n" for file, digest in digests.items())
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _linked(folder: Path) -> str | None:
    """Return what to say of a folder without a model that has a link in its place."""
    links = [
        entry.name for entry in os.scandir(folder) if entry.is_symlink() and may_be_model(PurePosixPath(entry.name))
    ]
    return f"{printable(links[0])} is a symbolic link, which is not followed: copy the file there" if links else None


def _is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _is_native(file: Path) -> bool:
    try:
        return _format(file) not in {"empty", "git-lfs", "unknown", "pickle", "joblib"}
    except OSError:
        # Whatever it is, the unit that it belongs to says that it cannot be read.
        return False


def _format(model: Path) -> str:
    with model.open("rb") as stream:
        return format_of(model.name, stream.read(HEAD))


def _metadata(file: Path) -> str:
    if file.stat().st_size > LARGEST_METADATA:
        return f"larger than {LARGEST_METADATA} bytes"
    return file.read_text(encoding="utf-8-sig", errors="replace")
