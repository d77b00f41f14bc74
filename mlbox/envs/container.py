"""Docker or podman, whichever answers there: an image by content, workspace and code mounted, never privileged."""

from __future__ import annotations

import re
from pathlib import Path

from mlbox.cache import digest_of
from mlbox.faults import Fault
from mlbox.model import EnvSpec, Platform
from mlbox.sync import PRUNED, files_of
from mlbox.templates import fill
from mlbox.words import quote

COPIED = re.compile(r"^\s*(?:COPY|ADD)\s+((?:--\S+\s+)*)(.+?)\s+\S+\s*$", re.MULTILINE | re.IGNORECASE)


class ContainerEnv:
    """An image of docker's kind.

    Args:
        spec: of kind docker or podman; docker falls back to podman where no daemon answers.
        root: folder of the box.
        platform: where it will run; its `engine:` decides where it has one.
        alternatives: other implementations of the box, for messages.
    """

    bases = {"workspace": "/mlbox/workspace", "code": "/mlbox/code"}

    def __init__(self, spec: EnvSpec, root: Path, platform: Platform, alternatives: tuple[str, ...] = ()) -> None:
        self.spec, self.root, self.platform, self.alternatives = spec, root, platform, alternatives
        self.bases = {**ContainerEnv.bases, "python": quote(spec.python)}

    def context(self) -> tuple[str, ...]:
        """Return the files that the Dockerfile copies, and itself: all that a build is sent."""
        if not self.spec.dockerfile:
            return ()
        text = (self.root / self.spec.dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
        if self.spec.target:
            text = self._until_target(text)
        found = {self.spec.dockerfile: None}
        for options, sources in COPIED.findall(text):
            if "--from=" in options:
                continue
            for source in sources.split():
                files = [
                    path for path in files_of(self.root, source.strip("./") or ".") if not PRUNED & {*path.split("/")}
                ]
                if not files and not source.startswith(("http:", "https:", "<<")):
                    raise Fault(f"{self.spec.dockerfile}: copies {source}, which is not in the box; correct the path")
                found.update(dict.fromkeys(files))
        return tuple(found)

    def _until_target(self, text: str) -> str:
        """Return a Dockerfile without the stages after the one that is asked for."""
        found = re.match(rf"(?ims).*?^FROM\s[^\n]*\sAS\s+{re.escape(self.spec.target)}\s*$.*?(?=^FROM\s|\Z)", text)
        if not found:
            raise Fault(
                f"{self.spec.where}: {self.spec.dockerfile} has no stage '{self.spec.target}'; write FROM ... AS NAME"
            )
        return found[0]

    def files(self) -> tuple[str, ...]:
        """Return the files of the box that must be there to prepare the image and start the task."""
        return (*self.context(), *filter(None, [self.spec.entrypoint]))

    def digest(self) -> str:
        """Return the kind and the digest of the image's recipe, so that a changed Dockerfile is another image."""
        texts = {path: (self.root / path).read_bytes().hex() for path in self.context()}
        build_args = {**self.spec.build_args, **self.platform.build_args}
        return "container:" + digest_of([texts, build_args, self.spec.image, self.spec.target])[:16]

    @property
    def image(self) -> str:
        """Name of the image: as given where it is pulled, else by content."""
        if not self.spec.dockerfile:
            return self.spec.image
        base = self.spec.image.rpartition("/")[2].partition(":")[0] or self.spec.name
        return f"localhost/mlbox/{base.lower()}:{self.digest().partition(':')[2][:12]}"

    def find_engine(self) -> str:
        """Return the lines that set $engine."""
        wanted = self.platform.engine or (self.platform.env if self.platform.env == "podman" else "") or self.spec.kind
        engines = "docker podman" if wanted == "docker" and not self.platform.engine else quote(wanted)
        return fill("engine.sh", engines=engines)

    def have_image(self) -> str:
        """Return the lines that stop without an engine, and build or pull the image where it is missing."""
        spec = self.spec
        if spec.dockerfile:
            build_args = {**spec.build_args, **self.platform.build_args}
            words = [f"--build-arg {quote(f'{name}={value}')}" for name, value in build_args.items()]
            words += [f"--target {quote(spec.target)}"] * bool(spec.target)
            get = fill(
                "build_image.sh",
                context=" ".join(map(quote, self.context())),
                build_args=" ".join([*words, "$MLBOX_BUILD_OPTIONS"]),
                tag=f"-t {quote(spec.image)}" if spec.image else "",
                dockerfile=quote(spec.dockerfile),
                dockerfile_text=spec.dockerfile.replace('"', ""),
            )
        else:
            get = fill("pull_image.sh")
        named = quote("; others of this box: " + ", ".join(self.alternatives)) if self.alternatives else ""
        return fill("container.sh", alternatives=named, image=quote(self.image), get_image=get)

    def prepare(self) -> str:
        """Return the lines that find the engine and have the image."""
        return f"{self.find_engine()}\n{self.have_image()}"

    def launch(
        self, command: str, exports: dict[str, str], passed: tuple[str, ...], outside: dict[str, str]
    ) -> tuple[str, str]:
        """Return the lines that gather the container's options, and the one that becomes its client.

        Args:
            command: of the task, as the inside sees it.
            exports: variables.
            passed: names of variables that the client hands over.
            outside: folder on the host -> where it is mounted, to be read only.
        """
        lines = [fill("run_container.sh")]
        if self.spec.host_user:
            lines.append('if [ "$engine" = podman ] && [ "$(id -u)" -ne 0 ]; then set -- "$@" --userns=keep-id')
            lines.append('else set -- "$@" --user "$(id -u):$(id -g)"; fi')
        mounts = [("$ws", "/mlbox/workspace", "rw"), ("$code", "/mlbox/code", "rw")]
        lines += [f'plain "{path}"\nset -- "$@" -v "$plain:{inside}:{mode}"' for path, inside, mode in mounts]
        for path, inside in outside.items():
            lines.append(f'plain {quote(path)}\nset -- "$@" -v "$plain:{inside}:ro"')
        variables = {"HOME": "/tmp", **exports}
        lines += [f'set -- "$@" --env {quote(name)}={value}' for name, value in variables.items()]
        lines += [f'set -- "$@" --env {name}' for name in passed]
        args = " ".join(map(quote, (*self.spec.args, *self.platform.args)))
        return "\n  ".join(lines), f'exec "$engine" "$@" -w /mlbox/code {args} "$image" {command}'.replace("  ", " ")


HANDLE = """\
name=mlbox-@RUN@
printf '%s rm -f %s > /dev/null 2>&1\\n' "$engine" "$name" > "$run/stop" # for `mlbox cancel`
signal_task() { "$engine" kill -s "$1" "$name" > /dev/null 2>&1; }"""
