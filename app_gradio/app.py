"""The page for people, made of Gradio's widgets: nothing on it comes from, or goes to, another host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from app_gradio.desk import FLAGS, Current, Desk
from app_gradio.shown import EMPTY, TOP, error, note
from text_recognizer.errors import UserError

EXAMPLES = Path(__file__).parent / "examples"
DOCUMENTS = [".pdf", ".tif", ".tiff"]
KEPT_FOR = (900, 3_600)
"""Seconds between two looks for files that people gave, and the age at which they are removed."""

READER = "reader"


def path_of(payload: ImageData | None) -> str | None:
    """Return the very file that was given: what is wrong with it is told by our reader, not by the widget."""
    return payload.path if payload is not None else None


class Page:
    """The widgets and what they do.

    Args:
        desk: reads and records.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def blocks(self) -> gr.Blocks:
        """Return the page, ready to be launched."""
        with gr.Blocks(
            title="Text recogniser", analytics_enabled=False, delete_cache=KEPT_FOR, fill_width=True
        ) as blocks:
            gr.HTML(TOP)
            self.current = gr.State(None, time_to_live=KEPT_FOR[1])
            with gr.Row(equal_height=False):
                with gr.Column(scale=1, min_width=280):
                    self._inputs()
                with gr.Column(scale=3, min_width=320):
                    self._outputs()
            self._events()
        return blocks

    def _inputs(self) -> None:
        self.picture = gr.Image(
            label="Picture",
            sources=["upload", "webcam", "clipboard"],
            type="filepath",
            image_mode=None,
            height=300,
            buttons=[],
            elem_id="picture",
        )
        self.picture.preprocess = path_of
        self.document = gr.UploadButton(
            "Choose a PDF or TIFF file", file_types=DOCUMENTS, size="md", elem_id="document"
        )
        self.line = gr.Checkbox(label="The picture is a single line of text", elem_id="line")
        files = sorted(EXAMPLES.glob("*.png"))
        gr.Examples(
            [[str(path)] for path in files],
            [self.picture],
            label="Examples",
            example_labels=[path.stem[2:].capitalize() for path in files],
            elem_id="examples",
        )

    def _outputs(self) -> None:
        self.shown = gr.HTML(EMPTY, elem_id="shown")
        self.number = gr.Dropdown([], label="Page", visible=False, elem_id="number")
        with gr.Column(visible=False) as self.saying:
            kept = self.desk.recorder is not None
            label = "Text: correct what is wrong" if kept else "Text"
            self.text = gr.Textbox(
                label=label, lines=4, max_lines=14, buttons=["copy"], interactive=True, elem_id="text"
            )
            with gr.Row(visible=kept, equal_height=False, elem_id="say"):
                self.send = gr.Button(
                    "Send the correction", variant="primary", size="md", elem_id="send", min_width=180
                )
                self.flag = gr.Dropdown(list(FLAGS), label="Or say what is wrong", elem_id="flag", min_width=180)
                self.flagged = gr.Button("Flag this reading", size="md", elem_id="flagged", min_width=180)
            self.note = gr.HTML(note(""), visible=kept, elem_id="note")
            gr.HTML(f'<p class="small">{self._kept()}</p>', visible=kept)

    def _events(self) -> None:
        outputs = [self.current, self.shown, self.number, self.saying, self.text, self.note]
        turn: dict[str, Any] = {"concurrency_id": READER, "concurrency_limit": 1, "show_progress_on": [self.shown]}
        self.picture.change(self._read, [self.picture, self.line], outputs, api_name="read_picture", **turn)
        self.document.upload(self._read, [self.document, self.line], outputs, api_visibility="private", **turn)
        self.line.input(self._again, [self.current, self.line], outputs, api_visibility="private", **turn)
        page = [self.shown, self.text, self.note]
        hidden: dict[str, Any] = {"api_visibility": "private"}
        self.number.input(self._turned, [self.current, self.number], page, show_progress="hidden", **hidden)
        said = [self.current, self.number, self.text]
        self.send.click(self._corrected, said, [self.note], show_progress="hidden", **hidden)
        said = [self.current, self.number, self.flag]
        self.flagged.click(self._flagged, said, [self.note], show_progress="hidden", **hidden)

    def _read(self, path: str | None, line: bool) -> tuple[Any, ...]:
        if not path:
            return self._nothing(EMPTY)
        try:
            current = self.desk.read(Path(path), line)
            shown = self.desk.shown(current, 0)
        except UserError as reason:
            return self._nothing(error(str(reason)))
        count = len(current.reading.pages)
        pages = [(f"Page {page.frame + 1}", number) for number, page in enumerate(current.reading.pages)]
        number = gr.Dropdown(pages, value=0, visible=count > 1)
        return current, shown, number, gr.Column(visible=True), current.reading.pages[0].text, note("")

    def _again(self, current: Current | None, line: bool) -> tuple[Any, ...]:
        return self._read(str(current.path) if current else None, line)

    def _nothing(self, shown: str) -> tuple[Any, ...]:
        return None, shown, gr.Dropdown([], value=None, visible=False), gr.Column(visible=False), "", note("")

    def _turned(self, current: Current | None, number: int | None) -> tuple[str, str, str]:
        if current is None:
            return EMPTY, "", note("")
        try:
            return self.desk.shown(current, number or 0), current.reading.pages[number or 0].text, note("")
        except UserError as reason:
            return error(str(reason)), "", note("")

    def _corrected(self, current: Current | None, number: int | None, text: str) -> str:
        if current is None:
            return note("There is nothing to correct yet.", good=False)
        if text.strip() == current.reading.pages[number or 0].text.strip():
            return note("The text is as it was read: change it first, or flag the reading.", good=False)
        return note(self.desk.feedback(current, number or 0, text))

    def _flagged(self, current: Current | None, number: int | None, flag: str | None) -> str:
        if current is None or not flag:
            return note("Choose what is wrong first.", good=False)
        return note(self.desk.feedback(current, number or 0, None, flag))

    def _kept(self) -> str:
        """Return what is kept, for those who are about to send something."""
        recorder = self.desk.recorder
        pictures = " and its picture" if recorder and recorder.keep_pictures else ""
        texts = " and their texts" if recorder and recorder.keep_text else ""
        return f"Kept here: numbers about readings{texts}; of a correction that you send, the text{pictures}."
