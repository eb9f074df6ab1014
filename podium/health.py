"""What the doctor says of what was read: each judgement with the mend, in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "warn", "fail"]
May = Literal["yes", "no", "absent", "unknown"]
"""Whether an account may write something; it may not be there yet, and not every server tells."""
LITTLE, TOO_LITTLE = 5e9, 5e8
"""Free bytes below which a disk is soon full, and below which a migration may not fit."""
SKEW = 30.0
"""Seconds by which a clock may differ: a date has whole seconds, and an answer takes its time."""


@dataclass(frozen=True, slots=True)
class Health:
    """One check: how it is, what was seen, and what to do about it."""

    name: str
    status: Status
    detail: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the check as a JSON object."""
        return {"name": self.name, "status": self.status, "detail": self.detail, "mend": self.mend}


def disk(name: str, free: float, folder: str) -> Health:
    """Judge the free bytes of the disk that a folder is on."""
    said = f"{free / 1e9:,.1f} GB free at {folder}"
    if free >= LITTLE:
        return Health(name, "pass", said)
    mend = "make room: `podium retire` and retention.delete_older remove former versions, `mlflow gc` their files"
    return Health(name, "fail" if free < TOO_LITTLE else "warn", said, mend)


def clock(name: str, ahead: float) -> Health:
    """Judge by how many seconds a server's clock is ahead of ours."""
    if abs(ahead) <= SKEW:
        return Health(name, "pass", f"{abs(ahead):.0f} s apart")
    way = "ahead of" if ahead > 0 else "behind"
    mend = "let both synchronise their clocks (chrony, systemd-timesyncd); decisions stay right, but times mislead"
    return Health(name, "warn", f"the server is {abs(ahead):.0f} s {way} this machine", mend)


def versions(name: str, client: str, server: str) -> Health:
    """Judge a client against its server, which may not be older in its first two numbers."""
    said = f"client {client}, server {server}"
    ours, theirs = _leading(client), _leading(server)
    if ours == theirs:
        return Health(name, "pass", said)
    if not theirs or ours > theirs:
        return Health(name, "warn", said, f"bring the server to {client}: it may not know what this client asks for")
    return Health(name, "warn", said, f"bring this client to {server}, with the lock that Podium is installed from")


def _leading(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def schema(name: str, found: str | None, head: str, known: bool, upgrade: str) -> Health:
    """Judge the revision of a database against the newest one; ``known`` says if the product knows it at all."""
    if found == head:
        return Health(name, "pass", f"schema {head}")
    if found is None:
        return Health(name, "warn", "no schema yet", "none needed: the first command makes it")
    if known:
        return Health(name, "fail", f"schema {found}, but {head} is needed", f"back it up, then {upgrade}")
    return Health(name, "fail", f"schema {found} is of a newer version", "install the version that made it")


def kept_schema(name: str, found: str | None, head: str, known: bool, product: str) -> Health:
    """Judge the revision of a database that its product brings up to date by itself."""
    if found == head:
        return Health(name, "pass", f"schema {head}")
    if found is None or known:
        said = "no schema yet" if found is None else f"schema {found}, and {head} is the newest"
        return Health(name, "warn", f"{said}: it is migrated at the next start", "none needed, but a copy of it")
    return Health(name, "fail", f"schema {found} is of a newer version than {product}", f"upgrade {product}")


def permissions(found: Mapping[str, May]) -> Health:
    """Judge what an account may write."""
    refused, unknown, may = ([n for n, m in found.items() if m == kind] for kind in ("no", "unknown", "yes"))
    if refused:
        mend = "give the account the permission EDIT on it, or name another in MLFLOW_TRACKING_USERNAME"
        return Health("permissions", "fail", f"this account may not write {', '.join(refused)}", mend)
    if unknown:
        return Health("permissions", "warn", f"not known: the server does not tell of {', '.join(unknown)}")
    if not may:
        return Health("permissions", "warn", "not looked at: nothing is there yet", "none needed: ask again later")
    return Health("permissions", "pass", f"this account may write {', '.join(may)}")
