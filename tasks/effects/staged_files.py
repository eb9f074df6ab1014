"""Walks the staging root and reads of its files what tells them apart, and never a model. Links are not followed."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from podium.formats import HEAD, format_of, may_be_model
from podium.names import printable

LARGEST_METADATA = 16 * 1024 * 1024


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one; a link that leads to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def own_files(root: Path, linked: Callable[[Path], None]) -> Iterator[Path]:
    """Yield the files of the root itself; ``linked`` is told of links, but for those to folders."""
    for entry in os.scandir(root):
        if entry.is_file(follow_symlinks=False):
            yield root / entry.name
        elif entry.is_symlink() and not is_folder(entry):
            linked(root / entry.name)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told on a walk: each folder that cannot be listed, each link, and each folder with nothing in it."""

    closed: Callable[[OSError], None]
    linked: Callable[[Path], None]
    empty: Callable[[Path], None]


def regular_files(path: Path, told: Told) -> Iterator[Path]:
    """Yield the files below a folder, and tell of all else that is there."""
    for folder, inner, names in os.walk(path, onerror=told.closed):
        if not (inner or names):
            told.empty(Path(folder))
        for name in (*inner, *names):
            file = Path(folder, name)
            mode = file.lstat().st_mode
            if stat.S_ISREG(mode):
                yield file
            elif stat.S_ISLNK(mode):
                told.linked(file)


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _relative(file: Path, path: Path) -> str:
    return file.relative_to(path).as_posix() if file.is_relative_to(path) else os.path.relpath(file, path)


def fingerprint_of(path: Path, digests: dict[Path, str]) -> str:
    """Return the sha256 over the relative names and the digests of all files, in hex."""
    lines = sorted(f"{_relative(file, path)}\0{digest}\n" for file, digest in digests.items())
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def linked_in(folder: Path) -> str | None:
    """Return what to say of a folder without a model that has a link in its place."""
    links = [
        entry.name for entry in os.scandir(folder) if entry.is_symlink() and may_be_model(PurePosixPath(entry.name))
    ]
    return f"{printable(links[0])} is a symbolic link, which is not followed: copy the file there" if links else None


def modified(path: Path) -> datetime:
    """Return when a file was last written, of a link itself."""
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def is_plain(file: Path) -> bool:
    """Whether a path is a file and no link to one."""
    return file.is_file() and not file.is_symlink()


def format_in(model: Path) -> str:
    """Return the format of a model file, by its name and its first bytes."""
    with model.open("rb") as stream:
        return format_of(model.name, stream.read(HEAD))


def text_of(file: Path) -> str:
    """Return the text of a file about models, or what to say instead of one that is too large."""
    if file.stat().st_size > LARGEST_METADATA:
        return f"larger than {LARGEST_METADATA} bytes"
    return file.read_text(encoding="utf-8-sig", errors="replace")
