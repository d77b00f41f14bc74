"""Apptainer or Singularity: a SIF made from the same image as docker uses, from a recipe, or given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlbox.cache import digest_of
from mlbox.envs.container import ContainerEnv
from mlbox.model import EnvSpec, Platform
from mlbox.templates import fill
from mlbox.words import quote


class ApptainerEnv:
    """A SIF, kept in $SCRATCH/sif or the cache under the name and tag of its image.

    Args:
        spec: of kind apptainer.
        root: folder of the box.
        platform: where it will run.
        alternatives: other implementations of the box, for messages.
    """

    def __init__(self, spec: EnvSpec, root: Path, platform: Platform, alternatives: tuple[str, ...] = ()) -> None:
        self.spec, self.root, self.platform, self.alternatives = spec, root, platform, alternatives
        self.bases = {**ContainerEnv.bases, "python": quote(spec.python)}
        self.origin = None
        if spec.source:
            source = replace(spec.source, kind="docker")
            self.origin = ContainerEnv(source, root, replace(platform, engine="", env=""), alternatives)

    def files(self) -> tuple[str, ...]:
        """Return the files of the box that must be there to make the SIF and start the task."""
        own = [self.spec.recipe, self.spec.image, self.spec.entrypoint]
        return (*(self.origin.context() if self.origin else ()), *filter(None, own))

    def digest(self) -> str:
        """Return the kind and the digest of what the SIF is made of."""
        if self.origin:
            return "apptainer:" + self.origin.digest().partition(":")[2]
        path = self.root / (self.spec.recipe or self.spec.image)
        return "apptainer:" + digest_of(path.stat().st_size if self.spec.image else path.read_text("utf-8"))[:16]

    @property
    def sif(self) -> str:
        """File name of the SIF: NAME:TAG.sif."""
        image = self.origin.spec.image if self.origin else ""
        return (image.rpartition("/")[2] or f"{self.spec.name}-{self.digest().partition(':')[2][:12]}") + ".sif"

    def prepare(self) -> str:
        """Return the lines that find apptainer and have the SIF."""
        named = quote("; others of this box: " + ", ".join(self.alternatives)) if self.alternatives else ""
        found = fill("sif.sh", alternatives=named)
        if self.spec.image:
            return f'{found}\nsif="$code"/{quote(self.spec.image)}'
        if self.origin:
            make = fill(
                "sif_from_image.sh",
                name=quote(self.origin.image.rpartition("/")[2].partition(":")[0]),
                digest=self.digest().partition(":")[2],
                engine=self.origin.find_engine(),
                image=self.origin.have_image(),
            )
        else:
            recipe = quote(self.spec.recipe)
            rootless = '$([ "$(id -u)" -eq 0 ] || echo --fakeroot)'
            build = f'"$apptainer" build {rootless} $MLBOX_SIF_OPTIONS "$fresh" {recipe}'
            make = f'  (cd -- "$code" && {build}) >&2 && made=yes'
        digest = self.digest().partition(":")[2]
        return f"{found}\n{fill('make_sif.sh', sif=quote(self.sif), digest=digest, make=make)}"

    def launch(
        self, command: str, exports: dict[str, str], passed: tuple[str, ...], outside: dict[str, str]
    ) -> tuple[str, str]:
        """Return the lines that gather the options, and the one that becomes apptainer."""
        lines = [
            f"set -- {'exec' if self.spec.entrypoint or not command.startswith('--') else 'run'} --cleanenv --no-home"
        ]
        lines.append('[ "$gpu" = none ] || set -- "$@" --nv')
        mounts = [("$ws", "/mlbox/workspace", "rw"), ("$code", "/mlbox/code", "rw")]
        lines += [f'plain "{path}"\nset -- "$@" --bind "$plain:{inside}:{mode}"' for path, inside, mode in mounts]
        for path, inside in outside.items():
            lines.append(f'plain {quote(path)}\nset -- "$@" --bind "$plain:{inside}:ro"')
        proxies = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
        lines.append(f"for name in {' '.join([*proxies, *passed])}; do")
        lines.append(
            '  eval "value=\\${$name:-}"\n'
            '  [ -z "$value" ] || export "APPTAINERENV_$name=$value" "SINGULARITYENV_$name=$value"'
        )
        lines.append("done")
        lines += [
            f"export APPTAINERENV_{name}={value} SINGULARITYENV_{name}={value}" for name, value in exports.items()
        ]
        args = " ".join(map(quote, (*self.spec.args, *self.platform.args)))
        return "\n  ".join(lines), f'exec "$apptainer" "$@" --pwd /mlbox/code {args} "$sif" {command}'.replace(
            "  ", " "
        )
