  layout=$cache/oci/@NAME@
  if [ "$(cat "$layout/digest" 2> /dev/null)" = @DIGEST@ ]; then
    # shellcheck disable=SC2086 # options without blanks
    "$apptainer" build $MLBOX_SIF_OPTIONS "$fresh" "oci:$layout" >&2 && made=yes
  else
@ENGINE@
    [ -n "$engine" ] || fail 122 "no image $sif on $here and no engine to build it$found; run \`mlbox configure\` for this platform on a machine with podman or docker"
@IMAGE@
    case $engine in
      docker) set -- ;;
      *) set -- --format docker-archive ;;
    esac
    archive=${fresh%/*}/image.$$.tar # podman takes no colon in it, and a SIF is called NAME:TAG
    "$engine" save "$@" -o "$archive" "$image" >&2 || fail 122 "$engine cannot save $image"
    # shellcheck disable=SC2086 # options without blanks
    "$apptainer" build $MLBOX_SIF_OPTIONS "$fresh" "docker-archive:$archive" >&2 && made=yes
    rm -f -- "$archive"
  fi
