"""Clean prose out of HTML, gettext catalogues, manual pages and plain text."""

import gzip
import struct

import pytest

from text_recognizer.synth.prose import clean, is_prose, paragraphs_of


def catalogue(messages: dict[str, str]) -> bytes:
    """Return a compiled gettext catalogue."""
    table, strings, place = [], b"", 28 + 16 * len(messages)
    for texts in (list(messages), list(messages.values())):
        for text in texts:
            data = text.encode()
            table.append((len(data), place + len(strings)))
            strings += data + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(messages), 28, 28 + 8 * len(messages), 0, 0)
    return head + b"".join(struct.pack("<2I", *row) for row in table) + strings


PAGE = """<html><head><title>Titre</title><style>p {}</style></head><body>
<p>Le <em>chat</em> dort sur&nbsp;la chaise,<br/>près du feu&#8239;!</p><pre>ls -l /usr</pre>
<ul><li>Un &laquo; rêve &raquo; de printemps.</li></ul></body></html>"""

MANUAL = """.TH LS 1
.SH NOM
.TP
\\fB\\-a\\fP, \\fB\\-\\-all\\fP
ne pas ignorer les
entrées qui débutent par un point
.PP
\\fIChats\\fP et chiens vivent l\\(aqété."""


@pytest.mark.parametrize(
    ("form", "data", "paragraphs"),
    [
        ("html", PAGE.encode(), ["Le chat dort sur la chaise,", "près du feu !", "Un « rêve » de printemps."]),
        (
            "gettext",  # without its header, a plural's second form and markup
            catalogue({"": "Language: fr", "cat\0cats": "le chat\0les chats", "I": "Je <b>suis</b> là.\nToi aussi."}),
            ["le chat", "Je suis là.", "Toi aussi."],
        ),
        (
            "man",  # without the names of options
            MANUAL.encode(),
            ["ne pas ignorer les entrées qui débutent par un point", "Chats et chiens vivent l'été."],
        ),
        (
            "plain",
            b"Un mot\nd'un sage.\n%\nUn autre.\n\nEncore.",
            ["Un mot d'un sage.", "Un autre.", "Encore."],
        ),
    ],
)
def test_the_paragraphs_of_each_form_are_found(tmp_path, form, data, paragraphs):
    path = tmp_path / "document"
    path.write_bytes(data)
    packed = tmp_path / "document.gz"
    packed.write_bytes(gzip.compress(data))
    for file in (path, packed):
        texts = [" ".join(text.split()) for text in paragraphs_of(file, form)]
        assert [text for text in texts if text] == paragraphs


def test_untranslated_and_repeated_paragraphs_are_dropped_and_the_rest_is_composed():
    left = "Release notes cover all changes since version three."
    paragraphs = [
        "Le che\u0302ne de la fore\u0302t a mille ans.",
        "Le chêne de la forêt a  mille ans.",
        "The oak of the forest is a thousand years old.",
        left,
    ]
    assert list(clean(paragraphs, english=False, untranslated={left})) == ["Le chêne de la forêt a mille ans."]
    assert len(list(clean(paragraphs, english=True))) == 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("– Où vas-tu donc, mon « ami » ? demanda-t-elle…", True),
        ("Przemykaj się zwinnie i cicho, mój przyjacielu.", True),
        ("Bien sûr", False),  # too short to be a paragraph
        ("see https://example.org/ for what is new there", False),
        ("use the option --all to show each and every one", False),
        ("Дорогой друг, это письмо для тебя одного", False),  # letters that LATIN lacks
        ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 et 16", False),
    ],
)
def test_only_running_text_is_prose(text, kept):
    assert is_prose(text) is kept
