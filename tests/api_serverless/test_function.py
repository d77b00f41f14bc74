import base64
import json

import pytest

from api_serverless.function import Function
from tests.api_server.running import form, png
from tests.api_serverless.events import v1, v2
from tests.inference.tiny_model import save_tiny_model

PAGE = png("abc", "de")
TEXT = base64.b64encode(PAGE).decode()
JSON = "application/json"
BODIES = [
    (PAGE, "image/png"),
    (TEXT.encode(), "text/plain"),
    (json.dumps({"image": TEXT}).encode(), JSON),
    form(("a", PAGE)),
]


@pytest.fixture(scope="module")
def function(tmp_path_factory):
    return Function({"LAB_MODEL": str(save_tiny_model(tmp_path_factory.mktemp("model")))})


@pytest.mark.parametrize("event", [v1, v2])
@pytest.mark.parametrize(("body", "kind"), BODIES)
def test_every_event_and_every_body_gives_the_same_text(function, event, body, kind):
    answer = function(event(body, kind))
    assert (answer["statusCode"], json.loads(answer["body"])["text"]) == (200, "abc\nde")
    assert answer["headers"]["Content-Type"] == "application/json"


def test_a_direct_event_is_answered_with_the_tree(function):
    assert function({"image": TEXT})["text"] == "abc\nde"
    assert function({"image": TEXT, "characters": True})["pages"][0]["lines"][0]["characters"][0]["text"] == "a"
    assert function({"image": "!"})["status"] == 400
    assert function({"imag": TEXT})["detail"].startswith("imag: is not a parameter")
    assert function({"image_url": "file:///etc/passwd"})["status"] == 400


def test_a_body_may_come_as_text(function):
    event = {**v2(b"", JSON), "body": json.dumps({"image": TEXT}), "isBase64Encoded": False}
    assert json.loads(function(event)["body"])["text"] == "abc\nde"


def test_accept_and_parameters_are_heeded(function):
    assert function(v2(PAGE, "image/png", "text/plain", {"abstain": "0"}))["body"] == "abc\nde\n"
    assert function(v1(PAGE, "image/png", "application/alto+xml"))["headers"]["Content-Type"] == "application/alto+xml"
    assert function(v1(PAGE, "image/png", query={"lines": "yes"}))["statusCode"] == 400


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (v2(b"nonsense"), 400),
        (v2(b"", "image/png"), 400),
        ({**v2(PAGE), "body": "%%%"}, 400),  # claims to be base64
        ({**v2(PAGE), "body": {"image": "a"}}, 400),
        (v2(PAGE, path="/v1/batch"), 404),
        (v2(PAGE, method="PUT"), 405),
        (v2(PAGE, accept="image/png"), 406),
        (v2(b'{"image_url": "http://169.254.169.254/"}', JSON), 400),
        (v2(b"x" * 32_000_001), 413),
    ],
)
def test_a_bad_event_is_answered_with_a_problem(function, event, status):
    answer = function(event)
    assert answer["statusCode"] == status
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["status"] == status


def test_keys_are_asked_for_over_http(tmp_path):
    locked = Function({"LAB_MODEL": str(save_tiny_model(tmp_path / "model")), "LAB_API_KEYS": "first,second"})
    assert locked(v2(PAGE))["statusCode"] == 401
    assert locked(v2(PAGE, headers={"authorization": "Bearer second"}))["statusCode"] == 200
    assert locked(v2(b"", path="/healthz", method="GET"))["statusCode"] == 200


def test_the_log_has_no_text(function, capsys):
    function(v2(PAGE))
    row = json.loads(capsys.readouterr().err)
    assert set(row) == {"message", "request_id", "status", "ms"}
