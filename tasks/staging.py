"""Reads the staging root: names, sizes, digests and metadata texts, and never a model."""

import hashlib
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from podium.errors import ConfigError
from podium.metadata import parse_staged
from podium.names import printable
from podium.progress import Counter
from podium.requirements import drift
from podium.staged import Folder, StagedModel
from tasks.effects.installed import installed

MODEL_SUFFIXES = frozenset({".pkl", ".pickle", ".joblib", ".sav"})
METADATA = "metadata.json"
LARGEST_METADATA = 16 * 1024 * 1024
HEAD = 4096
CHUNK = 1 << 20
EMPTY = hashlib.sha256(b"").hexdigest()
MAGIC = (
    (b"version https://git-lfs", "git-lfs"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ", "xz"),
    (b"]\x00", "lzma"),
    (b"\x78", "zlib"),
)


@task(cache_policy=NO_CACHE)
def read_staging(root: Path | None, timezone: str = "UTC") -> list[StagedModel]:
    """Return every folder of the staging root as a staged model, by name.

    Raises:
        ConfigError: no root is configured, or it is no folder.
    """
    if root is None:
        raise ConfigError("staging.root is not set: name the folder that holds one folder per model")
    if not root.is_dir():
        raise ConfigError(
            f"staging.root: {root}: no such folder; point it at the folder that holds one folder per model"
        )
    folders = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    count = Counter("reading staged models", len(folders))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: _read(root, name, timezone, count), folders))


def _read(root: Path, name: str, timezone: str, count: Counter) -> StagedModel:
    model = parse_staged(read_folder(root / name), timezone)
    model = model.with_problems(drift(model.versions, installed))
    count.step(model.model_id)
    return model


def read_folder(path: Path) -> Folder:
    """Return what one folder holds. A file that cannot be read makes the folder unreadable, not the call fail.

    Symbolic links are not followed: a link out of the root would bring in what nobody staged.
    """
    modified = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    try:
        if path.is_symlink():
            return _unreadable(path, modified, "the folder is a symbolic link, which is not followed")
        return _folder(path, sorted(_regular_files(path)), modified)
    except OSError as error:
        return _unreadable(path, modified, f"cannot be read: {error.strerror} ({printable(str(error.filename))})")


def _folder(path: Path, files: list[Path], modified: datetime) -> Folder:
    digests = {file: _sha256(file) for file in files}
    model = _model_file(files)
    return Folder(
        name=printable(path.name),
        path=str(path),
        model_file=str(model) if model else None,
        size=sum(file.stat().st_size for file in files),
        format=_format(model) if model else "none",
        fingerprint=_fingerprint(path, digests),
        model_digest=digests[model] if model else "",
        metadata_text=_metadata(path / METADATA) if path / METADATA in digests else None,
        modified_at=modified,
    )


def _unreadable(path: Path, modified: datetime, why: str) -> Folder:
    name, identity = printable(path.name), hashlib.sha256(os.fsencode(path)).hexdigest()
    return Folder(name, str(path), None, 0, "none", identity, "", None, modified, why)


def _regular_files(path: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(path, onerror=_raise):
        for name in names:
            file = Path(folder, name)
            if stat.S_ISREG(file.lstat().st_mode):
                yield file


def _raise(error: OSError) -> None:
    """Make what cannot be listed an error: ``os.walk`` would leave it out, and so out of the fingerprint."""
    raise error


def _model_file(files: list[Path]) -> Path | None:
    models = [f for f in files if f.suffix.lower() in MODEL_SUFFIXES]
    return min(models, key=lambda f: (f.stem != "model", len(f.parts), f.name), default=None)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fingerprint(path: Path, digests: dict[Path, str]) -> str:
    """Return the sha256 over the relative names and the digests of all files, in hex."""
    lines = sorted(f"{file.relative_to(path).as_posix()}\0{digest}\n" for file, digest in digests.items())
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _format(model: Path) -> str:
    with model.open("rb") as stream:
        head = stream.read(HEAD)
    if not head:
        return "empty"
    named = next((name for magic, name in MAGIC if head.startswith(magic)), None)
    if named:
        return named if named == "git-lfs" else f"joblib+{named}"
    return _pickle_kind(head)


def _pickle_kind(head: bytes) -> str:
    if b"joblib.numpy_pickle" in head:
        return "joblib"
    # Protocols 0 and 1 have no marker: they begin with a global, a mark or an empty container.
    return "pickle" if head[:1] in b"\x80c(]}" else "unknown"


def _metadata(file: Path) -> str:
    if file.stat().st_size > LARGEST_METADATA:
        return f"larger than {LARGEST_METADATA} bytes"
    return file.read_text(encoding="utf-8-sig", errors="replace")
