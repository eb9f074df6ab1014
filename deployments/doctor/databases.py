"""Looks at databases that are used without a server: whether their schema is the one the installed version needs."""

import importlib.util
import re
import sqlite3
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from configs.places import SQLITE
from deployments.doctor.asking import LOOK, shown
from deployments.doctor.servers import MLFLOW, no_address
from podium.errors import first_line
from podium.health import Health, kept_schema, schema
from tasks.effects import blank
from tasks.effects.bounded import within
from tasks.effects.databases import OF_MLFLOW, OF_PREFECT, against_file, mend_of

KINDS = frozenset({"sqlite", "postgresql", "mysql", "mssql"})
"""Databases that MLflow keeps its store in."""
REVISION = re.compile(r"^(down_)?revision\b[^=]*=(.*)$", re.MULTILINE)


def mlflow_database(uri: str) -> Health:
    """Look at MLflow's database."""
    if uri.partition("://")[0].partition("+")[0] not in KINDS:
        mend = "mend MLFLOW_TRACKING_URI or mlflow.tracking_uri"
        return no_address("mlflow", uri, f"{MLFLOW}, or that of a database such as {SQLITE}FILE,", mend)
    try:
        if uri.startswith(SQLITE):
            return _of_file(Path(uri.removeprefix(SQLITE)).absolute(), uri)
        return _judged(within(LOOK, lambda: _asked(uri)), uri)
    except Exception as error:
        mend = "start it, or see mlflow.tracking_uri"
        return Health("mlflow", "fail", f"{shown(uri)} cannot be read: {first_line(error)}", mend)


def _of_file(path: Path, uri: str) -> Health:
    if not path.exists():
        return Health("mlflow", "pass", f"{path} is made by the first command")
    if said := against_file(path):
        return Health("mlflow", "fail", f"{path} cannot be read: {said}", mend_of(said, OF_MLFLOW))
    if blank.is_current("mlflow", path):
        return Health("mlflow", "pass", f"{path}, its schema is current")
    return _judged(blank.revision_of(path), uri)


def _asked(uri: str) -> str | None:
    """Return the revision of a database of any kind."""
    from sqlalchemy import create_engine, inspect, text

    engine = create_engine(uri)
    with engine.connect() as connection:
        if "alembic_version" not in inspect(connection).get_table_names():
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()
    return found


def _judged(found: str | None, uri: str) -> Health:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_folder_of("mlflow", "store", "db_migrations")))
    known = {script.revision for script in scripts.walk_revisions()}
    head = str(scripts.get_current_head())
    return schema("mlflow schema", found, head, found in known, f"run `mlflow db upgrade {shown(uri)}`")


def prefect_database(name: str, path: Path) -> list[Health]:
    """Look at a database of Prefect on this machine, which each start of a server brings up to date."""
    if not path.exists():
        return []
    try:
        said = against_file(path)
        found, current = blank.revision_of(path), blank.is_current("prefect", path)
    except sqlite3.Error as error:
        said = str(error)
    if said:
        return [Health(name, "fail", f"{path} cannot be read: {said}", mend_of(said, OF_PREFECT))]
    if current:
        return [Health(name, "pass", f"{path} is current")]
    known, head = _revisions(_folder_of("prefect", "server", "database", "_migrations", "versions", "sqlite"))
    judged = kept_schema(name, found, head, found in known, f"Prefect {version('prefect')}")
    return [replace(judged, detail=f"{path}: {judged.detail}")]


def _folder_of(product: str, *parts: str) -> Path:
    spec = importlib.util.find_spec(product)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], *parts)


def _revisions(folder: Path) -> tuple[set[str], str]:
    """Return the revisions in a folder of migrations, and the newest; they are read, as importing them takes long."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for path in folder.glob("*.py"):
        for down, value in REVISION.findall(path.read_text(encoding="utf-8")):
            found[bool(down)].update(re.findall(r"\w{12}", value))
    return found[False], next(iter(found[False] - found[True]), "")
