"""What a user would write in ten minutes: a FastAPI endpoint around another reader. Run by the benchmark's own Python.

python plain_endpoint.py tesseract|rapidocr PORT PROCESSES
"""

from __future__ import annotations

import io
import os
import sys

import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

ENGINE = "EngineConfig.onnxruntime"
app = FastAPI()
_engines: dict[str, object] = {}


@app.post("/read")
def read(file: UploadFile) -> dict[str, str]:
    """Read a picture; FastAPI calls this in a thread."""
    picture = Image.open(io.BytesIO(file.file.read())).convert("RGB")
    return {"text": (_tesseract if os.environ["PLAIN_ENGINE"] == "tesseract" else _rapidocr)(picture)}


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the server lives."""
    return {"status": "ok"}


def _tesseract(picture: Image.Image) -> str:
    import pytesseract

    return pytesseract.image_to_string(picture)


def _rapidocr(picture: Image.Image) -> str:
    import numpy as np
    from rapidocr import RapidOCR

    if "rapidocr" not in _engines:
        threads = {
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        _engines["rapidocr"] = RapidOCR(params=threads)
    result = _engines["rapidocr"](np.asarray(picture))  # type: ignore[operator]
    return "\n".join(result.txts or ())


if __name__ == "__main__":
    engine, port, processes = sys.argv[1:]
    os.environ["PLAIN_ENGINE"] = engine
    uvicorn.run("plain_endpoint:app", host="127.0.0.1", port=int(port), workers=int(processes), log_level="error")
