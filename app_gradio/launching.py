"""Serving the page with what Gradio must not do switched off: no share link, no analytics, no fonts from elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path

import gradio as gr

from app_gradio.style import STYLE
from text_recognizer.inference.picture_reading import AT_MOST

SESSIONS = 100
"""People whose last reading is remembered."""

WAITING = 64
"""Readings that may wait for their turn."""


def theme() -> gr.themes.Base:
    """Return the colours and fonts; the fonts are those of the reader's machine."""
    fonts = ("system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
    mono = ("ui-monospace", "Consolas", "monospace")
    chosen = gr.themes.Soft(primary_hue="blue", secondary_hue="blue", neutral_hue="slate", font=fonts, font_mono=mono)
    return chosen.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_label_background_fill_dark="*neutral_700",
        block_title_background_fill_dark="*neutral_700",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
    )


def launch(blocks: gr.Blocks, host: str, port: int) -> None:
    """Serve until the process is told to end."""
    blocks.queue(max_size=WAITING, api_open=False)
    blocks.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        quiet=True,
        prevent_thread_lock=True,
        show_error=False,
        footer_links=[],
        max_file_size=AT_MOST.max_bytes,
        enable_monitoring=False,
        state_session_capacity=SESSIONS,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=STYLE,
        favicon_path=Path(__file__).parent / "icon.png",
    )
    print(f"the page is at http://{'localhost' if host in ('0.0.0.0', '127.0.0.1') else host}:{port}", flush=True)
    try:
        threading.Event().wait()
    finally:
        blocks.close()
