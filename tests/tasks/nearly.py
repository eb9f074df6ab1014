"""Staged files that are nearly what histogram gradient boosting writes of itself, and not quite."""

from tests.tasks.hostile import Maker, command, short

BOOSTING = b"csklearn.ensemble._hist_gradient_boosting.gradient_boosting\nHistGradientBoostingClassifier\n)\x81"
OTHER = b"csklearn.linear_model._logistic\nLogisticRegression\n)\x81"
GETATTR, PARTIAL = b"cbuiltins\ngetattr\n", b"cfunctools\npartial\n"
CHECK = b"csklearn.utils.validation\ncheck_array\n"
SETTINGS = b"}(" + short("dtype") + b"]cnumpy\nfloat64\na" + short("ensure_all_finite") + b"\x89u"


def partial(function: bytes, state: bytes, given: bytes = b"") -> bytes:
    """A function with a state of one's own."""
    return b"\x80\x04" + PARTIAL + b"(" + function + given + b"tR(" + state + b"tb"


def method(model: bytes, name: bytes) -> bytes:
    """An attribute of a model."""
    return b"\x80\x04" + GETATTR + b"(" + model + name + b"tR"


NEARLY: dict[str, Maker] = {
    "partial of a command": lambda w: (
        b"\x80\x04" + PARTIAL + b"(cos\nsystem\n" + command(w) + b"tR."
    ),
    "partial of a listed function": lambda w: b"\x80\x04" + PARTIAL + b"(cnumpy\nlog\ntR.",
    "partial of a model": lambda w: b"\x80\x04" + PARTIAL + b"(" + OTHER + b"tR.",
    "partial of nothing": lambda w: b"\x80\x04" + PARTIAL + b")R.",
    "partial with an argument": lambda w: partial(CHECK, CHECK + b")" + SETTINGS + b"N", short("x")) + b".",
    "partial that becomes a command": lambda w: partial(CHECK, b"cos\nsystem\n)" + SETTINGS + b"N") + b".",
    "partial that becomes a listed function": lambda w: partial(CHECK, b"cnumpy\nlog\n)" + SETTINGS + b"N") + b".",
    "partial with an argument in its state": lambda w: (
        partial(CHECK, CHECK + b"(" + command(w) + b"t" + SETTINGS + b"N") + b"."
    ),
    "partial with another setting": lambda w: (
        partial(CHECK, CHECK + b")}(" + short("dtype") + b"N" + short("estimator") + OTHER + b"uN") + b"."
    ),
    "partial with attributes": lambda w: partial(CHECK, CHECK + b")" + SETTINGS + b"}") + b".",
    "partial with a state that is computed": lambda w: (
        b"\x80\x04" + PARTIAL + b"(" + CHECK + b"tRcbuiltins\ntuple\n)Rb."
    ),
    "partial that is called": lambda w: partial(CHECK, CHECK + b")" + SETTINGS + b"N") + b"(" + command(w) + b"tR.",
    "a check that is called": lambda w: b"\x80\x04" + CHECK + b"(" + command(w) + b"tR.",
    "another method of boosting": lambda w: method(BOOSTING, short("fit")) + b".",
    "what Python has of boosting": lambda w: method(BOOSTING, short("__class__")) + b".",
    "that method of the class": lambda w: method(BOOSTING[:-2], short("_raw_predict")) + b".",
    "that method of another model": lambda w: method(OTHER, short("_raw_predict")) + b".",
    "that method under a computed name": lambda w: method(BOOSTING, b"cbuiltins\nstr\n)R") + b".",
    "that method, and more": lambda w: method(BOOSTING, short("_raw_predict") + b"N") + b".",
    "that method, called": lambda w: method(BOOSTING, short("_raw_predict")) + b"(" + command(w) + b"tR.",
    "that method, called as a zone": lambda w: (
        method(BOOSTING, short("_raw_predict")) + short("UTC") + b"\x88\x86R."
    ),
    "an attribute of partial": lambda w: method(PARTIAL, short("_unpickle")) + b".",
}  # fmt: skip
