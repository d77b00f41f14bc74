engine='' found=''
for candidate in @ENGINES@; do
  if ! has "$candidate"; then
    found="$found; $candidate is not there"
  elif [ "$candidate" = docker ] && ! docker version --format x > /dev/null 2>&1; then
    found="$found; docker is there but its daemon does not answer"
  else
    engine=$candidate
    break
  fi
done
