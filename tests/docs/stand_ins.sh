# shellcheck shell=bash
# What stands in for AWS while the documentation's commands are run. The commands are as they are written; these
# functions send them to an emulator, whose limits are met as everywhere: no instance, no NAT gateway, EFS a directory.
#
#   WILDRYDES_HOME  the home of --local, with the emulator
#   FILLED_EFS      a directory that is filled like EFS
#   PICTURES        host:port of a server with examples/pictures

no_instance="ParameterKey=InternetEgress,ParameterValue=none ParameterKey=BootstrapInstance,ParameterValue=none"
runtime="ParameterKey=PythonRuntime,ParameterValue=$PYTHON_RUNTIME"
efs="ParameterKey=EFSpath,ParameterValue=$FILLED_EFS ParameterKey=PrivateImageHosts,ParameterValue=$PICTURES"

start="import pathlib, sys; from wildrydes_ml.local import emulator; emulator.start(pathlib.Path(sys.argv[1]))"

# It goes on after the Python that has started it, which Python warns of.
# The emulator's address: it is started again when a destroy has ended it.
endpoint() {
  [ -f "$WILDRYDES_HOME/emulator.json" ] || command python -W ignore -c "$start" "$WILDRYDES_HOME"
  echo "http://127.0.0.1:$(sed -E 's/.*"port": ([0-9]+).*/\1/' "$WILDRYDES_HOME/emulator.json")"
}

# EFS is filled once for all documents: filling it takes half a minute. The argument is the deployment that gets it.
fill() {
  endpoint >/dev/null
  [ -d "$WILDRYDES_HOME/efs/$1" ] || {
    mkdir -p "$WILDRYDES_HOME/efs"
    cp -al "$FILLED_EFS" "$WILDRYDES_HOME/efs/$1"
  }
}

# What a verb is given beside its arguments. Only the workshop fetches pictures.
beside() {
  case "$*" in
    "deploy "*--app\ *) echo --local ;;
    deploy*) echo "--local --set PrivateImageHosts=$PICTURES" ;;
    ask* | batch* | class* | destroy* | logs* | status*) echo --local ;;
  esac
}

# Fills EFS for the workshop; another application has packages of its own.
fill_for() {
  case "$*" in
    *--app\ *) ;;
    "deploy "*"--name unicorns"*) fill unicorns ;;
    deploy*) fill wildrydes-ml ;;
    class\ deploy*) fill wildrydes-ml-class ;;
  esac
}

# A command that goes on until Ctrl-C gets it after some seconds.
until_stopped() {
  local code=0
  case " $* " in
    *" --follow "*) timeout --signal=INT 10 "$@" || code=$? && [ "$code" = 124 ] ;;
    *) command "$@" ;;
  esac
}

wildrydes-ml() {
  fill_for "$@"
  # shellcheck disable=SC2046
  until_stopped wildrydes-ml "$@" $(beside "$@")
}

python() {
  case "$1" in
    bin/*.py)
      local verb
      verb=$(basename "$1" .py)
      fill_for "$verb" "${@:2}"
      # shellcheck disable=SC2046
      until_stopped python "$@" $(beside "$verb" "${@:2}")
      ;;
    *) command python "$@" ;;
  esac
}

aws() {
  local extra="" argument arguments=()
  case "$*" in
    *create-stack*efs_99.yml*) extra="$no_instance $runtime" && set -- "$@" --parameters ;;
    *create-stack*5_lambda_function.yml*) extra="$runtime $efs" ;;
    *create-stack*99_complete.yml*) extra="$no_instance $runtime $efs" ;;
  esac
  for argument; do
    arguments+=("$argument")
    # shellcheck disable=SC2206
    [ "$argument" != --parameters ] || arguments+=($extra)
  done
  AWS_ENDPOINT_URL=$(endpoint) command aws "${arguments[@]}"
}

# The API's public address is the emulator's; pictures on the web are pictures of ours. An error fails the test.
curl() {
  local argument arguments=()
  for argument; do
    arguments+=("$(sed -E "
      s#https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com/prod#$(endpoint)/_aws/execute-api/\1/prod/#
      s#https://images\.pexels\.com/[^\"]*#http://$PICTURES/no_unicorn_cow.jpg#
      s#http://www\.wildrydes\.com/[^\"]*#http://$PICTURES/unicorn_meadow.png#
      s#https://example\.org/horse\.jpg#http://$PICTURES/unicorn_rearing.jpg#" <<<"$argument")")
  done
  command curl --silent --show-error --fail-with-body "${arguments[@]}"
  echo
}

# What CI runs is not run once more inside of it; the target must be there.
make() { command make --dry-run "$@" >/dev/null; }
