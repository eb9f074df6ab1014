"""Files of rows that somebody writes from time to time: which they are, and the newest of a folder.

Apart from what reads them, so that to look whether there is one costs no library of tables.
"""

from pathlib import Path

KINDS = frozenset({".parquet", ".pq", ".csv"})


def newest_in(folder: Path) -> Path | None:
    """Return the file of rows in a folder that was written last, None if there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    files = {file: file.stat().st_mtime_ns for file in folder.iterdir() if file.suffix in KINDS and file.is_file()}
    return max(files, key=lambda file: (files[file], file.name), default=None)
