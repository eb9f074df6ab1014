"""A bad configuration is one line that names file, key, value and what is allowed."""

import re
from pathlib import Path

import pytest
import yaml

from configs.loading import load_config, load_policy, podium_home, problems_of
from podium.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    """A config file."""
    path = tmp_path / "churn.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mlfow: {}", r"mlfow: unknown key; did you mean 'mlflow'"),
        ("policy: {primry: {}}", r"policy\.primry: unknown key; did you mean 'primary'"),
        ("policy: {primary: {metric: f2}}", r"policy\.primary\.metric: 'f2': .*'f1_score'"),
        ("retention: {keep_previous: 0}", r"retention\.keep_previous: 0: .*greater than or equal to 1"),
        ("holdout: {target: churn}", r"holdout\.path: Field required"),
        ("holdout: {path: x, positive_class: yes}", r"holdout\.positive_class: True: .*quotes"),
        ("policy: {guardrails: {size_mb: .inf}}", r"policy\.guardrails\.size_mb: inf: .*finite"),
        ("policy: {guardrails: {slice_regression: .inf}}", r"policy\.guardrails\.slice_regression: inf: .*finite"),
        ("staging: {timezone: Mars}", r"staging\.timezone: 'Mars': .*IANA"),
        ("policy: {ties: [older, older]}", r"policy: .*twice"),
        ("- a\n- b", r"holds a list"),
        ("a: [", r"not valid YAML"),
        ("a: " + "[" * 5000, r"not valid YAML: .*nested too deeply"),
        ("staging: {timezone: 2025-13-45}", r"not valid YAML: month must be in 1\.\.12"),
        ("mlflow: {tracking_uri: 'htp://h'}", r"mlflow\.tracking_uri: 'htp://h': .*begins with htp.*http, .*sqlite"),
        ("mlflow: {tracking_uri: 'localhost:5000'}", r"mlflow\.tracking_uri: .*begins with localhost"),
        (f"staging: {{root: {'x' * 100_000}}}", r"staging\.root: .{,320}: no path is that long"),
        (f"holdout: {{path: {'x/' * 3_000}}}", r"holdout\.path: .{,320}: no path is that long"),
        (r'staging: {root: "a\0b"}', r"staging\.root: .*NUL"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, named: str) -> None:
    """The line says which file, which key, which value, and what to write instead."""
    with pytest.raises(ConfigError, match=rf"churn\.yaml: {named}"):
        load_config(written(tmp_path, text))


@pytest.mark.parametrize(
    "uri",
    [
        *("http://h", "HTTPS://h/mlflow", "sqlite:////srv/a.db", "file:///srv/runs", "runs", "./runs", "C:\\\\runs"),
        *("postgresql+psycopg2://u@h/d", "mysql+pymysql://h/d", "mssql+pyodbc://h/d", "uc:profile", "127.0.0.1:5000"),
        *("databricks", "databricks://profile", "databricks-uc"),
    ],
)
def test_whatever_mlflow_takes_is_a_tracking_uri(tmp_path: Path, uri: str) -> None:
    """Servers, databases, folders, and Databricks."""
    assert load_config(written(tmp_path, f"mlflow: {{tracking_uri: '{uri}'}}")).mlflow.tracking_uri == uri


def test_a_package_may_teach_mlflow_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so where packages say what they are for."""
    (described := tmp_path / "ours-1.0.dist-info").mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[mlflow.tracking_store]\nours = ours:Store\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_config(written(tmp_path, "mlflow: {tracking_uri: 'ours://h'}")).mlflow.tracking_uri == "ours://h"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The line names the file and how to name another."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such config file.*--config"):
        load_config(tmp_path / "nowhere.yaml")


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable wins over the file, MLflow's own variable over the file and below Podium's."""
    path = written(tmp_path, "mlflow: {tracking_uri: 'http://file', experiment: mine}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow")
    assert load_config(path).mlflow.tracking_uri == "http://mlflow"
    monkeypatch.setenv("PODIUM_MLFLOW__TRACKING_URI", "http://podium")
    assert (load_config(path).mlflow.tracking_uri, load_config(path).mlflow.experiment) == ("http://podium", "mine")


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that names no section or key is refused like a misspelt key."""
    monkeypatch.setenv("PODIUM_RETNTION__KEEP_PREVIOUS", "1")
    with pytest.raises(ConfigError, match=r"PODIUM_RETNTION__KEEP_PREVIOUS.*did you mean 'retention'"):
        load_config()


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """It does not matter from where a command is called."""
    config = load_config(written(tmp_path, "staging: {root: models/staging}"))
    assert config.staging.root == (tmp_path / "models" / "staging").resolve()


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder everything has a default that serves."""
    monkeypatch.chdir(tmp_path)
    config = load_config()
    assert (config.mlflow.experiment, config.mlflow.registered_model, config.holdout) == (
        "churn_monitoring",
        "churn",
        None,
    )


