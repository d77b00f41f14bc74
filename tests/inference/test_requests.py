import base64
import io
import json

import pytest
from PIL import Image

from tests.api_server.running import form
from text_recognizer.image import Limits
from text_recognizer.inference.problems import Problem, problem_of
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.requests import Picture, RequestReader

JSON = "application/json"


def dot() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (3, 3), 255).save(stream, "PNG")
    return stream.getvalue()


DOT = dot()
TEXT = base64.b64encode(DOT).decode()
URL_SAFE = base64.urlsafe_b64encode(DOT).decode().rstrip("=")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (DOT, ""),
        (DOT, "image/png"),
        (DOT, "application/x-www-form-urlencoded"),  # what curl --data-binary says
        (TEXT.encode(), "text/plain"),
        (f"data:image/png;base64,{TEXT}".encode(), ""),
        (f"data:image/png;charset=utf-8;base64,{TEXT}".encode(), "text/plain; charset=utf-8"),
        (base64.encodebytes(DOT), "text/plain"),  # with line breaks
        (URL_SAFE.encode(), "text/plain"),  # the other alphabet, without padding
        (json.dumps({"image": TEXT}).encode(), JSON),
        (json.dumps({"image": f"data:image/png;base64,{TEXT}"}).encode(), "application/json; charset=utf-8"),
        (json.dumps({"images": [TEXT]}).encode(), JSON),
        form(("a.png", DOT)),
    ],
)
def test_the_same_picture_comes_out_however_it_is_sent(body, kind):
    [picture] = RequestReader().pictures(body, kind)
    assert picture.content == DOT


def test_a_field_of_a_form_may_hold_base64():
    body = b'--e\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + TEXT.encode() + b"\r\n--e--\r\n"
    assert RequestReader().pictures(body, "multipart/form-data; boundary=e") == [Picture("picture", DOT)]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("page.png", "page.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\a.png", "a.png"),
        ("a\x1b[31m.png", "a?[31m.png"),  # colours for the operator's terminal
        ("", "picture"),
        ("x" * 500, "x" * 150),
    ],
)
def test_a_name_is_a_word_and_no_path(given, name):
    [picture] = RequestReader().pictures(*form((given, DOT)))
    assert picture.name == name


@pytest.mark.parametrize(
    ("body", "kind", "status", "part"),
    [
        (b"", "", 400, "it is empty (0 bytes)"),
        (b"{", JSON, 400, "it is not JSON"),
        (b"[" * 100_000, JSON, 400, "it is nested too deeply"),
        (b"[]", JSON, 400, "it is a JSON list"),
        (b"{}", JSON, 400, "it has nothing; give image (base64) or image_url"),
        (b'{"image": 3}', JSON, 400, "it has image; give image (base64)"),
        (b'{"image": "a", "image_url": "b"}', JSON, 400, "one of them"),
        (b'{"images": []}', JSON, 400, "send a list of one or more"),
        (b'{"images": ["a", "b"]}', JSON, 400, "more pictures than the 1"),
        (b'{"image": ""}', JSON, 400, "0 characters that are not base64"),
        (b'{"image": "ab!cd"}', JSON, 400, "character 3 is none of its"),
        (b'{"image": "a"}', JSON, 400, "not base64"),
        (b'{"image": "ab=c"}', JSON, 400, "not base64"),
        (b'{"image_url": "https://example.org/a.png"}', JSON, 400, "this server fetches no addresses"),
        (b"x", "multipart/form-data", 400, "without a boundary"),
        (b"--e\r\n", "multipart/form-data; boundary=e", 400, "ends before its last boundary"),
        (b"nonsense", "multipart/form-data; boundary=e", 400, "the form is damaged"),
        (b"--e--\r\n", "multipart/form-data; boundary=e", 400, "it holds no picture"),
        (*form(("a", DOT), field="fiel"), 400, "field 'fiel': it is not known; did you mean file"),
        (*form(("a", DOT), ("b", DOT)), 400, "send several to /v1/batch"),
        (b"x" * 2_001, "", 413, "it has 2,001 bytes, at most 2,000 are read"),
    ],
)
def test_a_bad_body_is_refused_with_the_sentence_that_helps(body, kind, status, part):
    with pytest.raises(Problem) as caught:
        RequestReader(Limits(max_bytes=2_000)).pictures(body, kind)
    assert caught.value.status == status
    assert part in caught.value.detail


def test_a_form_of_very_many_parts_is_refused_before_they_are_taken_in():
    with pytest.raises(Problem, match="more pictures than the 3"):
        RequestReader(most=3).pictures(*form(*[("a", b"x")] * 10_000))


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ([("lines", "yes")], "lines: is not a parameter; did you mean line"),
        ([("line", "yes"), ("line", "no")], "line: it is given twice"),
        ([("line", "maybe")], "line: 'maybe' is not what it takes; give yes or no"),
        ([("pages", "0")], "pages: '0' is not what it takes"),
        ([("dpi", "1e9")], "a number from 30 to 1200"),
        ([("abstain", "nan")], "a number from 0 to 1"),
    ],
)
def test_a_bad_parameter_is_named(given, part):
    with pytest.raises(Problem) as caught:
        ReadingOptions.of(given)
    assert part in caught.value.detail


def test_a_problem_has_the_members_of_rfc_9457():
    tree = problem_of(Problem(404, "path: there is none")).document("id")
    assert tree == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "path: there is none",
        "request_id": "id",
    }
