"""Hand-made ONNX models that find and read flags, so that everything around models can be tested without training any.

A character is a stem of full height with a flag to its right; the flag's height above the ground says which of "abcde"
it is. The model measures ink in five bands of the line, one time step every 4 px.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from text_recognizer.inference.recipe import Recipe, sha256_of

CHARACTERS = "abcde"
HEIGHT, STRIDE = 40, 4
STEM, FLAG, GAP, WORD_GAP = 4, 14, 8, 40


def draw_flags(text: str, height: int = 30, ink: int = 20, paper: int = 235) -> np.ndarray:
    """Return a line that says `text` in flags, uint8 [height, W]; spaces are wide gaps that the model cannot see."""
    scale = height / 30
    stem, flag, gap, word_gap = (max(1, round(length * scale)) for length in (STEM, FLAG, GAP, WORD_GAP))
    band = height / len(CHARACTERS)
    pieces = [np.full((height, gap), paper, np.uint8)]
    for character in text:
        piece = np.full((height, word_gap if character == " " else stem + flag + gap), paper, np.uint8)
        if character != " ":
            place = CHARACTERS.index(character) * band
            piece[:, :stem] = ink
            piece[round(place + 0.15 * band) : round(place + 0.85 * band), stem : stem + flag] = ink
        pieces.append(piece)
    return np.concatenate(pieces, axis=1)


def draw_faint_flags(text: str, strengths: dict[int, float], others: float) -> np.ndarray:
    """Return a line of flags that have a share of their ink: those of some places by `strengths`, and the others."""
    line_HW = draw_flags(text).astype(float)
    for number in range(len(text)):
        start = GAP + number * (STEM + FLAG + GAP) + STEM
        flag_HW = line_HW[:, start : start + FLAG]
        flag_HW[:] = 235 - strengths.get(number, others) * (235 - flag_HW)
    return line_HW.round().astype(np.uint8)


def draw_flag_page(texts: list[str], height: int = 30, margin: int = 30, pitch: int = 60) -> np.ndarray:
    """Return a page with one line of flags per text."""
    lines = [draw_flags(text, height) for text in texts]
    width = max((line.shape[1] for line in lines), default=200) + 2 * margin
    page_HW = np.full((2 * margin + pitch * len(lines), width), 235, np.uint8)
    for number, line in enumerate(lines):
        top = margin + number * pitch
        page_HW[top : top + height, margin : margin + line.shape[1]] = line
    return page_HW


def save_tiny_model(folder: Path, **changes: object) -> Path:
    """Write model.onnx and recipe.json into a folder, and return the folder; `changes` go to the recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_tiny_model(), folder / "model.onnx")
    onnx.save(_tiny_segmenter(), folder / "segmenter.onnx")
    values = {
        "name": "flags",
        "characters": CHARACTERS,
        "height": HEIGHT,
        "stride": STRIDE,
        "min_width": 16,
        "max_width": 2_000,
        "sha256": {"model.onnx": sha256_of(folder / "model.onnx")},
    }
    Recipe(**{**values, **changes}).save(folder)
    return folder


def _tiny_segmenter() -> onnx.ModelProto:
    """Build: where ink is met along 15 cells is the core, its lower edge the baseline; nothing separates or turns."""
    edge = np.zeros((4, 1, 3, 1), np.float32)
    edge[0, 0, 1:, 0] = 14, -14
    edge[1, 0, 1, 0] = 12
    bias = np.array([-5, -6, -10, np.log2(12)], np.float32)
    constants = [("edge", edge), ("bias", bias), ("hundred", np.array(100, np.float32))]
    constants += [("zero", np.array(0, np.float32)), ("one", np.array(1, np.float32))]
    constants += [("upright", np.array([3, 0, 0, 0], np.float32).reshape(1, 4, 1, 1))]
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["apart"]),
        helper.make_node("Sub", ["apart", "one"], ["strong"]),
        helper.make_node("Relu", ["strong"], ["ink"]),
        helper.make_node("AveragePool", ["ink"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("AveragePool", ["cells"], ["rows"], kernel_shape=[1, 15], pads=[0, 7, 0, 7]),
        helper.make_node("Mul", ["rows", "hundred"], ["much"]),
        helper.make_node("Clip", ["much", "zero", "one"], ["band"]),
        helper.make_node("Conv", ["band", "edge", "bias"], ["maps"], pads=[1, 0, 1, 0]),
        helper.make_node("AveragePool", ["cells"], ["coarse"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Mul", ["coarse", "zero"], ["flat"]),
        helper.make_node("Add", ["flat", "upright"], ["turns"]),
    ]
    graph = helper.make_graph(
        nodes,
        "finds flags",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "H", "W"])],
        [
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, 4, "h", "w"]),
            helper.make_tensor_value_info("turns", TensorProto.FLOAT, [1, 4, "hh", "ww"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _tiny_model() -> onnx.ModelProto:
    """Build: band means minus the other bands' means, against a constant for the blank, times 20, log softmax."""
    bands = len(CHARACTERS)
    rows = HEIGHT // bands
    weight = np.full((bands + 1, 1, HEIGHT, STRIDE), -20 / (rows * STRIDE), np.float32)
    weight[0] = 0
    for band in range(bands):
        weight[band + 1, :, band * rows : (band + 1) * rows] *= -1
    bias = np.zeros(bands + 1, np.float32)
    bias[0] = 6
    constants = [("weight", weight), ("bias", bias), ("axes", np.array([2], np.int64))]
    nodes = [
        helper.make_node("Conv", ["x", "weight", "bias"], ["a"], strides=[HEIGHT, STRIDE], pads=[0, 0, 0, STRIDE - 1]),
        helper.make_node("Squeeze", ["a", "axes"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 1]),
        helper.make_node("LogSoftmax", ["c"], ["log_probs"], axis=2),
    ]
    graph = helper.make_graph(
        nodes,
        "flags",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 1, HEIGHT, "W"]),
            helper.make_tensor_value_info("widths", TensorProto.INT64, ["B"]),
        ],
        [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["B", "T", bands + 1])],
        [numpy_helper.from_array(value, name) for name, value in constants],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
