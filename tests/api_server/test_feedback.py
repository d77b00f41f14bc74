"""Readings and corrections in a store: numbers by default, text and pictures where the operator asks for them."""

import base64
import json
import time

from tests.api_server.running import RunningServer, png
from text_recognizer.monitoring.stores import open_store

JSON = {"Content-Type": "application/json"}
PAGE = png("abc")


def kept(path):
    """Return the reading and the feedback that a store holds, once they are there."""
    for _ in range(100):
        if path.exists():
            store = open_store(str(path))
            readings, feedback = list(store.readings()), list(store.feedback())
            store.close()
            if readings and feedback:
                break
        time.sleep(0.1)
    return readings[0], feedback[0]


def test_a_reading_and_its_correction_are_kept_without_the_text(model_folder, tmp_path):
    path = tmp_path / "monitor.db"
    with RunningServer(model_folder, LAB_MONITOR=str(path)) as server:
        answer = server.read(PAGE, **{"X-Request-ID": "one"})
        told = {"request_id": "one", "text": "abd", "flag": "wrong text", "page": answer.tree["pages"][0]}
        told["image"] = base64.b64encode(PAGE).decode()
        assert server.ask("POST", "/v1/feedback", json.dumps(told), JSON).status == 202
        for wrong in ({}, {"request_id": "a b"}, {"request_id": "one", "txt": "x"}, {"request_id": "o", "page": {}}):
            assert server.ask("POST", "/v1/feedback", json.dumps(wrong), JSON).status == 400
    reading, feedback = kept(path)
    assert (reading.request_id, reading.text, reading.app) == ("one", None, "api_server")
    assert reading.features["characters"] == 3 and "sharpness" in reading.features
    assert (feedback.request_id, feedback.corrected_text, feedback.flag) == ("one", "abd", "wrong text")
    assert feedback.picture is None and feedback.lines[0]["text"] == "abc"
