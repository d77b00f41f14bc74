"""Font files as faces."""

from pathlib import Path

import pytest
from matplotlib import get_data_path

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.fonts import dependency_faces, faces_of, folder_faces

from .built_fonts import build_font


def test_the_dependencies_bring_at_least_eight_print_families_and_some_for_validation():
    families = {face.family for face in dependency_faces() if face.kind == "print"}
    assert len(families) >= 8
    assert len(faces_of("validation", "print", dependency_faces())) >= 2


def test_dependency_faces_draw_all_printable_characters_or_say_which_they_lack():
    for face in dependency_faces():
        assert len(face.characters) >= 50, face
        assert 0.2 < face.x_height < 1.0
        assert 0.1 < face.advance < 1.0


def test_a_mapped_character_without_ink_does_not_count(tmp_path):
    build_font(tmp_path / "boxes.ttf", "Boxes", empty=" @q")
    (face,) = folder_faces(tmp_path)
    assert face.characters == set(ASCII) - set("@q")


def test_the_letters_that_a_publisher_put_into_a_second_file_belong_to_the_same_face(tmp_path):
    first = build_font(tmp_path / "boxes-latin-400.ttf", "Boxes", characters=ASCII + "é")
    second = build_font(tmp_path / "boxes-latin-ext-400.ttf", "Boxes", characters=" čŁ")
    (face,) = folder_faces(tmp_path)
    assert face.path == first
    assert face.lacks("déčŁœ") == {"œ"}
    assert (face.file_of("d"), face.file_of("é"), face.file_of("č")) == (first, first, second)
    assert face.characters == set(ASCII + "éčŁ")


def test_codes_of_tex_fonts_that_draw_other_signs_do_not_count():
    faces = {face.path.stem: face for face in dependency_faces()}
    assert faces["cmr10"].lacks("¡é{a") == set("¡é{")
    assert not faces["DejaVuSans"].lacks(LATIN)


def test_a_font_of_symbols_is_left_out(tmp_path):
    build_font(tmp_path / "boxes.ttf", "Boxes")
    build_font(tmp_path / "symbols.ttf", "Symbols", symbol=True)
    build_font(tmp_path / "digits.ttf", "Digits", characters="0123456789 ")
    assert [face.family for face in folder_faces(tmp_path)] == ["Boxes"]


def test_handwriting_is_known_by_its_folder(tmp_path):
    build_font(tmp_path / "handwriting" / "deep" / "a.ttf", "Hand")
    build_font(tmp_path / "b.TTF", "Handwriting Print")
    assert {face.family: face.kind for face in folder_faces(tmp_path)} == {
        "Hand": "handwriting",
        "Handwriting Print": "print",
    }
    assert [face.kind for face in folder_faces(tmp_path / "handwriting")] == ["handwriting"]


def test_faces_are_grouped_by_family(tmp_path):
    for name in ("regular", "bold"):
        build_font(tmp_path / f"{name}.ttf", "Boxes")
    families = faces_of("train", "print", folder_faces(tmp_path))
    assert [len(faces) for faces in families.values()] == [2]


def test_fonts_of_a_dependency_can_be_named_as_a_folder():
    faces = folder_faces(Path(get_data_path()) / "fonts" / "ttf")
    assert {"DejaVu Sans", "STIXGeneral"} <= {face.family for face in faces}


def test_a_folder_without_fonts_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match="holds no .ttf or .otf file"):
            folder_faces(folder)


def test_a_folder_of_symbols_alone_is_refused(tmp_path):
    build_font(tmp_path / "symbols.ttf", "Symbols", symbol=True)
    with pytest.raises(UserError, match="none of its 1 fonts has the Latin letters"):
        folder_faces(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a font", b"\0\1\0\0\0\x0a" + b"\0" * 30])
def test_a_file_that_is_no_font_is_named(tmp_path, content):
    (tmp_path / "broken.ttf").write_bytes(content)
    with pytest.raises(UserError, match="broken.ttf: not a readable font"):
        folder_faces(tmp_path)


def test_a_font_that_was_cut_off_is_named(tmp_path):
    whole = build_font(tmp_path / "whole.ttf", "Boxes").read_bytes()
    (tmp_path / "whole.ttf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="whole.ttf: not a readable font"):
        folder_faces(tmp_path)