def test_the_shipped_config_is_valid() -> None:
    """configs/churn.yaml loads, and sets what a team must set."""
    config = load_config(Path(__file__).parents[2] / "configs" / "churn.yaml")
    assert config.holdout is not None
    assert config.staging.root is not None


def test_the_home_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative PODIUM_HOME is that of the working directory at the start."""
    monkeypatch.setenv("PODIUM_HOME", "here")
    assert podium_home() == Path.cwd() / "here"


def test_relative_paths_of_the_environment_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process of a command finds the same folder, wherever it works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PODIUM_STAGING__ROOT", "models")
    assert load_config().staging.root == tmp_path / "models"


def test_a_relative_database_starts_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite address of the config means the same database from everywhere."""
    config = written(tmp_path, "mlflow: {tracking_uri: 'sqlite:///runs/mlflow.db'}")
    assert load_config(config).mlflow.tracking_uri == f"sqlite:///{tmp_path}/runs/mlflow.db"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PODIUM_POLICY__TIES", "[not json", "environment: PODIUM_POLICY__TIES: not valid JSON"),
        ("PODIUM_POLICY__PRIMARY__METRIC", "f2", "environment: PODIUM_POLICY__PRIMARY__METRIC"),
        ("PODIUM_MLFLOW__REGISTERED_MODEL", "d'accord", "environment: PODIUM_MLFLOW__REGISTERED_MODEL"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes from the environment is complained about under the variable's name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_config()


def test_a_binary_average_needs_a_positive_class(tmp_path: Path) -> None:
    """Otherwise no candidate would have the metric that ranks them."""
    text = "holdout: {path: h.parquet, positive_class: null}\npolicy: {primary: {average: binary}}"
    with pytest.raises(ConfigError, match=r"holdout\.positive_class"):
        load_config(written(tmp_path, text))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("!churn", "leading !"),
        ("churn*", r"last \*"),
        ("podium", "every project has this tag"),
        ("writes", "every project has this tag"),
        ("credit\u00a0risk", r"U\+00A0 is not printable; use letters"),
        ("credit\u3000risk", r"U\+3000"),
        ("credit\trisk", r"U\+0009"),
        ("credit\nrisk", r"U\+000A"),
        ("credit\0risk", r"U\+0000"),
        ("credit\u202erisk", r"U\+202E"),
    ],
)
def test_a_model_whose_events_no_trigger_would_match_is_a_mistake(tmp_path: Path, model: str, said: str) -> None:
    """What Prefect reads as a pattern, what every project is tagged with, and what events cannot carry as it is."""
    path = written(tmp_path, yaml.safe_dump({"mlflow": {"registered_model": model}}))
    (problem,) = problems_of(path)
    assert re.search(rf"churn\.yaml: mlflow\.registered_model: .*{said}", problem)
    assert problem.isprintable()
    with pytest.raises(ConfigError, match=said):
        load_config(path)


def test_a_model_may_have_spaces_and_letters_of_any_language(tmp_path: Path) -> None:
    """They reach triggers as they are."""
    name = "Kündigung 解約 v1.2!"
    path = written(tmp_path, yaml.safe_dump({"mlflow": {"registered_model": name}}))
    assert (problems_of(path), load_config(path).mlflow.registered_model) == ((), name)


HOOK = "https://hooks.slack.com/services/T0/B0/PlAnTed0123"


