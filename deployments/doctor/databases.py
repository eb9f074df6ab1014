"""Looks at databases that are used without a server: whether their schema is the one the installed version needs."""

import importlib.util
from pathlib import Path

from configs.places import SQLITE
from deployments.doctor.asking import shown
from podium.health import Health, schema
from tasks.effects import blank


def mlflow_database(uri: str) -> Health:
    """Look at MLflow's database."""
    if uri.startswith(SQLITE):
        path = Path(uri.removeprefix(SQLITE))
        if not path.exists():
            return Health("mlflow", "pass", f"{path} is made by the first command")
        if blank.is_current("mlflow", path):
            return Health("mlflow", "pass", f"{path}, its schema is current")
        return _judged(blank.revision_of(path), uri)
    try:
        return _judged(_asked(uri), uri)
    except Exception as error:
        said = str(error).strip().splitlines()[0]
        return Health("mlflow", "fail", f"{shown(uri)} cannot be read: {said}", "start it, or see mlflow.tracking_uri")


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

    spec = importlib.util.find_spec("mlflow")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    scripts = ScriptDirectory(str(Path(spec.submodule_search_locations[0], "store", "db_migrations")))
    known = {script.revision for script in scripts.walk_revisions()}
    head = str(scripts.get_current_head())
    return schema("mlflow schema", found, head, found in known, f"run `mlflow db upgrade {shown(uri)}`")


def prefect_database(path: Path) -> list[Health]:
    """Look at an embedded database of Prefect, which each start brings up to date."""
    if not path.exists():
        return []
    if blank.is_current("prefect", path):
        return [Health("prefect schema", "pass", f"{path} is current")]
    return [
        Health("prefect schema", "warn", f"{path} is of another version", "none needed: the next start migrates it")
    ]
