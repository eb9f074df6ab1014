"""Tells the class of a staged model without loading it, for those whose metadata does not."""

import contextlib
import io
import pickletools
import re
import zipfile
from pathlib import Path

from podium.pickles import Walker
from podium.stand_ins import Name
from podium.streams import DAMAGED, UNZIPPED, BrokenError, Bytes, SuspectError
from tasks.effects.streams import opened

LIMIT = 16 << 20
"""Bytes, after decompression, in which the class of a model is looked for; it stands near the start."""
DIRECTORY = 4 << 20
"""Bytes of a list of what a zip file holds: that of a forest of ten thousand trees takes fewer."""
STEPS = 200_000
"""Steps of a pickle that are followed outside the sandbox, where nothing limits the memory that they take."""
CLASS = re.compile(r'"__class__":\s*"(\w+)"(?:,\s*"__module__":\s*"([\w.]*)")?')


def classes_in(path: Path, kind: str) -> tuple[str, ...]:
    """Return the names of the classes near the start of a model file, in order; nothing where it cannot be told."""
    if kind.startswith(("xgboost", "lightgbm")):
        return (kind.partition("-")[0],)
    return tuple(name.name for name in _names_in(path, kind))


def outermost_in(path: Path, kind: str) -> tuple[Name, ...]:
    """Return the classes near the start of a model file as ``classes_in``, that of the file's one object first.

    Nothing where that is a list, a dictionary or the like, whatever lies in it.
    """
    if kind.startswith(("xgboost", "lightgbm")):
        return (Name(*(kind.partition("-")[0],) * 2),)
    return () if kind != "skops" and _is_container(path) else _names_in(path, kind)


def _is_container(path: Path) -> bool:
    """Whether a pickle begins with a container, and not with the class of an object."""
    with contextlib.suppress(SuspectError, *DAMAGED), path.open("rb") as raw:
        steps = (operation.name for operation, _, _ in pickletools.genops(Bytes(opened(raw), LIMIT).as_file()))
        return next(step for step in steps if step not in {"PROTO", "FRAME"}).startswith(("EMPTY", "MARK"))
    return False


def _names_in(path: Path, kind: str) -> tuple[Name, ...]:
    return _in_skops(path) if kind == "skops" else _in_pickle(path)


def _in_pickle(path: Path) -> tuple[Name, ...]:
    names: list[Name] = []
    # However far it can be followed: whether it is any good, or still there, is not asked here.
    with contextlib.suppress(SuspectError, BrokenError, MemoryError, *DAMAGED), path.open("rb") as raw:
        walker = Walker(Bytes(opened(raw), LIMIT), most=STEPS)
        names = walker.names
        walker.walk()
    return tuple(names)


class _Sparing(io.FileIO):
    """A file of which nobody reads much at once: a zip file says itself how long the list of what it holds is."""

    most = DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes."""
        if size is not None and size > self.most:
            raise zipfile.BadZipFile(f"its list of files takes more than {self.most:,} bytes")
        return super().read(size) or b""


def _in_skops(path: Path) -> tuple[Name, ...]:
    with contextlib.suppress(MemoryError, *UNZIPPED, *DAMAGED):
        return tuple(Name(module, name) for name, module in CLASS.findall(_schema(path)))
    return ()


def _schema(path: Path) -> str:
    with _Sparing(path) as raw, zipfile.ZipFile(raw) as archive, archive.open("schema.json") as schema:
        raw.most = LIMIT
        return schema.read(LIMIT).decode("utf-8", "replace")
