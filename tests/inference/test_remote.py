"""Pictures behind URLs, from a real server on this machine."""

import functools
import http.server
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, Limits
from text_recognizer.inference.remote import RemoteFile, shown_url
from text_recognizer.inference.sources import find_sources

pytest.importorskip("aiohttp", reason="requirements/remote.txt is not installed; tests/real runs the same with S3")
ROOT = Path(__file__).parents[2]
TEXTS = {"a.png": "abc", "deep/b.png": "bcd", "deep/c d.png": "cde"}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and lists folders, and forbids one path."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if "forbidden" in self.path:
            self.send_error(403)
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder of pictures and the address at which it is served."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "scans" / "deep").mkdir(parents=True)
    for name, text in TEXTS.items():
        Image.fromarray(draw_flag_page([text])).save(folder / "scans" / name)
    (folder / "scans" / "notes.txt").write_text("no picture")
    with zipfile.ZipFile(folder / "scans.zip", "w") as archive:
        archive.write(folder / "scans" / "a.png", "a.png")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_is_read_from_its_address(served, read):
    assert read(f"{served[1]}/scans/deep/c%20d.png?page=1") == (0, "cde\n", "")


def test_a_folder_is_read_with_what_is_below_it(served, read, tmp_path):
    assert read(f"{served[1]}/scans/", "--out", tmp_path / "texts") == (0, "", "")
    texts = {path.relative_to(tmp_path / "texts").as_posix(): path.read_text() for path in tmp_path.rglob("*.txt")}
    assert texts == {f"{name[:-4]}.txt": f"{text}\n" for name, text in TEXTS.items()}
    assert "3 of 3 pictures were read before" in read(f"{served[1]}/scans/", "--out", tmp_path / "texts")[2]


def test_a_pattern_names_files(served, read):
    code, out, err = read(f"{served[1]}/scans/deep/*.png")
    assert (code, err, out.splitlines()[1::3]) == (0, "", ["bcd", "cde"])


@pytest.mark.slow
def test_a_url_can_be_read_by_several_processes(served, read):
    assert read(f"{served[1]}/scans/", "--jobs", 2)[1] == read(f"{served[1]}/scans/")[1]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("scans/none.png", "there is no such file; check the address"),
        ("scans/forbidden.png", "it cannot be fetched (403"),
        ("empty/", "there is no such file; check the address"),
        ("scans/notes.txt", "this is not a picture"),
        ("scans.zip", "it cannot be read where it is (The HTTP server doesn't appear to support range requests"),
    ],
)
def test_what_cannot_be_had_is_named_and_stops_nothing(path, said, served, read):
    code, out, err = read(f"{served[1]}/{path}", f"{served[1]}/scans/a.png")
    assert code == 1 and out.endswith("abc\n")
    assert err.startswith(f"{served[1]}/{path}: ") and said in err and "Traceback" not in err


def test_nobody_listening_is_one_sentence(read):
    code, out, err = read("http://127.0.0.1:9/a.png")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("http://127.0.0.1:9/a.png: it cannot be fetched (")


def test_downloads_are_limited(served):
    size = len((served[0] / "scans/a.png").read_bytes())
    file = RemoteFile(f"{served[1]}/scans/a.png")
    assert len(file.content("a", Limits(max_bytes=size))) == size
    with pytest.raises(UserError, match="larger than"):
        file.content("a", Limits(max_bytes=size - 1))


def test_secrets_in_addresses_are_not_written_into_results():
    shown = shown_url("https://me:word@example.org/a.png?X-Amz-Signature=abc&x=1&X-Amz-Credential=d")
    assert shown == "https://example.org/a.png?X-Amz-Signature=...&x=1&X-Amz-Credential=..."


@pytest.mark.parametrize("url", ["nothing://a/b.png", "file:///etc/a.png"])
def test_other_kinds_of_addresses_are_refused(url, read):
    code, _, err = read(url)
    assert (code, err.count("\n")) == (1, 1) and err.startswith(f"{url}: ")


@pytest.mark.parametrize(("missing", "url"), [("fsspec", "s3://b/a.png"), ("aiohttp", "http://127.0.0.1:9/a.png")])
def test_a_missing_library_is_named_with_the_command_that_installs_it(missing, url):
    code = "import sys; sys.modules[sys.argv[1]] = None\nfrom text_recognizer.inference.cli import main\n"
    command = [sys.executable, "-c", code + "sys.exit(main(['read', sys.argv[2]]))", missing, url]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith(f"{url}: ") and "pip install -r requirements/remote.txt" in done.stderr


def test_local_paths_never_go_through_fsspec(served, tmp_path):
    code = "import sys; from text_recognizer.inference.cli import main; main(['read', sys.argv[1]]);"
    code += "print(sorted({'fsspec', 'aiohttp', 'multiprocessing.process', 'ray'} & set(sys.modules)))"
    command = [sys.executable, "-c", code, str(served[0] / "scans" / "a.png")]
    out = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_names_of_a_listing_stay_below_the_folder_of_results(served):
    stems = [source.stem for source in find_sources([f"{served[1]}/scans/"], SUFFIXES)]
    assert [str(stem) for stem in stems] == ["a", "deep/b", "deep/c d"]
