#!/usr/bin/env bash
# populate.sh EFS_ROOT: fills a directory with tensorflow/ (a Python environment), model/ (a SavedModel), prepared/
# (what makes it start fast) and manifest.json, which is written last and means "filled". Settings, from the environment:
#   PYTHON        interpreter to make the environment with, such as python3.13
#   PACKAGES      pip requirements separated by spaces; pip's own settings hold too
#   MODEL         URL of a tar archive: a SavedModel, or it holds a single one; without TensorFlow in PACKAGES, any
#                 files. With more.sh also the path of an archive or of a directory
#   MODEL_SHA256  optional: digest of the archive (or of the directory, as in the manifest)
#   SIGNATURE     optional: the model's signature that answers pictures; without it `default`
#   BUILD_DIR     optional: local disk to build on; pip is slow on NFS, copying many files at a time is not
# Beside it lie fill.py and trial.py, its Python. There may be packages.lock, the wheels' digests for the PACKAGES that
# stand above its first comment, and more.sh, which says what it adds.
# New content grows in .next. With .next/manifest.json it is whole and checked, and a killed swap is finished by the
# next run; before, it is rubbish. A part whose inputs did not change is kept.
set -Eeuo pipefail
umask 022 # the function reads as uid 1001, people look as ec2-user or ssm-user

die() { printf 'populate: error: %s\n' "$*" >&2; exit 1; }
say() { printf 'populate: [%3d s] %s\n' "$SECONDS" "$*"; }
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

fail() { # TEXT: what went wrong in a tool; often a full disk, which the tool may have made room on again
  local at
  for at in "${root-}" "${build-}"; do
    [[ ! -d $at ]] || (($(df -m --output=avail "$at" | tail -n 1) > 20)) || full "$at"
  done
  ! grep -qs 'No space left on device' "${log-}" || full "$build"
  die "$*"
}
full() { die "the disk of $1 is full: free some space, and run this again"; }

attempt() { # STEP COMMAND...: its output goes to the log, whose last line is a sign of life now and then
  local step=$1 began=$SECONDS shown=$SECONDS status=0
  say "$step"
  echo ... >>"$log"
  "${@:2}" </dev/null >>"$log" 2>&1 &
  child=$!
  {
    while kill -0 "$child"; do
      sleep 0.1
      ((SECONDS - shown > 2 + (SECONDS - began) / 8)) || continue
      say "$step: $(tail -n 1 "$log" | cut -c -90)" && shown=$SECONDS
    done
    wait "$child" || status=$?
  } 2>/dev/null # without what the shell itself says of signals
  child='' steps+=("$step" $((SECONDS - began)))
  return "$status"
}

await() { # STEP ADVICE COMMAND...
  attempt "$1" "${@:3}" || { tail -n 20 "$log" >&2; fail "$1 failed ($(tail -n 1 "$log")): $2"; }
}

run() { # STEP ARGUMENT...: fill.py, which says why it refuses
  local status=0 why
  attempt "$1" "${tool[@]}" "${@:2}" || status=$?
  ((status)) || return 0
  why=$(cat "$reason" 2>/dev/null) || why=''
  [[ $why && $why != *'[Errno 28]'* ]] || fail "$1 failed ($(tail -n 1 "$log"))"
  ((status < 128)) || ((status == 142)) || why="${why% takes more than*} ended with signal $((status - 128))"
  ((status < 128)) || why="the model cannot be used, $why: use a model that needs less memory or time"
  die "$why"
}

verify() { # sets digest: of a file, or of what sha256sum prints for the files of a directory, sorted by path
  if [[ -d $1 ]]; then
    digest=$(cd "$1" && find -L . -type f -printf '%P\0' | LC_ALL=C sort -z |
      sed -z 's|^-|./-|' | xargs -0 sha256sum | sha256sum) # names are no options
  else digest=$(sha256sum <"$1"); fi
  digest=${digest%% *}
  [[ ${2:-$digest} == "$digest" ]] || die "${MODEL%%\?*} has SHA-256 $digest, not the one given: check which is right"
}

