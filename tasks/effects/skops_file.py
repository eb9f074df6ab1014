"""Writes a model in skops' format, as skops does but with its description in one line.

skops indents the description of a model, for which Python's encoder is several times slower: for a forest of many trees
that is most of the time that storing it takes. Readers see the same document.
"""

import io
import json
from typing import Any
from zipfile import ZipFile

import skops
import skops.io


def dumps(model: Any) -> bytes:
    """Return the content of a skops file.

    Raises:
        UnsupportedTypeException: it holds something that skops has no format for.
    """
    try:
        from skops.io._utils import SaveContext, get_state
    except ImportError:
        # Another version of skops, with other names inside.
        return bytes(skops.io.dumps(model))
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        context = SaveContext(zip_file=archive)
        state = get_state(model, context)
        context.clear_memo()
        described = {**state, "protocol": context.protocol, "_skops_version": skops.__version__}
        archive.writestr("schema.json", json.dumps(described))
    return buffer.getvalue()
