"""Opens a file as the stream of its content, whichever way it is compressed."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from typing import IO, Any


def _zlib(raw: IO[bytes]) -> Any:
    # Most processes that open a staged file meet no such file, and need nothing of joblib.
    from joblib.compressor import BinaryZlibFile

    return BinaryZlibFile(raw)


OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"]\x00": lzma.open,
    b"\x78": _zlib,
}


def opened(raw: IO[bytes]) -> IO[bytes]:
    """Return the content of a file from its start, decompressed."""
    raw.seek(0)
    head = raw.read(8)
    raw.seek(0)
    opener = next((o for magic, o in OPENERS.items() if head.startswith(magic)), None)
    return opener(raw) if opener else raw
