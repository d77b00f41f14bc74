"""What the server answers: a real process, asked over loopback."""

import base64
import json
import xml.etree.ElementTree as ElementTree

import pytest

from tests.api_server.running import form, line, png

PAGE = png("abc", "de")
TEXT = base64.b64encode(PAGE).decode()
JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, ""),
        (TEXT.encode(), "text/plain"),
        (f"data:image/png;base64,{TEXT}".encode(), ""),
        (json.dumps({"image": TEXT}).encode(), JSON),
        form(("page.png", PAGE)),
    ],
)
def test_every_way_to_send_a_page_gives_its_text(server, body, kind):
    answer = server.read(body, kind)
    tree = answer.tree
    assert (answer.status, tree["text"]) == (200, "abc\nde")
    assert answer.headers["x-model-version"] == tree["model"]
    lines = tree["pages"][0]["lines"]
    assert [line["text"] for line in lines] == ["abc", "de"]
    assert 0 < tree["confidence"] <= 1 and all(line["box"] and line["corners"] for line in lines)


@pytest.mark.parametrize(
    ("accept", "kind", "part"),
    [
        ("", "application/json", b'"text": "abc\\nde"'),
        ("*/*", "application/json", b'"format": 1'),
        ("text/plain", "text/plain; charset=utf-8", b"abc\nde\n"),
        ("text/vnd.hocr+html", "text/vnd.hocr+html; charset=utf-8", b"ocr_page"),
        ("text/html,application/xhtml+xml;q=0.9", "text/vnd.hocr+html; charset=utf-8", b"ocr_line"),
        ("application/alto+xml", "application/alto+xml", b"<alto"),
        ("application/vnd.prima.page+xml", "application/vnd.prima.page+xml", b"<PcGts"),
        ("image/png, text/plain;q=0.1", "text/plain; charset=utf-8", b"abc"),
    ],
)
def test_accept_chooses_the_format(server, accept, kind, part):
    answer = server.read(PAGE, accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert part in answer.body
    if kind.endswith("xml"):
        ElementTree.fromstring(answer.body)


def test_a_format_that_nobody_knows_is_refused(server):
    answer = server.read(PAGE, accept="image/png")
    assert answer.status == 406
    assert "application/alto+xml" in answer.tree["detail"]


def test_parameters_are_those_of_the_command_line(server):
    lines = server.read(PAGE, query="?characters=yes&abstain=0").tree["pages"][0]["lines"]
    assert [character["text"] for character in lines[0]["characters"]] == ["a", "b", "c"]
    assert server.read(line("abcde"), query="?line=yes").tree["text"] == "abcde"
    assert server.read(PAGE, query="?abstain=1").tree["text"] == ""
    assert server.read(PAGE, query="?pages=2").status == 400
    assert "did you mean pages" in server.read(PAGE, query="?page=2").tree["detail"]


def test_the_request_id_is_taken_over_or_made(server):
    assert server.read(PAGE, **{"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    made = server.read(b"x", **{"X-Request-ID": "two words"})
    assert len(made.headers["x-request-id"]) == 32
    assert made.tree["request_id"] == made.headers["x-request-id"]


def test_a_batch_answers_row_by_row_in_order_and_one_bad_file_stops_no_other(server):
    files = [("a.png", png("abc")), ("bad.png", b"nonsense"), ("b.png", png("bcd"))]
    body, kind = form(*files, field="files")
    answer = server.ask("POST", "/v1/batch", body, {"Content-Type": kind})
    rows = [json.loads(row) for row in answer.body.splitlines()]
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert [(row["index"], row["name"], row["status"]) for row in rows] == [
        (0, "a.png", 200),
        (1, "bad.png", 400),
        (2, "b.png", 200),
    ]
    assert [row["reading"]["text"] for row in rows if row["status"] == 200] == ["abc", "bcd"]
    assert rows[1]["problem"]["detail"].startswith("bad.png: this is not a picture")


def test_health_metrics_and_the_description_of_the_api(server):
    assert server.ask("GET", "/healthz").tree == {"status": "ok"}
    assert server.ask("GET", "/readyz").tree["status"] == "ready"
    server.read(PAGE)
    counters = server.ask("GET", "/metrics")
    assert counters.headers["content-type"].startswith("text/plain")
    assert b'text_recognizer_requests_total{route="/v1/read",status="200"}' in counters.body
    tree = server.ask("GET", "/openapi.json").tree
    assert {"/v1/read", "/v1/batch", "/v1/feedback", "/healthz", "/readyz", "/metrics"} <= set(tree["paths"])
    examples = tree["paths"]["/v1/read"]["post"]["requestBody"]["content"]
    assert server.read(json.dumps(examples["application/json"]["example"]).encode(), JSON).status == 200


def test_without_a_store_feedback_is_refused(server):
    told = json.dumps({"request_id": "a", "text": "abd"}).encode()
    assert server.ask("POST", "/v1/feedback", told, {"Content-Type": JSON}).status == 404
