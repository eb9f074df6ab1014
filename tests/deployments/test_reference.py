"""What deployments/ holds for production is what its tools take, and does what it says."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from tests.deployments.written import (
    CONTAINERFILE,
    DEPLOYMENTS,
    ROOT,
    UNITS,
    compose,
    image_words,
    instructions,
)

CHANGES_THE_MACHINE = ("apt-get", "useradd")


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a tool of this project's environment, or of the system."""
    own = Path(sys.executable).parent / command[0]
    words = [str(own) if own.exists() else command[0], *command[1:]]
    return subprocess.run(
        words, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def assert_taken(ended: "subprocess.CompletedProcess[str]") -> None:
    """Assert that a tool found nothing to say against what it read."""
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_compose_file_keeps_its_specification() -> None:
    """Every key is one of the Compose specification."""
    assert_taken(run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOYMENTS / "compose.yaml")))


def test_every_service_waits_for_what_it_needs_and_shows_its_health() -> None:
    """A dependency is a service with a health check or one that ends; whatever stays up has a check."""
    services = compose()["services"]
    for name, service in services.items():
        assert "healthcheck" in service or service.get("restart") == "no", name
        for needed, how in service.get("depends_on", {}).items():
            ends = how["condition"] == "service_completed_successfully"
            assert ("healthcheck" in services[needed]) != ends, (name, needed)


def test_every_image_has_a_version() -> None:
    """No image of others is whatever is newest today."""
    images = [s["image"] for s in compose()["services"].values() if s["image"] != "podium"]
    assert all(re.search(r":.*\d", image) and not image.endswith(":latest") for image in images)


def test_no_secret_is_in_the_compose_file_and_each_has_its_file(tmp_path: Path) -> None:
    """Passwords are files that a script makes, which nobody else can come near, and which it never makes anew."""
    folder = tmp_path / "secrets"
    assert_taken(run(str(DEPLOYMENTS / "make-secrets.sh"), str(folder)))
    made = secrets_in(folder)
    assert all(len(word) >= 32 for word in made.values())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    content = compose()
    named = {Path(secret["file"]).name for secret in content["secrets"].values()}
    assert named == set(made)
    used = {name for service in content["services"].values() for name in service.get("secrets", ())}
    assert used == set(content["secrets"])
    words = [str(v) for s in content["services"].values() for k, v in s.get("environment", {}).items() if "PASS" in k]
    assert all(word.startswith("/run/secrets/") for word in words)
    assert_taken(run(str(DEPLOYMENTS / "make-secrets.sh"), str(folder)))
    assert secrets_in(folder) == made


def secrets_in(folder: Path) -> dict[str, str]:
    """The secrets of a folder by their names."""
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}


def test_secrets_made_where_the_docs_say_are_in_no_image_and_no_repository(tmp_path: Path) -> None:
    """What is sent to the builder is what the Containerfile copies, without them; git adds none of them either."""
    copied = {name for what, argument in instructions() if what == "COPY" for name in argument.split()[:-1]}
    for name in copied:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    assert_taken(run(str(DEPLOYMENTS / "make-secrets.sh"), str(tmp_path / "deployments" / "secrets")))
    (tmp_path / ".env").write_text("PGPASSWORD=x")
    (tmp_path / ".git").mkdir()
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    sent = {Path(found) for found in exclude_paths(str(tmp_path), patterns) if (tmp_path / found).is_file()}
    wanted = {p.relative_to(tmp_path) for name in copied for p in files_below(tmp_path / name)}
    secrets = {p.relative_to(tmp_path) for p in files_below(tmp_path / "deployments" / "secrets")}
    assert sent == wanted - secrets
    (tmp_path / ".git").rmdir()
    for command in ("init -q", "add -A"):
        assert_taken(run("git", "-C", str(tmp_path), *command.split()))
    added = run("git", "-C", str(tmp_path), "ls-files").stdout
    assert "deployments/compose.yaml" in added
    assert "secrets/" not in added


def files_below(path: Path) -> list[Path]:
    """A file, or the files below a folder."""
    return [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]


def test_secrets_become_variables_of_the_command_alone(tmp_path: Path) -> None:
    """Each file is a variable, with every character it holds; a file with another name stops it."""
    word = "a'b\"c $d `e`\\n=ü"
    (tmp_path / "SOME_PASSWORD").write_text(word)
    script = str(DEPLOYMENTS / "with-secrets.sh")
    ended = run(
        script, sys.executable, "-c", "import os; print(os.environ['SOME_PASSWORD'])", SECRETS_DIRECTORY=str(tmp_path)
    )
    assert ended.stdout.rstrip("\n") == word
    (tmp_path / "not-a-name").write_text("x")
    ended = run(script, "true", SECRETS_DIRECTORY=str(tmp_path))
    assert (ended.returncode, "not-a-name is not named like a variable" in ended.stderr) == (2, True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda p: p.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    """Every directive is one that systemd knows, and the programs are those of this project's environment."""
    text = unit.read_text()
    assert "/opt/podium/.venv/bin/" in text
    name = unit.name.replace("@.", "@one.")
    (tmp_path / name).write_text(text.replace("/opt/podium/.venv/bin", str(Path(sys.executable).parent)))
    ended = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name))
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if unit.stem in line]) == (0, [])


def test_the_container_file_is_linted() -> None:
    """hadolint, which also runs shellcheck on its steps, has nothing to say."""
    assert_taken(run("hadolint", "--no-color", str(CONTAINERFILE)))


@pytest.mark.heavy
def test_the_steps_of_the_container_file_make_an_environment_that_works(tmp_path: Path) -> None:
    """What it copies and runs, but for what changes the machine, ends in an environment whose podium runs."""
    for name, argument in instructions():
        if name == "COPY":
            *sources, target = argument.split()
            copy_each(sources, tmp_path / target)
        elif name == "RUN" and not argument.startswith(CHANGES_THE_MACHINE):
            step(re.sub(r"--mount=\S+\s+", "", argument), tmp_path)
    assert "version" in step("podium --version", tmp_path)
    step("python -c 'import flows.selection, moto' 2>/dev/null && exit 1; python -c 'import flows.selection'", tmp_path)
    assert "--pool" in step(f"{shlex.join(image_words('CMD')[:3])} --help", tmp_path)


def copy_each(sources: list[str], target: Path) -> None:
    """Copy files, and the content of folders, as COPY does."""
    for source in (ROOT / name for name in sources):
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def step(words: str, folder: Path) -> str:
    """Run one step in the folder that stands for the image's."""
    python = str(Path(sys.base_prefix) / "bin")
    environment: Mapping[str, str] = {**os.environ, "PATH": f"{folder / '.venv' / 'bin'}:{python}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["sh", "-c", words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=500
    )
    assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.mark.parametrize("script", ["with-secrets.sh", "make-secrets.sh", "ci/promote.sh"])
def test_the_scripts_are_linted(script: str) -> None:
    """Shellcheck has nothing to say, and they can be run."""
    assert_taken(run("shellcheck", str(DEPLOYMENTS / script)))
    assert os.access(DEPLOYMENTS / script, os.X_OK)
