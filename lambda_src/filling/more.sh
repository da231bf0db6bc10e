# shellcheck shell=bash disable=SC2034,SC2154
# What populate.sh does besides where it lies beside this file, as in the function's zip; a template has no room for it.
# MODEL may be the path of an archive or of a directory; an archive model.tar beside this file takes its place. With ONLY_LOOK not empty, the parts that would be made are
# printed, and none is made. With prepare.py, prepared/ is filled with what the function starts fast from; then there are
#   MODEL_WEIGHTS optional: as prepare.py takes it
#   SAMPLES       optional: directory with pictures of the user's own, on which the model is compared, too. On AWS
#                 SAMPLES_KEY in its place, for a tar in CODE_BUCKET; `none` for no such pictures
SAMPLES=${SAMPLES-} preparation=''
if [[ $PACKAGES == *tensorflow* && -e $here/prepare.py ]]; then # what it is prepared by: weights, digest, place
  preparation=${MODEL_WEIGHTS:-auto}
  if [[ $SAMPLES ]]; then
    [[ -d $SAMPLES ]] || die "$SAMPLES, the folder of your own pictures, does not exist: name it again with --samples"
    verify "$SAMPLES"
    preparation+=" $digest $SAMPLES"
  elif [[ ${SAMPLES_KEY:-none} != none ]]; then preparation+=" - s3://$CODE_BUCKET/$SAMPLES_KEY"; fi
fi

fetch_samples() {
  timeout 300 aws s3 cp --only-show-errors --region "$REGION" "${preparation##* }" "$build/samples.tar" &&
    mkdir "$SAMPLES" && tar -xf "$build/samples.tar" -C "$SAMPLES"
}

prepare() { # may fail without harm: the function then starts slowly. A model that it refuses is another matter
  [[ $preparation ]] || return 0
  if [[ $preparation == *' s3://'* ]]; then
    SAMPLES=$build/samples
    await pictures "is ModelSamples the key of a tar in the bucket?" fetch_samples
  fi
  export SAMPLES
  attempt prepare "$PYTHON" -I "$here/prepare.py" "$(echo "$home"/tensorflow/lib/python*/site-packages)" "$model" \
    "$next/prepared" || [[ $? != 3 ]] || die "$(cat "$next/prepared/refused")"
  [[ -e $next/prepared/prepared.json ]] ||
    echo '{"litert": {"accepted": false, "why": "prepare.py failed: see populate.log"}}' \
    >"$next/prepared/prepared.json"
  ready=$("$PYTHON" -ISB "$here/accepted.py" "$next/prepared/prepared.json")
}

[[ ! -e $here/model.tar ]] || MODEL=$here/model.tar # of a zip that brings the model along
if [[ ! $MODEL =~ ^https?:// ]]; then
  [[ -e $MODEL ]] || die "$MODEL does not exist: the model must be a URL, an archive or a directory"
  MODEL=$(realpath -s -- "$MODEL")

  find_key() { # content decides where it can be seen
    [[ -d $MODEL ]] && find_model "$MODEL" || model=$MODEL
    verify "$model" "$MODEL_SHA256"
    key=$digest model=$root/model
  }

  fetch() {
    from=$MODEL
    [[ -d $MODEL ]] || extract "$MODEL"
  }
fi

if [[ ${ONLY_LOOK-} ]]; then
  ! flock -n 9 || tidy # another one may be filling it
  find_key
  "${tool[@]}" plan "$key" || die "$root/manifest.json is damaged: delete it"
  exit
fi
