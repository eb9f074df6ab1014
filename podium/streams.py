"""A stream of bytes from somebody's file, read with a limit, and the two ways in which a file can be bad."""

import lzma
import struct
import zipfile
import zlib
from typing import IO, cast

PIECE = 1 << 20
"""Bytes that are read at once."""

DAMAGED = (
    *(ValueError, IndexError, KeyError, TypeError, EOFError, OverflowError, RecursionError),
    *(OSError, zlib.error, lzma.LZMAError),
)
"""What reading a file that is cut off, overwritten or no pickle at all may raise."""

UNZIPPED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, struct.error)
"""What reading a damaged zip file may raise, be it that an entry claims a password, or a packing that nobody knows."""


class SuspectError(Exception):
    """A pickle does something that no honest model's pickle does."""


class BrokenError(Exception):
    """A file ends early or is no pickle."""


class Bytes:
    """A stream that counts, and gives no more than a limit: a small file may expand to a huge one."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit, self.position = stream, limit, 0

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes."""
        if self.position + size > self._limit:
            raise SuspectError(f"it expands to, or announces, more than {self._limit:,} bytes")
        found = self._stream.read(size)
        self.position += len(found)
        return found

    def readline(self) -> bytes:
        """Return the bytes up to the next newline, which no name or number is far from."""
        found = self._stream.readline(self._limit - self.position)
        self.position += len(found)
        return found

    def as_file(self) -> IO[bytes]:
        """Return this as what reads a pickle's arguments, which needs no more of a file than there is here."""
        return cast(IO[bytes], self)

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        while size > 0:
            passed = len(self.read(min(size, PIECE)))
            if not passed:
                raise BrokenError("it ends in the middle of an array")
            size -= passed
