[ -n "$engine" ] || fail 122 "no container engine on $here${found}; install one there, or choose another implementation or platform"@ALTERNATIVES@
fact engine "$engine"
proxies() { # OPTION: sets $proxies to that option for each proxy variable that is set, by name; values stay unwritten
  proxies='' network=''
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || proxies="$proxies $1 $name"
    case $value in # a proxy on this machine is out of a container's sight, unless it shares the network
      *//127.* | *//localhost* | *@127.* | *@localhost*) network=' --network host' ;;
    esac
  done
  proxies=$proxies$network
}
image=@IMAGE@
if ! "$engine" image inspect "$image" > /dev/null 2>&1; then
@GET_IMAGE@
fi
