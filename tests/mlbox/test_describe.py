"""Reading boxes: both formats, and a sentence with file and line for every mistake."""

import json
import shutil

import pytest

from mlbox.cli import main
from tests.mlbox.boxes import CHAIN, ROOT, hello_world, small_box


def test_without_arguments_it_says_what_it_can_do(capsys):
    assert main([]) == 0
    assert "configure" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["describe", "configure", "run"])
def test_help_of_a_command(capsys, command):
    assert main(["help", command]) == 0
    assert f"mlbox {command} [PLATFORM] BOX" in capsys.readouterr().out


def test_it_tells_the_order_of_tasks(tmp_path, capsys):
    box = hello_world(tmp_path / "box")
    assert main(["describe", str(box / "docker")]) == 0
    text = capsys.readouterr().out
    assert "docker (docker) *" in text
    assert text.index("1 hello: name -> greeting") < text.index("2 goodbye: name, greeting -> farewell")
    assert "due: never run" in text


def test_for_programs(tmp_path, capsys):
    assert main(["describe", "--json", str(hello_world(tmp_path / "box"))]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tasks"]["goodbye/sergey"]["after"] == ["hello/sergey"]


@pytest.mark.parametrize("name", ["hello_world", "mnist", "ngc/tensorflow", "dlbs/openvino"])
def test_the_examples_can_be_described(name, capsys):
    assert main(["describe", str(ROOT / "examples" / name)]) == 0


def test_a_box_of_2020_is_read(tmp_path, capsys):
    """Both spellings of `implementation`, one implementation in a file of its own, its interpreter in 2020's words."""
    box = hello_world(tmp_path / "box")
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text[: text.index("implementations:")] + "implementation_type: python\n")
    (box / "implementation/mlbox_implementation.yaml").write_text(
        "implementation_type: python\ninterpreter: virtualenv\nvirtualenv: {base_interpreter: python3, "
        "location: implementation/python_env}\nrequirements:\nentrypoint: implementation/src/hello.py\n"
        "force_reconfigure: false\n"
    )
    assert main(["describe", str(box)]) == 0
    assert "python (python) *" in capsys.readouterr().out


def test_docker_and_singularity_of_2020_are_read(tmp_path, capsys):
    box = hello_world(tmp_path / "box")
    text = (box / "mlbox.yaml").read_text()
    (box / "mlbox.yaml").write_text(text[: text.index("implementations:")])
    settings = box / "implementation/mlbox_implementation.yaml"
    settings.write_text(
        "implementation_type: docker\nimage: hello:0.01\ndocker_runtime: nvidia-docker\nconfigure: build\n"
        "docker_args: --rm\ncommand: []\nargs: ''\n"
    )
    assert main(["describe", str(box)]) == 0
    recipe = box / "implementation/singularity/recipes/Singularity.recipe"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("Bootstrap: docker\nFrom: ubuntu:18.04\n")
    settings.write_text("implementation_type: singularity\n")
    assert main(["describe", str(box)]) == 0
    assert "singularity (apptainer) *" in capsys.readouterr().out


