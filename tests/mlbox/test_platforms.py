"""Where tasks run: platforms of 2020 and of today, and what goes there."""

import pytest

from mlbox.cli import main
from mlbox.platforms import find_platform
from mlbox.sync import code_files, excluded, report
from tests.mlbox.boxes import CHAIN, ROOT, hello_world, small_box

SEED = str(ROOT / "platforms/platforms.yaml")


def test_an_unfilled_host_is_told_with_file_and_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MLBOX_HOST_AIOPS1", raising=False)
    monkeypatch.chdir(ROOT)
    box = hello_world(tmp_path / "box")
    assert main(["run", "./platforms/platforms.yaml:aiops1", f"{box}/baremetal:hello/xinyuan"]) == 120
    line = (ROOT / "platforms/platforms.yaml").read_text().split("host: HOST_NAME")[0].count("\n") + 1
    told = capsys.readouterr().err
    assert (
        f"platforms/platforms.yaml:{line}: host is still HOST_NAME; write the host there, or set MLBOX_HOST_AIOPS1"
        in told
    )


def test_the_platform_of_2020_is_read(monkeypatch):
    monkeypatch.setenv("MLBOX_HOST_AIOPS1", "gpu-box")
    platform = find_platform(f"{SEED}:aiops1", {})
    assert (platform.place, platform.host, platform.user, platform.runtime) == ("ssh", "gpu-box", "", ".mlbox")


def test_the_box_lies_remotely_where_it_lay_in_2020(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("MLBOX_HOST_AIOPS1", "gpu-box")
    box = hello_world(tmp_path / "box")
    for implementation, kind in (("baremetal", "python"), ("docker", "docker"), ("singularity", "singularity")):
        assert main(["run", "-n", f"{SEED}:aiops1", f"{box}/{implementation}:hello/xinyuan"]) == 0
        assert f'cd -- "$HOME"/.mlbox/mlboxes/hello_world/{kind}' in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: {place: ssh}", "an ssh platform needs a host"),
        ("a: {place: shh, host: b}", "place 'shh' not known; did you mean 'ssh'?"),
        ("a: {place: ssh, host: b, hots: c}", "key 'hots' not known; did you mean 'host'?"),
        ("a: {place: ssh, host: -oProxyCommand=x}", "begins with a dash"),
        ("a: {place: clearml}", "`place: clearml` and `queue: NAME` belong together"),
        ("a: {queue: gpu01}", "`place: clearml` and `queue: NAME` belong together"),
        ("b: {place: local}", "platform 'a' not known; (platforms: b)"),
    ],
)
def test_mistakes_in_platforms(tmp_path, capsys, text, sentence):
    (tmp_path / "p.yaml").write_text(text + "\n")
    assert main(["describe", f"{tmp_path}/p.yaml:a", str(hello_world(tmp_path / "box"))]) == 120
    assert sentence in capsys.readouterr().err


def test_a_platform_by_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mlbox").mkdir()
    (tmp_path / "mlbox/platforms.yaml").write_text("default: mine\nmine: {env: docker}\n")
    assert find_platform("@mine", {}).env == "docker"
    assert find_platform(f"{tmp_path}/mlbox/platforms.yaml", {}).name == "mine"
    assert main(["describe", "@mine", str(hello_world(tmp_path / "box"))]) == 0
    assert "docker (docker) *" in capsys.readouterr().out


def test_environments_and_caches_are_never_sent(tmp_path):
    from mlbox.box import load

    box = small_box(tmp_path / "box", CHAIN)
    source = box / "implementation/src"
    for path in ("env/pyvenv.cfg", "env/lib/big.so", "__pycache__/task.pyc", ".git/HEAD", "pkg/a.py"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text("x")
    loaded = load(box)
    files = code_files(loaded, loaded.tasks["first"])
    assert files == ["implementation/src/pkg/a.py", "implementation/src/task.py"]
    assert code_files(loaded, loaded.tasks["first"], exclude=("pkg",)) == ["implementation/src/task.py"]


def test_patterns_match_a_name_or_a_folder():
    assert excluded("a/b/c.txt", ("b",)) and excluded("a/b/c.txt", ("*.txt",)) and not excluded("a/b", ("c",))


def test_much_is_named_by_its_biggest(tmp_path):
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "big").write_bytes(b"x" * 2_000_000)
    assert "the biggest: big (2.0 MB), small" in report(tmp_path, ["small", "big"], 1)[1]


def test_what_goes_to_a_queue_can_be_seen_first(tmp_path, capsys):
    (tmp_path / "p.yaml").write_text("a: {place: clearml, queue: gpu01}\n")
    box = hello_world(tmp_path / "box")
    assert main(["run", "--dry-run", f"{tmp_path / 'p.yaml'}:a", f"{box}:hello/xinyuan"]) == 0
    script = capsys.readouterr().out
    assert "to queue gpu01 of ClearML: implementation/src/hello.py workspace/xinyuan.txt" in script
    assert 'cd -- "$HOME"/.mlbox/clearml/' in script
