#!/bin/sh
# Runs a command with each file of a folder of secrets as an environment variable of its name, so that no secret is in
# an image, a compose file or a command line: with-secrets.sh COMMAND...
set -eu
folder=${SECRETS_DIRECTORY:-/run/secrets}
for file in "$folder"/*; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    case $name in
        *[!A-Za-z0-9_]* | [0-9]*) echo "with-secrets.sh: $file is not named like a variable" >&2 && exit 2 ;;
    esac
    value=$(cat "$file")
    export "$name=$value"
done
exec "$@"
