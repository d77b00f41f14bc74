"""Loading ONNX models: how onnxruntime runs the recogniser and the segmenter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.errors import UserError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Variable without which onnxruntime, since 1.31, keeps files in the home folder and reports to its makers."""


def onnx_session(model: Path, threads: int) -> InferenceSession:
    """Load a model.

    Args:
        model: the ONNX file.
        threads: that one run's arithmetic is spread over; 0 lets onnxruntime choose.

    Raises:
        UserError: it cannot be loaded.
    """
    os.environ.setdefault(TELEMETRY, "1")
    import onnxruntime  # here, because it takes 0.1 s that `--help` has no use for

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # it would keep a block of memory for each size of page and width of line
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no public base
        reason = str(error).splitlines()[0][:200]
        raise UserError(f"{model}: onnxruntime cannot load it ({reason}); export the model again") from error
