"""The format of a model file is told from its name and its first bytes."""

import pytest

from podium.formats import format_of


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("model.pkl", b"\x80\x04}.", "pickle"),
        ("model.pkl", b"csklearn.linear_model", "pickle"),
        ("model.pkl", b"\x80\x03cjoblib.numpy_pickle", "joblib"),
        ("model.pkl", b"\x78\x9c", "joblib+zlib"),
        ("model.pkl", b"\x1f\x8b", "joblib+gzip"),
        ("model.pkl", b"xyz", "unknown"),
        ("model.pkl", b"", "empty"),
        ("model.pkl", b"version https://git-lfs.github.com/spec/v1", "git-lfs"),
        ("model.skops", b"PK\x03\x04", "skops"),
        ("model.pkl", b"PK\x03\x04", "unknown"),
        ("model.json", b'{"learner":{"attributes":{},', "xgboost-json"),
        ("model.json", b'{ "version": [1, 7, 6], "learner": { "attributes": {}', "xgboost-json"),
        ("metadata.json", b'{"learner": "xgboost"}', "unknown"),
        ("metadata.json", b'{"objective": "binary:logistic"}', "unknown"),
        ("model.ubj", b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner", "xgboost-ubj"),
        ("model.bin", bytes(136) + b"binary:logistic", "xgboost-binary"),
        ("weights.bin", bytes(200), "unknown"),
        ("model.txt", b"tree\nversion=v4", "lightgbm-text"),
        ("notes.txt", b"trees are green", "unknown"),
        ("model.onnx", b"\x08\x07", "onnx"),
        ("clf.p", b"\x80\x04}.", "pickle"),
        ("m.mdl", b"\x78\x9c", "joblib+zlib"),
        ("m.model", b"\x80\x04}.", "pickle"),
        ("weights.bin", b"\x80\x00\x00", "unknown"),
        ("weights.bin", b"}q\x00.", "unknown"),
        ("y.jl", b"const a = 1", "unknown"),
        ("m.bst", b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner", "xgboost-ubj"),
        ("m.bst", bytes(136) + b"binary:logistic", "xgboost-binary"),
        ("m.bst", b"% a style", "unknown"),
        ("w.lgbm", b"tree\nversion=v4", "lightgbm-text"),
        ("model", b"\x80\x04}.", "pickle"),
    ],
)
def test_each_format(name: str, head: bytes, kind: str) -> None:
    """The formats people use, and what looks like them."""
    assert format_of(name, head) == kind