@pytest.mark.parametrize(
    ("channels", "key"),
    [
        (f"{{team: {{url: '{HOOK}'}}}}", r"channels\.team: "),
        (f"{{team: '{HOOK}'}}", r"channels\.team: "),
        (f"{{team: {{url_env: '{HOOK}'}}}}", r"channels\.team\.url_env: "),
        (f"{{team: {{block: '{HOOK}'}}}}", r"channels\.team\.block: "),
        ("{team: {url_env: ana@example.org}}", r"channels\.team\.url_env: "),
    ],
)
def test_an_address_in_the_file_is_refused(tmp_path: Path, channels: str, key: str) -> None:
    """The line does not repeat it, and says where it belongs."""
    with pytest.raises(ConfigError, match=rf"alerts\.{key}.*url_env: .*block: secret/") as refused:
        load_config(written(tmp_path, f"alerts: {{channels: {channels}}}"))
    assert "PlAnTed" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ("{team: {}}", "either url_env or block"),
        ("{team: {url_env: A, block: secret/a}}", "either url_env or block"),
        (f"{{team: {{url_env: A, uri: '{HOOK}'}}}}", r"alerts\.channels\.team\.uri: unknown key; .*url_env"),
        (f"{{'{HOOK}': {{url_env: A}}}}", "named by at most 50 letters"),
        (f"'{HOOK}'", "alerts.channels: keys with values are expected"),
    ],
)
def test_a_channel_that_is_none_is_refused(tmp_path: Path, channels: str, said: str) -> None:
    """Nor is a value of this section repeated for any other reason."""
    with pytest.raises(ConfigError, match=said) as refused:
        load_config(written(tmp_path, f"alerts: {{channels: {channels}}}"))
    assert "PlAnTed" not in str(refused.value)


def test_a_channel_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every other key can."""
    monkeypatch.setenv("PODIUM_ALERTS__CHANNELS__TEAM__URL_ENV", "PODIUM_ALERTS_SLACK")
    monkeypatch.setenv("PODIUM_ALERTS_SLACK", HOOK)
    assert load_config().alerts.channels["team"].url_env == "PODIUM_ALERTS_SLACK"


def test_a_file_of_a_policy_is_about_the_project(tmp_path: Path) -> None:
    """What ranks where nobody says otherwise depends on what the project's models predict."""
    project = load_config(written(tmp_path, "holdout: {path: x, target: y, task: regression}"))
    other = tmp_path / "other.yaml"
    other.write_text("policy: {evidence: {confidence: 0.8}}")
    found = load_policy(other, project)
    assert (found.policy.primary.metric, found.policy.evidence.confidence) == ("rmse", 0.8)
    other.write_text("policy: {primary: {metric: f1_score}}")
    with pytest.raises(ConfigError, match=r"other\.yaml: "):
        load_policy(other, project)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("staging: [a]", "staging: ['a']: keys with values are expected"),
        ("staging: {preprocessors: 3}", "staging.preprocessors: 3: a list is expected, as in [a, b]"),
        ("staging: {root: [a]}", "staging.root: ['a']: a path is expected"),
        ("staging: {preprocessors: [a/b.pkl]}", "the name of a file is expected, without the folders it is in"),
        ("sandbox: {seconds: soon}", "sandbox.seconds: 'soon': a number is expected"),
        ("sandbox: {processes: 1.5}", "sandbox.processes: 1.5: a whole number is expected"),
        ("sandbox: {memory_mb: 1}", "sandbox.memory_mb: 1: should be greater than or equal to"),
        ("sandbox: {trust_logged: perhaps}", "sandbox.trust_logged: 'perhaps': true or false is expected"),
        ("sandbox: {seconds: null}", "sandbox.seconds: null: a number is expected"),
        ("sandbox: {extra_globals: [foo]}", "'foo': a name with its module is expected"),
        ("mlflow: {experiment: a/b}", "mlflow.experiment: 'a/b': a name without / and :"),
        ("holdout: {path: a.csv, target: [1]}", "holdout.target: [1]: text is expected; put quotes around it"),
        ("alerts: {channels: {team: {block: chat}}}", "a Prefect block is expected as TYPE/NAME"),
    ],
)
def test_what_is_expected_is_said_in_the_words_of_the_file(tmp_path: Path, text: str, said: str) -> None:
    """And not in those of the library that checks it."""
    with pytest.raises(ConfigError) as refused:
        load_config(written(tmp_path, text))
    assert said in str(refused.value)


def test_a_section_whose_keys_are_all_commented_out_is_left_at_its_defaults(tmp_path: Path) -> None:
    """One that is unknown is a mistake all the same."""
    assert load_config(written(tmp_path, "policy:\nholdout:\n")) == load_config(written(tmp_path, ""))
    with pytest.raises(ConfigError, match="polcy: unknown key; did you mean 'policy'"):
        load_config(written(tmp_path, "polcy:\n"))