MISTAKES = [  # what to write instead of what, and what is said about it
    (
        "    outputs:\n      greeting",
        "    output:\n      greeting",
        ":12: key 'output' not known; did you mean 'outputs'?",
    ),
    ("name: hello_world", "name: hello world", ":1: name 'hello world' must be made of"),
    ("type: python", "type: pyton", "type 'pyton' not known; did you mean 'python'?"),
    ("type: python", "type: python\n    typo: 1", "key 'typo' not known"),
    ("from: docker", "from: dokcer", "'dokcer' is no docker implementation; did you mean 'docker'?"),
    ("hello.py\n  docker", "helo.py\n  docker", "there is no file implementation/src/helo.py"),
    ("version: 0.1", "version: 0.1\nversion: 0.2", "'version' stands here for the second time"),
    ("tasks:\n", "tasks: [\n", "not YAML"),
    ("  goodbye:\n", "  goodbye:\n    run: echo a && echo b\n", "run is one command, not a shell line ('&&')"),
    ("  goodbye:\n", "  goodbye:\n    needs: {gpus: some}\n", "gpus 'some' not known"),
    ("  goodbye:\n", "  goodbye:\n    after: [helo]\n", "task 'helo' not known; did you mean 'hello'?"),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_file_and_line(tmp_path, capsys, right, wrong, sentence):
    box = hello_world(tmp_path / "box")
    text = (box / "mlbox.yaml").read_text()
    assert right in text
    (box / "mlbox.yaml").write_text(text.replace(right, wrong, 1))
    assert main(["describe", str(box)]) == 120
    told = capsys.readouterr().err
    assert sentence in told and str(box / "mlbox.yaml:") in told and len(told.splitlines()) == 1


WRONG_CALLS = [
    (["run", "BOX:helo/xinyuan"], "task 'helo' not known; did you mean 'hello'?"),
    (["run", "BOX"], "which task? give one of hello, goodbye"),
    (["run", "BOX:hello"], "hello has no set 'default'; (sets: sergey, xinyuan)"),
    (["run", "BOX:hello/xinyaun"], "did you mean 'xinyuan'?"),
    (["run", "BOX:hello/xinyuan", "nam=a"], "hello has no parameter 'nam'; did you mean 'name'?"),
    (["run", "BOX:hello/xinyuan", "greeting=../out"], "leads out of the workspace"),
    (["run", "BOX/doker:hello/xinyuan"], "implementation 'doker' not known; did you mean 'docker'?"),
    (["run", "@nowhere", "BOX:hello/xinyuan"], "@nowhere: no such platform"),
    (["run", "BOX/../none:hello"], "no mlbox.yaml here"),
    (["runn", "BOX"], "invalid choice"),
    (["run"], "which box?"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG_CALLS)
def test_a_wrong_call_ends_with_120_and_a_hint(tmp_path, capsys, words, sentence):
    box = hello_world(tmp_path / "box")
    assert main([word.replace("BOX", str(box)) for word in words]) == 120
    assert sentence in capsys.readouterr().err


def test_a_folder_for_a_task_that_is_not_there(tmp_path, capsys):
    box = hello_world(tmp_path / "box")
    shutil.move(box / "tasks/hello", box / "tasks/helo")
    assert main(["describe", str(box)]) == 120
    assert "task 'helo' not known; did you mean 'hello'?" in capsys.readouterr().err


COLLISIONS = [
    ("b.txt", "b.txt", "collide"),  # two writers of one file
    ("b", "b/c.txt", "collide"),  # a file in a folder that is moved away
    ("out", "a.txt", "in a circle"),  # a.txt is what the first reads, and the first makes what the second reads
]


@pytest.mark.parametrize(("first", "second", "sentence"), COLLISIONS)
def test_outputs_that_would_destroy_each_other_are_refused(tmp_path, capsys, first, second, sentence):
    tasks = CHAIN.replace("default: c.txt", f"default: {second}").replace("default: b.txt", f"default: {first}")
    if sentence == "collide":
        tasks = tasks.replace("inputs: {source: {default: " + first + "}}", "inputs: {source: {default: z.txt}}")
    box = small_box(tmp_path / "box", tasks)
    (box / "workspace/a.txt").write_text("a")
    assert main(["run", f"{box}:second"]) == 120
    assert sentence in capsys.readouterr().err


def test_a_folder_of_the_box_may_be_called_like_an_implementation(tmp_path, capsys):
    box = hello_world(tmp_path / "box")
    (box / "docker").mkdir()
    assert main(["describe", f"{box}/docker"]) == 0
    assert "docker (docker) *" in capsys.readouterr().out
    assert main(["describe", f"{box}/workspace"]) == 120
    assert "workspace" in capsys.readouterr().err
