#!/usr/bin/env bash
# Starts a Docker daemon when none answers, and prints its process id so that whoever asked can end
# it; prints nothing when one runs already. For machines without a service manager.
#
# Needs: root, and the packages docker.io and iptables.
set -euo pipefail
log=${1:?a file for the log of the daemon}

if docker version > /dev/null 2>&1; then exit; fi
setsid dockerd < /dev/null > "$log" 2>&1 &
pid=$!
for _ in $(seq 300); do
    if docker version > /dev/null 2>&1; then
        echo "$pid"
        exit
    fi
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.1
done
echo "no Docker daemon could be started:" >&2
tail -n 20 "$log" >&2
exit 1
