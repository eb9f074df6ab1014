#!/usr/bin/env bash
# Podium in any CI, by exit statuses: 0 done, 1 a failure, 2 bad usage or config, 3 the answer is no.
#
#   promote.sh preview CONFIG [FILE]   on a pull request: a scratch store, nothing of production is touched or asked;
#                                      writes the verdict as Markdown to FILE, or prints it; its first line is a mark
#   promote.sh release CONFIG          on merge: migrates, selects and verifies, on the servers that the environment names;
#                                      does not verify while nothing is in production and the promotion waits for approval
set -euo pipefail

usage() {
    sed -n '4,7p' "$0" | cut -c5- >&2
    exit 2
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Everything in a home of its own: an MLflow and a Prefect that end with the job.
preview() {
    local config=$1 status=0
    unset MLFLOW_TRACKING_URI MLFLOW_REGISTRY_URI PREFECT_API_URL PREFECT_API_KEY
    # Nobody is told of what is only tried: the home, and so the memory of what was told, is new each time.
    export PODIUM_HOME=$scratch PODIUM_MLFLOW__TRACKING_URI="sqlite:///$scratch/mlflow.db" PODIUM_ALERTS__CHANNELS=null
    podium migrate --json --config "$config" >"$scratch/migrate.json" || status=$?
    if [ "$status" -eq 0 ]; then
        podium select --dry-run --json --config "$config" >"$scratch/select.json" || status=$?
    fi
    if [ $# -ge 2 ]; then
        verdict "$config" "$status" >"$2"
    else
        verdict "$config" "$status"
    fi
    return "$status"
}

# By its first line a later run of the same config finds its comment, to write over it.
# -P: the working directory is the pull request's, and none of its modules is to be imported.
verdict() {
    printf '<!-- podium %s -->\n' "$1"
    if [ -s "$scratch/select.json" ]; then
        "${PYTHON:-python}" -P -m deployments.ci.comment "$scratch/migrate.json" "$scratch/select.json"
    else
        printf '### Podium cannot tell what would be promoted\n\nIt ended with status %s; the log of the job says why.\n' "$2"
    fi
}

# A job names every variable; those without a value are as if they were not there.
release() {
    local name
    for name in MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD PREFECT_API_URL PREFECT_API_AUTH_STRING; do
        [ -n "${!name:-}" ] || unset "$name"
    done
    podium migrate --json --config "$1"
    podium select --json --config "$1" | tee "$scratch/select.json"
    # -P: as above.
    "${PYTHON:-python}" -P -m deployments.ci.waiting "$scratch/select.json" || podium verify --json --config "$1"
}

[ $# -ge 2 ] || usage
case $1 in
    preview) preview "${@:2}" ;;
    release) release "$2" ;;
    *) usage ;;
esac
