"""Tells the format of a model file from its name and its first bytes, without reading further."""

import re
from pathlib import PurePosixPath as Path

HEAD = 4096
"""Bytes at the start of a file that tell its format."""
PICKLED = frozenset({".pkl", ".pickle", ".joblib", ".sav", ".cloudpickle", ".dill"})
NATIVE = frozenset({".skops", ".ubj", ".xgb", ".bst", ".lgb", ".lgbm", ".onnx"})
OFTEN_PICKLED = frozenset({".p", ".pck", ".jl", ".mdl"})
"""Suffixes of pickles, and of sources and data of other programs: the content must tell."""
PERHAPS = frozenset({".json", ".txt", ".bin", ".model", *OFTEN_PICKLED})
"""Suffixes of model files and of much else: the content must tell."""
BINARY = frozenset({".bin", ".model"})
PROTOCOL, PROTOCOLS = b"\x80", b"\x02\x03\x04\x05"
"""How pickles begin, but for the oldest."""
PACKED = frozenset({".gz", ".bz2", ".xz", ".lzma", ".z"})
FOREIGN = frozenset(
    {
        *(".cbm", ".pt", ".pth", ".ckpt", ".h5", ".keras", ".pmml", ".mojo", ".tflite", ".safetensors", ".mlmodel"),
        ".rds",
    }
)
"""Suffixes of models in formats that nothing here reads, whatever their first bytes look like."""
ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".7z", ".rar"})
"""Suffixes of files that hold others, which nobody unpacks here."""
UNTOLD = frozenset({"", ".dat", ".bin", ".model", *ARCHIVES, *OFTEN_PICKLED})
"""Suffixes that tell nothing: a file of one is a model if it is called so, whatever it holds."""
PREFERENCE = (
    *(*sorted(PICKLED), *sorted(OFTEN_PICKLED), ".skops", ".ubj", ".xgb", ".bst", ".json", ".model", ".bin"),
    *(".lgb", ".lgbm", ".txt", ".onnx"),
)
"""Of files that hold the same model, those first that keep most of it: a pickle keeps the pipeline and the labels."""
LFS = b"version https://git-lfs"
MAGIC = (
    (LFS, "git-lfs"),
    (b"\x1f\x8b", "joblib+gzip"),
    (b"BZh", "joblib+bz2"),
    (b"\xfd7zXZ", "joblib+xz"),
    (b"]\x00", "joblib+lzma"),
    (b"tree\nversion=", "lightgbm-text"),
    (b"{L", "xgboost-ubj"),
    (b"binf", "xgboost-binary"),
)
XGBOOST_JSON = re.compile(rb'\s*\{\s*("version"\s*:\s*\[[\d,\s]*\]\s*,\s*)?"learner"\s*:\s*\{\s*"attributes"')
OBJECTIVES = (b"binary:", b"multi:soft", b"reg:", b"rank:")
"""What XGBoost's binary format of old has near its start, which has no marker of its own."""
HOLLOW = {
    "empty": "has 0 bytes: copy it again from where it was trained",
    "git-lfs": "is a Git LFS pointer: run `git lfs pull`",
}
"""What to say of files with nothing in them, by their format."""


def suffix_of(path: Path) -> str:
    """Return the suffix of a file in lower case, that of the file inside if it is packed: ``.pkl`` of ``m.pkl.gz``."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() in PACKED else path.suffix.lower()


def stem_of(path: Path) -> str:
    """Return the name of a file without its suffix, and without that of its packing."""
    return Path(path.stem).stem if path.suffix.lower() in PACKED and Path(path.stem).suffix else path.stem


def may_be_model(path: Path, natives: frozenset[str] = frozenset()) -> bool:
    """Whether a file is a model by its name, or is among ``natives``: those that turned out to be by their content."""
    suffix = suffix_of(path)
    return suffix in PICKLED | NATIVE or (suffix in PERHAPS and path.as_posix() in natives)


def format_of(name: str, head: bytes) -> str:
    """Return the format of a model file, ``unknown`` if it is none that is known.

    ``head`` are its first ``HEAD`` bytes.
    """
    if not head:
        return "empty"
    if suffix_of(Path(name)) in ARCHIVES and not head.startswith(LFS):
        return "archive"
    by_content = next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
    if suffix_of(Path(name)) in FOREIGN and by_content not in HOLLOW:
        return "unknown"
    return by_content or _by_name(suffix_of(Path(name)), head) or _pickle_kind(head)


def _by_name(suffix: str, head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return "skops" if suffix == ".skops" else "unknown"
    if suffix == ".onnx":
        return "onnx"
    if XGBOOST_JSON.match(head):
        return "xgboost-json"
    if suffix in BINARY and head.startswith(PROTOCOL) and head[1:2] in PROTOCOLS:
        return None
    if suffix in OFTEN_PICKLED:
        # Sources begin with letters and brackets, as the pickles of old protocols do.
        return None if head[:1] in b"\x80\x78" else "unknown"
    if suffix in {".bin", ".model", ".xgb", ".bst"} and any(objective in head[:512] for objective in OBJECTIVES):
        return "xgboost-binary"
    return "unknown" if suffix in PERHAPS | NATIVE else None


def _pickle_kind(head: bytes) -> str:
    if head[:1] == b"\x78" and head[1:2] in b"\x01\x5e\x9c\xda":
        return "joblib+zlib"
    if b"joblib.numpy_pickle" in head:
        return "joblib"
    # Protocols 0 and 1 have no marker: they begin with a global, a mark or an empty container.
    return "pickle" if head[:1] in b"\x80c(]}" else "unknown"
