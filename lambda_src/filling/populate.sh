#!/usr/bin/env bash
# populate.sh EFS_ROOT: fills a directory with tensorflow/ (a Python environment), model/ (a SavedModel), prepared/
# (what makes it start fast) and manifest.json, which is written last and means "filled". Settings, from the environment:
#   PYTHON        interpreter to make the environment with, such as python3.13
#   PACKAGES      pip requirements separated by spaces; pip's own settings hold too
#   MODEL         URL or path of a tar archive, or a directory: a SavedModel, or it holds a single one; without
#                 TensorFlow in PACKAGES, any files
#   MODEL_SHA256  optional: digest of the archive (or of the directory, as in the manifest)
#   ONLY_LOOK     optional: if not empty, the parts that would be made are printed, and none is made
#   BUILD_DIR     optional: local disk to build on; pip is slow on NFS, copying many files at a time is not
# Beside it may lie packages.lock, the wheels' digests for the PACKAGES of its first line, and prepare.py, which fills
# prepared/ with what the function starts fast from.
# New content grows in .next. With .next/manifest.json it is whole and checked, and a killed swap is finished by the
# next run; before, it is rubbish. A part whose inputs did not change is kept.
set -Eeuo pipefail
umask 022 # the function reads as uid 1001, people look as ec2-user or ssm-user

IFS= read -r -d '' program <<'END' || true
import glob, importlib.util, json, os, platform, re, socket, sys, time
from importlib.metadata import Distribution
from urllib.request import urlretrieve

FORMAT = 2  # raise it when the same inputs shall be filled anew
ROOT, NEXT, MODEL = os.environ["root"], os.environ["next"], os.environ["MODEL"]
PYTHON = "%d.%d" % sys.version_info[:2]
SITE = f"tensorflow/lib/python{PYTHON}/site-packages"
PACKAGES = {"python": PYTHON, "machine": platform.machine(), "packages": sorted(os.environ["PACKAGES"].split())}
try:
    with open(f"{ROOT}/manifest.json") as file:
        OLD = json.load(file)
    OLD = OLD if OLD["format"] == FORMAT else {}
except (OSError, ValueError, LookupError, TypeError):
    OLD = {}

def plan(key):  # prints the parts to make
    if not OLD or key not in (OLD["inputs"]["model"], *OLD["model"].values()) or not os.path.isdir(f"{ROOT}/model"):
        print("model")
    if not OLD or {**OLD["inputs"], **PACKAGES} != OLD["inputs"] or not os.path.isdir(f"{ROOT}/{SITE}"):
        print("tensorflow")
    if os.environ["preparation"] and not OLD.get("prepared"):
        print("prepared")

def download(path):
    socket.setdefaulttimeout(60)
    for wait in (1, 2, 4, 8, 0):
        try:
            return urlretrieve(MODEL, path)
        except Exception as error:
            if not wait or getattr(error, "code", 0) in (401, 403, 404, 410):
                sys.exit(str(error))
            time.sleep(wait)

def check(home, model):  # imports as the function does
    sys.path.insert(0, f"{home}/{SITE}")
    for name in ("numpy", "PIL.Image", "requests", "AntiSSRF", "tensorflow"):
        if importlib.util.find_spec(name.split(".")[0]):
            importlib.import_module(name)
    if "tensorflow" in sys.modules:
        tags = [] if os.path.exists(f"{model}/tfhub_module.pb") else None  # of several graphs, the one for serving
        sys.modules["tensorflow"].saved_model.load(model, tags)
        from tensorflow.python.saved_model.loader_impl import parse_saved_model
        graphs = parse_saved_model(model).meta_graphs
        graph = next(one for one in graphs if tags is None or not one.meta_info_def.tags)
        found = graph.signature_def
        outputs = {key: one.name for key, one in found["default"].outputs.items()} if "default" in found else {}
        if lacking := {f"detection_{name}" for name in ("class_entities", "scores", "boxes")} - {*outputs}:
            sys.exit(f"of the signatures {sorted(found)}, no default has {sorted(lacking)}")
        images = [*found["default"].inputs.values()][0]
        shape = [size.size if size.size >= 0 else None for size in images.tensor_shape.dim]
        saved = os.stat(glob.glob(f"{model}/saved_model.pb*")[0])
        with open(f"{NEXT}/signature.json", "w") as file:
            json.dump({"tags": [*graph.meta_info_def.tags], "input": {"name": images.name, "shape": shape}, "outputs": outputs,
                       "saved_model": [saved.st_size, int(saved.st_mtime)]}, file)

def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return None

def measure(folder, **more):
    sizes = [os.lstat(f"{at}/{name}").st_size for at, _, names in os.walk(folder) for name in names]
    return {"bytes": sum(sizes), "files": len(sizes), **more}