find_model() { # sets model
  model=$1
  [[ $PACKAGES == *tensorflow* ]] || return 0
  model=$(find -L "$1" -mindepth 1 -maxdepth 2 -name 'saved_model.pb*' -printf '%h')
  [[ -d $model ]] || die "${MODEL%%\?*} is not a SavedModel: it must contain one saved_model.pb"
}

find_key() { key=${MODEL_SHA256:-$MODEL}; } # sets key, by which a model is known

fetch() { # sets from, the directory that holds the model
  run download download "$build/archive"
  extract "$build/archive"
}

extract() { # ARCHIVE
  verify "$1" "$MODEL_SHA256"
  archive_digest=$digest from=$build/unpacked
  mkdir "$from"
  run unpack unpack "$1" "$from"
}

make_model() {
  fetch
  find_model "$from"
  cp -rLT --no-preserve=mode "$model" "$next/model"
  model=$next/model
  verify "$model"
  model_digest=$digest
}

make_tensorflow() {
  local env=$build/tensorflow site requirements
  read -ra requirements <<<"$PACKAGES"
  if [[ $PACKAGES == "$(sed '/^#/Q; s/ .*//' "$here/packages.lock" 2>/dev/null | paste -sd ' ')" ]]; then
    sed '/^#/d; s/ local / /; s/ / --hash=sha256:/g' "$here/packages.lock" >"$build/requirements"
    requirements=(--no-deps --require-hashes -r "$build/requirements") hashes=checked
  fi
  await venv "install Python's venv module (python3-venv on Debian)" "$PYTHON" -Im venv "$env"
  site=$(echo "$env"/lib/python*/site-packages)
  rm -rf "$site"/{setuptools,pkg_resources,_distutils_hack,distutils-}* # old ones, before Python 3.12
  await packages "check the packages' versions and the connection to PyPI" "$env/bin/python" -Ium pip install --no-user \
    --no-input --disable-pip-version-check --only-binary :all: --no-compile --progress-bar off "${requirements[@]}"
  rm -rf "$site"/pip{,-*}
  find "$env/bin" -mindepth 1 ! -name 'python*' -delete # scripts name the place where they were built
  if [[ $hashes == checked ]]; then prune "$site"; else compile; fi
  home=$build
}

compile() { # OPTION...: unchecked, as nothing edits these files, and a copy changes the times. Some packages hold broken ones
  find "$build/tensorflow/lib" -name '*.py' -print0 >"$build/list"
  await bytecode "free some space" xargs -0 -a "$build/list" -n 200 -P "$(nproc)" \
    sh -c "'$PYTHON' -Im compileall -qq $* --invalidation-mode unchecked-hash \"\$@\" || true" sh
}

prune() { # SITE: drops what running and converting a model never reads; tried with the packages of the lock, so only there
  # Headers, tests, type stubs, LiteRT for other processors, and its C library, which Python's LiteRT loads but never calls.
  env -C "$1" find . -regextype posix-extended \
    -regex '\./[^/]+/include(/.*)?|.*/tests(/.*)?|.*\.pyi|\./ai_edge_litert/(aot|tools|vendors|[^/]*Accelerator\.so|libLiteRt\.so)(/.*)?' -delete
  compile -b
  # Bytecode takes the source's place. TensorFlow looks for the source of ag_logging, and warns when it is missing.
  find "$build/tensorflow/lib" -name '*.pyc' ! -name ag_logging.pyc -print0 | sed -z 's/c$//' | xargs -0 rm -f
}

copy_tensorflow() {
  (cd "$build" && find tensorflow -type d -print0) | (cd "$next" && xargs -0 mkdir)
  (cd "$build" && find tensorflow ! -type d -print0) >"$build/list"
  await copy "check that EFS is mounted and has space" \
    env -C "$build" xargs -0 -a "$build/list" -n 50 -P 32 cp -dt "$next" --parents
}

