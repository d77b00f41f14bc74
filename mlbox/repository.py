"""A training repository of others becomes part of a laboratory: its clone, a box, an image, a service, an example."""

from __future__ import annotations

import re
from pathlib import Path

from mlbox import programs
from mlbox.faults import ABSENT, Fault
from mlbox.templates import fill

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
START = Path(__file__).parents[1] / "training/clearml_train.py"
TRAINERS = ("tools/train.py", "train.py", "tools/train_net.py", "main.py")
NOTHING_LISTED = "# Nothing is listed in a requirements.txt: install here what it imports."
CONFIGS = {"--launcher": "{config} --launcher={launcher}", "-c": "-c {config}", "-f": "-f {config}"}
"""What a trainer's text holds -> how it takes its configuration; otherwise as --config."""


def add_repository(root: Path, name: str, url: str) -> list[Path]:
    """Write what a repository needs to be trained like the others, and return the new files.

    Args:
        root: folder of the laboratory, which has docker-compose.yaml or gets one.
        name: of the repository: of its folder, its image and its example.
        url: of git; not asked for where the folder is there already.

    Raises:
        Fault: the name cannot be one, git cannot clone it, it has no trainer, or it is there already.
    """
    if not NAME.fullmatch(name):
        raise Fault(f"--repository {name}: must be made of letters, digits, '_', '-' and '.'")
    service = service_name(name)
    texts = {path: (root / path).read_text("utf-8") if (root / path).exists() else "" for path in _COMPOSE}
    if re.search(rf"^  {service}:$", texts["docker-compose.yaml"], re.MULTILINE):
        raise Fault(
            f"{root / 'docker-compose.yaml'}: has a service {service} already; remove it first to write it anew"
        )
    if not (root / name).is_dir():
        code, _ = programs.call(["git", "clone", "--quiet", "--", url, str(root / name)])
        if code:
            raise Fault(f"{url}: git cannot clone it (exit code {code}, see above); is the address right?", ABSENT)
    written = _texts(root, name, service)
    there = [path for path in written if (root / path).exists()]
    if there:
        raise Fault(f"{root / there[0]}: is there already; remove it first to write it anew")
    for path, template in _COMPOSE.items():
        written[path] = with_service(texts[path], fill(template, service=service, name=name, image=name.lower()))
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return [root / path for path in written]


_COMPOSE = {
    "docker-compose.yaml": "repository/service.yaml.in",
    "docker-compose.gpu.yaml": "repository/service_gpu.yaml.in",
}


def service_name(name: str) -> str:
    """Return a repository's name as compose takes it.

    >>> [service_name(name) for name in ("PaddleDetection", "YOLOX", "DAB-DETR", "openseg.pytorch", "CBNetV2")]
    ['paddle_detection', 'yolox', 'dab_detr', 'openseg_pytorch', 'cb_net_v2']
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def with_service(text: str, service: str) -> str:
    """Return a compose file with one service more, the last of its `services:`.

    >>> print(with_service("services:\\n  a:\\n    image: x\\n\\nvolumes:\\n  v:\\n", "  b:\\n    image: y"))
    services:
      a:
        image: x
    <BLANKLINE>
      b:
        image: y
    <BLANKLINE>
    volumes:
      v:
    <BLANKLINE>
    """
    before, found, rest = (text if "services:\n" in text else f"{text}services:\n").partition("services:\n")
    end = next((match.start() for match in re.finditer(r"^[^\s#]", rest, re.MULTILINE)), len(rest))
    services, after = rest[:end].rstrip("\n"), rest[end:]
    joined = f"{services}\n\n{service}" if services else service
    return f"{before}{found}{joined}\n" + (f"\n{after}" if after else "")


def _texts(root: Path, name: str, service: str) -> dict[str, str]:
    """Return the text of each file that a repository gets, by its path."""
    folder = root / name
    trainer = next((path for path in TRAINERS if (folder / path).is_file()), None)
    if trainer is None:
        raise Fault(f"{folder}: none of {', '.join(TRAINERS)} is there; which script trains? add one that calls it")
    words, launcher = _trained(folder / trainer)
    configs = sorted(path for path in folder.glob("configs/**/*") if path.suffix in (".py", ".yml", ".yaml"))
    config = configs[0].relative_to(folder).as_posix() if configs else "configs/none.yaml"
    needs = "requirements.txt" if (folder / "requirements.txt").is_file() else ""
    values = {
        "name": name,
        "service": service,
        "box": service,
        "image": name.lower(),
        "config": config,
        "copy": f"COPY {name}/{needs} /tmp/requirements.txt" if needs else NOTHING_LISTED,
        "install": "RUN pip3 install --no-cache-dir -r /tmp/requirements.txt" if needs else "",
        "requirements": f"    requirements: [{needs}]" if needs else "",
    }
    files = {
        f"{name}/mlbox.yaml": "mlbox.yaml.in",
        f"docker/{name}/Dockerfile": "Dockerfile.in",
        f"docker/{name}/Dockerfile.dockerignore": "dockerignore.in",
        f"example/{name}.sh": "example.sh",
    }
    texts = {path: fill(f"repository/{template}", **values) for path, template in files.items()}
    return texts | {f"{name}/tools/clearml_train.py": _start_script("{here}/../" + trainer + " " + words, launcher)}


def _trained(trainer: Path) -> tuple[str, str]:
    """Return how a trainer takes its configuration, and what starts several processes of it."""
    text = trainer.read_text(encoding="utf-8", errors="replace")
    paddle = "paddle" in text.lower() or "ppdet" in text
    found = [words for mark, words in CONFIGS.items() if re.search(rf"""["']{mark}["']""", text)]
    words = found[0] if found else CONFIGS["-c"] if paddle else "--config={config}"
    return words, "-m paddle.distributed.launch" if paddle else "-m torch.distributed.run"


def _start_script(trainer: str, launcher: str) -> str:
    """Return clearml_train.py for another trainer: the laboratory's, with two lines changed."""
    text = START.read_text(encoding="utf-8")
    for name, value in (("TRAINER", trainer), ("LAUNCHER", launcher)):
        text = re.sub(rf"^{name} = .*$", lambda _, line=f'{name} = "{value}"': line, text, flags=re.MULTILINE)
    return text