def commit(home, hashes, digest, archive_digest, script_digest, *steps):
    def installed(**name):
        found = Distribution.discover(path=[f"{home}/{SITE}"], **name)
        return dict(sorted((one.metadata["Name"].replace("_", "-"), one.version) for one in found))
    parts = {name: OLD.get(name) for name in ("tensorflow", "model")}
    if home != ROOT:
        parts["tensorflow"] = measure(f"{home}/tensorflow", site_packages=SITE, hashes=hashes, distributions=installed())
    if digest:
        parts["model"] = measure(f"{NEXT}/model", sha256=digest, archive_sha256=archive_digest)
    asked = (installed(name=re.match(r"[\w.-]*", one)[0]) for one in PACKAGES["packages"])
    versions = "".join(f"{name} {version}, " for one in asked for name, version in one.items())
    sizes = [f"{name} {part['bytes'] / 1e6:,.1f} MB" for name, part in parts.items()]
    prepared = load(f"{NEXT}/prepared/prepared.json")
    engines = [name for name, one in (prepared or {}).items() if isinstance(one, dict) and one.get("accepted")]
    manifest = {"format": FORMAT, "summary": f"{sizes[0]} ({versions}python {PYTHON}), {sizes[1]}"
                           + (f", prepared for {' and '.join(engines)}" if engines else ""),
                "inputs": {**PACKAGES, "model": MODEL}, **parts, "signature": load(f"{NEXT}/signature.json"),
                "prepared": prepared, "script_sha256": script_digest,
                "seconds": dict(zip(steps[::2], map(int, steps[1::2]))),
                "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    with open(f"{NEXT}/manifest.tmp", "w") as file:
        json.dump(manifest, file, indent=1)
    os.rename(file.name, f"{NEXT}/manifest.json")

globals()[sys.argv[1]](*sys.argv[2:])
END

die() { printf 'populate: error: %s\n' "$*" >&2; exit 1; }
say() { printf 'populate: [%3d s] %s\n' "$SECONDS" "$*"; }
trap 'die "line $LINENO: $BASH_COMMAND"' ERR

attempt() { # STEP COMMAND...: its output goes to the log, whose last line is a sign of life now and then
  local step=$1 began=$SECONDS shown=$SECONDS status=0
  say "$step"
  echo ... >>"$log"
  "${@:2}" </dev/null >>"$log" 2>&1 &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.1
    ((SECONDS - shown > 2 + (SECONDS - began) / 8)) || continue
    say "$step: $(tail -n 1 "$log" | cut -c -90)" && shown=$SECONDS
  done
  wait "$child" || status=$?
  child='' steps+=("$step" $((SECONDS - began)))
  return "$status"
}

await() { # STEP ADVICE COMMAND...
  attempt "$1" "${@:3}" || { tail -n 20 "$log" >&2; die "$1 failed ($(tail -n 1 "$log")): $2"; }
}

is_url() { [[ $MODEL =~ ^https?:// ]]; }

verify() { # sets digest: of a file, or of what sha256sum prints for a directory's files, sorted by path
  if [[ -d $1 ]]; then
    digest=$(cd "$1" && find -L . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  else digest=$(sha256sum <"$1"); fi
  digest=${digest%% *}
  [[ ${2:-$digest} == "$digest" ]] || die "${MODEL%%\?*} has sha256 $digest, not MODEL_SHA256: distrust one of them"
}

find_model() { # sets model
  model=$1
  [[ $PACKAGES == *tensorflow* ]] || return 0
  model=$(find -L "$1" -mindepth 1 -maxdepth 2 -name 'saved_model.pb*' -printf '%h')
  [[ -d $model ]] || die "${MODEL%%\?*} is no SavedModel: it must hold one saved_model.pb"
}

unpack() { # without what no SavedModel has: links, devices, owners, modes; tar itself refuses ".."
  mkdir "$build/unpacked"
  { tar --numeric-owner -tvf "$1" | awk '/^[^d-]/ || NR > 1e5 || (sum += $3) > 4e9 {
      print "a link, a device, 100,000 files or 4 GB"; exit 1 }' &&
    tar --no-same-owner --no-same-permissions -xf "$1" -C "$build/unpacked"; } >>"$log" 2>&1 ||
    die "${MODEL%%\?*} cannot be unpacked ($(tail -n 1 "$log")): do not trust it"
}

make_model() {
  local from=$MODEL
  ! is_url || from=$build/archive
  ! is_url || await download "check MODEL and the way to its server" "${tool[@]}" download "$from"
  if [[ ! -d $from ]]; then
    verify "$from" "$MODEL_SHA256"
    archive_digest=$digest
    unpack "$from"
    from=$build/unpacked
  fi
  find_model "$from"
  cp -rLT --no-preserve=mode "$model" "$next/model"
  model=$next/model
  verify "$model"
  model_digest=$digest
}

make_tensorflow() {
  local env=$build/tensorflow site requirements
  read -ra requirements <<<"$PACKAGES"
  if [[ "# $PACKAGES" == "$(head -n 1 "$here/packages.lock" 2>/dev/null)" ]]; then
    sed '1d; s/ / --hash=sha256:/g' "$here/packages.lock" >"$build/requirements"
    requirements=(--no-deps --require-hashes -r "$build/requirements") hashes=checked
  fi
  await venv "PYTHON needs its venv module (python3-venv on Debian)" "$PYTHON" -Im venv "$env"
  site=$(echo "$env"/lib/python*/site-packages)
  rm -rf "$site"/{setuptools,pkg_resources,_distutils_hack,distutils-}* # old ones, before Python 3.12
  await packages "check PACKAGES and the way to the package index" "$env/bin/python" -Ium pip install --no-user \
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

prune() { # SITE: drops what running and converting a model never reads; tried with the lock's packages, so only there
  # Headers, tests, type stubs, and LiteRT for other processors.
  env -C "$1" find . -regextype posix-extended \
    -regex '\./[^/]+/include(/.*)?|.*/tests(/.*)?|.*\.pyi|\./ai_edge_litert/(aot|tools|vendors|[^/]*Accelerator\.so)(/.*)?' -delete
  compile -b
  # Bytecode takes the source's place. TensorFlow looks for the source of ag_logging, and warns when it is missing.
  find "$build/tensorflow/lib" -name '*.pyc' ! -name ag_logging.pyc -print0 | sed -z 's/c$//' | xargs -0 rm -f
}

prepare() { # may fail without harm: the function then starts slowly
  attempt prepare "$PYTHON" -I "$preparation" "$(echo "$home"/tensorflow/lib/python*/site-packages)" "$model" \
    "$next/prepared" || echo '{"litert": {"accepted": false, "why": "prepare.py failed: see populate.log"}}' \
    >"$next/prepared/prepared.json"
}

copy_tensorflow() {
  (cd "$build" && find tensorflow -type d -print0) | (cd "$next" && xargs -0 mkdir)
  (cd "$build" && find tensorflow ! -type d -print0) >"$build/list"
  await copy "see whether EFS is mounted and has room" \
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

cleanup() {
  [[ -z $child ]] || { kill "$child" && wait "$child"; } 2>/dev/null || true
  [[ -e $next/manifest.json ]] || remove "$next" "$build" # .old stays until the next run: functions may use it
}

summary() { sed -n 's/^ "summary": "\(.*\)",$/\1/p' "$root/manifest.json"; }

[[ $# == 1 && ${PACKAGES-} && ${MODEL-} ]] || die "populate.sh EFS_ROOT needs PYTHON, PACKAGES and MODEL"
command -v "${PYTHON-}" >/dev/null || die "PYTHON=${PYTHON-} must be an installed interpreter"
is_url || [[ -e $MODEL ]] || die "$MODEL does not exist: MODEL must be a URL, an archive or a directory"
mkdir -p "$1"
root=$(cd "$1" && pwd) next=$root/.next old=$root/.old build=$next log=$root/populate.log home=$root model=$root/model
MODEL_SHA256=${MODEL_SHA256-} MODEL_SHA256=${MODEL_SHA256,,} model_digest='' archive_digest='' child='' steps=()
here=$(dirname "$0") hashes='not checked: PACKAGES are not those of packages.lock'
preparation=''
[[ $PACKAGES != *tensorflow* ]] || preparation=$(find "$here" -maxdepth 1 -name prepare.py)
export root next MODEL PACKAGES preparation TF_CPP_MIN_LOG_LEVEL=3
tool=("$PYTHON" -ISBc "$program") # without the interpreter's own packages: what is checked is the environment
exec 9>>"$root/.populate.lock" # the children hold it, too: one that outlives a killed script goes on writing
flock -w 2 9 || die "another populate is filling $root: wait until it has ended"
[[ ! -e $next/manifest.json ]] || swap
remove "$next" "$old"

if is_url; then key=${MODEL_SHA256:-$MODEL}; else # content decides where it can be seen
  [[ -d $MODEL ]] && find_model "$MODEL" || model=$MODEL
  verify "$model" "$MODEL_SHA256"
  key=$digest model=$root/model
fi
parts=$("${tool[@]}" plan "$key") || die "$root/manifest.json is damaged: remove it"
[[ -z ${ONLY_LOOK-} ]] || { printf '%s\n' "$parts"; exit; }
[[ $parts ]] || { say "nothing to do: $(summary)"; exit; }

trap cleanup EXIT
mkdir "$next" "$next/prepared"
: >"$log"
[[ -z ${BUILD_DIR-} ]] || { mkdir -p "$BUILD_DIR" && build=$(mktemp -d "$BUILD_DIR/populate.XXXXXX"); }
mkdir "$build/tmp"
export TMPDIR=$build/tmp # what pip is killed over goes with the rest
[[ $parts != *model* ]] || make_model
[[ $parts != *tensorflow* ]] || make_tensorflow
await check "PACKAGES must import, MODEL must have a signature default" "${tool[@]}" check "$home" "$model"
[[ -z $preparation ]] || prepare
[[ $home == "$root" || $build == "$next" ]] || copy_tensorflow
verify "$0"
"${tool[@]}" commit "$home" "$hashes" "$model_digest" "$archive_digest" "$digest" "${steps[@]}" || die "cannot write the manifest"
swap
say "filled: $(summary), $SECONDS s"