swap() { # may be killed after any line and run again
  [[ ! -e $root/manifest.json ]] || { mkdir -p "$old" && mv -T "$root/manifest.json" "$old/manifest.json"; }
  for part in tensorflow model prepared manifest.json; do
    [[ -e $next/$part ]] || continue
    [[ ! -e $root/$part ]] || { mkdir -p "$old" && mv -T "$root/$part" "$old/$part"; }
    mv -T "$next/$part" "$root/$part"
  done
}

remove() { # many files at a time, as each costs round trips on NFS
  find "$@" ! -type d -print0 2>/dev/null | xargs -0 -r -n 200 -P 16 rm -f || true
  rm -rf "$@" || true
}

tidy() {
  [[ ! -e $next/manifest.json ]] || swap
  remove "$next" "$old"
}

cleanup() {
  [[ -z $child ]] || { kill "$child" && wait "$child"; } 2>/dev/null || true
  [[ -e $next/manifest.json ]] || remove "$next" "$build" # .old stays until the next run: functions may use it
}

summary() { sed -n 's/^ "summary": "\(.*\)",$/\1/p' "$root/manifest.json"; }

[[ $# == 1 && ${PACKAGES-} && ${MODEL-} ]] || die "populate.sh EFS_ROOT needs PYTHON, PACKAGES and MODEL"
command -v "${PYTHON-}" >/dev/null || die "PYTHON=${PYTHON-} must be an installed interpreter"
mkdir -p -- "$1" || die "$1 cannot be created"
root=$(cd -- "$1" && pwd) next=$root/.next old=$root/.old build=$next log=$root/populate.log home=$root model=$root/model
MODEL_SHA256=${MODEL_SHA256-} MODEL_SHA256=${MODEL_SHA256,,} model_digest='' archive_digest='' child='' steps=()
here=$(dirname -- "$0") reason=$next/reason SIGNATURE=${SIGNATURE:-default} hashes='not checked: packages.lock is for other packages'
export root next reason MODEL SIGNATURE PACKAGES preparation ready TF_CPP_MIN_LOG_LEVEL=3
tool=("$PYTHON" -ISB "$here/fill.py") # without packages of the interpreter itself: what is checked is the environment
exec 9>>"$root/.populate.lock" # the children hold it, too: one that outlives a killed script goes on writing
prepare() { :; } # more.sh does
# shellcheck source=lambda_src/filling/more.sh
[[ ! -e $here/more.sh ]] || . "$here/more.sh"
until flock -w "${LOCK_PAUSE-5}" 9; do # EFS frees the lock of a machine that is gone after 90 s
  ((SECONDS < ${LOCK_SECONDS-1800})) || die "another process has been filling $root for $SECONDS s: stop it"
  say "another process is filling $root: waiting for its end"
done
tidy
find_key
parts=$("${tool[@]}" plan "$key") || die "$root/manifest.json is damaged: delete it"
[[ $parts ]] || { say "nothing to do: $(summary)"; exit; }

trap cleanup EXIT
mkdir "$next" "$next/prepared"
: >"$log"
[[ -z ${BUILD_DIR-} ]] || { mkdir -p "$BUILD_DIR" && build=$(mktemp -d "$BUILD_DIR/populate.XXXXXX"); }
mkdir "$build/tmp"
export TMPDIR=$build/tmp # what pip is killed over goes with the rest
[[ $parts != *model* ]] || make_model
[[ $parts != *tensorflow* ]] || make_tensorflow
run check check "$home" "$model"
prepare
[[ $home == "$root" || $build == "$next" ]] || copy_tensorflow
verify "$0"
"${tool[@]}" commit "$home" "$hashes" "$model_digest" "$archive_digest" "$digest" "${steps[@]}" || fail "the manifest cannot be written"
swap
say "filled: $(summary), $SECONDS s"
