apptainer=''
for candidate in apptainer singularity; do
  if has "$candidate"; then
    apptainer=$candidate
    break
  fi
done
[ -n "$apptainer" ] || fail 122 "neither apptainer nor singularity on $here; load its module in \`setup:\`, install it, or choose another implementation"@ALTERNATIVES@
case $("$apptainer" --version) in
  *' version 2.'* | *' version 3.'[0-4]* | *' 2.'*) fail 122 "$("$apptainer" --version) on $here is too old; 3.5 or newer is needed" ;;
esac
fact engine "$("$apptainer" --version)"
