#!/usr/bin/env bash
# Fills EFS from an EC2 instance (Amazon Linux 2023, as root): mounts the access point, runs populate.sh beside it, and
# tells the wait condition how it went, once, whatever happens. The settings, its own and those of populate.sh, come by
# the environment (wildrydes_ml/blocks/filling.py); the variables below may be set, to try it elsewhere.
set -Eeuo pipefail
: "${MOUNT_POINT:=/home/ec2-user/efs}" "${FSTAB:=/etc/fstab}" "${LOG:=/var/log/wildrydes-populate.log}" "${PAUSE:=5}"
: "${INSTALL_SECONDS:=300}" "${MOUNT_SECONDS:=300}" "${POPULATE_SECONDS:=2400}" "${BUILD_DIR:=/var/tmp/wildrydes}"
# The seconds together stay below the wait condition's timeout, so that a reason comes instead of it.

# Everything goes to a file, since the signal quotes it; a copy goes to the console and cloud-init's log.
: >"$LOG"
tail -n +1 -f "$LOG" &
console=$!
exec >>"$LOG" 2>&1

say() { printf 'bootstrap: %s\n' "$*"; }
die() { say "error: $*"; exit 1; }

# signal STATUS DATA REASON: the wait condition's JSON; the URL is presigned for an empty content type.
signal() {
  local body
  body=$(printf '{"Status": "%s", "UniqueId": "%s", "Data": "%s", "Reason": "%s"}' "$1" "$HOSTNAME" \
    "$(text "$2")" "$(text "$3")")
  retry 120 send "$body" || say "error: cannot reach the wait condition: CloudFormation will time out"
}

send() { # BODY: a wait condition that is over, as for an instance made anew, refuses it
  local code
  code=$(curl -sS -m 20 -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Type:' --data-binary "$1" "$SIGNAL_URL") || return
  [[ $code == 2?? ]] || { [[ $code == 40[34] ]] && say "the wait condition has ended (HTTP $code)"; }
}

# At most 1,000 printable ASCII characters without quotes and backslashes, fit for JSON and for a stack event.
text() { printf '%s' "$1" | tr '\n\t\\"' "  /'" | tr -cd ' -~' | cut -c -1000; }

retry() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < end)) || return 1
    sleep "$PAUSE"
  done
}

finish() {
  local status=$?
  trap '' EXIT TERM INT HUP
  [[ -z $child ]] || kill "$child" 2>/dev/null || true
  if ((status == 0)); then
    signal SUCCESS "$summary" "EFS is filled"
    [[ ${BOOTSTRAP_INSTANCE-} != stop ]] || shutdown -h now # its shutdown behavior is to terminate
  else
    signal FAILURE "" "$(sed -nE 's/^(populate|bootstrap): error: //p' "$LOG" | tail -n 1) | last lines: $(tail -n 15 "$LOG" | tail -c 600)"
  fi
  sleep 0.5 # for the last lines to reach the console
  kill "$console" || true
  exit "$status"
}
child='' summary=''
trap finish EXIT
trap 'die "stopped by a signal"' TERM INT HUP

install() { timeout 150 dnf install -y -q amazon-efs-utils tar gzip "$PYTHON_RUNTIME" "$PYTHON_RUNTIME-pip"; }

mount_access_point() {
  mountpoint -q "$MOUNT_POINT" || timeout 60 mount -t efs -o "$options" "$FILE_SYSTEM_ID:/" "$MOUNT_POINT"
  mountpoint -q "$MOUNT_POINT"
}

say "installing the EFS mount helper and $PYTHON_RUNTIME"
retry "$INSTALL_SECONDS" install || die "dnf cannot install: does the package $PYTHON_RUNTIME exist, and has the subnet a route to the Internet?"

options="tls,iam,accesspoint=$ACCESS_POINT_ID,region=$REGION"
say "mounting $FILE_SYSTEM_ID"
mkdir -p "$MOUNT_POINT"
retry "$MOUNT_SECONDS" mount_access_point || die "cannot mount $FILE_SYSTEM_ID: check its mount targets, and see /var/log/amazon/efs"
grep -qF " $MOUNT_POINT efs " "$FSTAB" || echo "$FILE_SYSTEM_ID:/ $MOUNT_POINT efs _netdev,nofail,$options 0 0" >>"$FSTAB"
chmod o+x "$(dirname "$MOUNT_POINT")" # people log in as ec2-user or ssm-user

# /tmp is memory on Amazon Linux 2023; pip's cache would be of no use here. EXACT_RECORD is for untouched.py.
export BUILD_DIR EXACT_RECORD=1 PYTHON=$PYTHON_RUNTIME TMPDIR=/var/tmp PIP_NO_CACHE_DIR=1
timeout -k 30 "$POPULATE_SECONDS" bash "$(dirname "$0")/populate.sh" "$MOUNT_POINT" &
child=$!
status=0
wait "$child" || status=$?
child=''
((status != 124 && status != 137)) || die "populate.sh did not finish within $POPULATE_SECONDS s"
((status == 0)) || exit "$status"
summary=$(tail -n 1 "$LOG" | sed 's/^populate: [^:]*: //')
say "done"
