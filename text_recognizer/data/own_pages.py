"""A user's transcribed pages for training: `OwnLines` for layouts that tell lines by their place on a page."""

from __future__ import annotations

from text_recognizer.data.own_lines import OwnLines


class OwnPages(OwnLines):
    """Lines cut out of transcribed pages (PAGE, ALTO, IAM forms, Label Studio), mixed with synthetic lines.

    The lines are cut along their baselines as the reader cuts them. Finding lines is not trained here.
    """

    only_pages = True
