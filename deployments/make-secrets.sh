#!/bin/sh
# Makes a folder of random secrets, one file each, for compose.yaml: make-secrets.sh FOLDER. What is there stays.
# Nobody else can enter the folder. The files are readable, because a container's user has another number.
set -eu
folder=${1:?make-secrets.sh FOLDER}
mkdir -p "$folder"
chmod 700 "$folder"
umask 022
# Wherever the folder is, nothing of it is ever added to a repository.
printf '*\n' >"$folder/.gitignore"
word() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }
make PGPASSWORD "$(word)"
make AWS_SECRET_ACCESS_KEY "$(word)"
make MLFLOW_TRACKING_PASSWORD "$(word)"
make MLFLOW_FLASK_SERVER_SECRET_KEY "$(word)"
# A key of Fernet: 32 bytes in base64 for addresses.
make MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')"
make PODIUM_WEBHOOK_SECRET "$(word)"
make PREFECT_API_AUTH_STRING "admin:$(word)"
