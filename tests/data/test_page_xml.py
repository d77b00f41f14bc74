"""Reading ALTO and PAGE files."""

import numpy as np
import pytest

from text_recognizer.data.page_xml import read_page, read_pages
from text_recognizer.errors import UserError

from .written_pages import write_page


@pytest.mark.parametrize("kind", ["alto", "page"])
def test_lines_have_their_texts_and_places_in_pixels_of_the_image(tmp_path, kind):
    page = read_page(write_page(tmp_path, "one", ["Première ligne", "deux & <trois>"], kind, scale=2))
    assert [line.text for line in page.lines] == ["Première ligne", "deux & <trois>"]
    np.testing.assert_allclose(page.lines[1].baseline_N2, [[40, 110], [138, 110]], atol=0.1)
    np.testing.assert_allclose(page.lines[0].polygon_M2[0], [36, 24], atol=0.1)
    assert page.size == (400, 160)


def test_the_region_of_a_line_is_named(tmp_path):
    assert read_page(write_page(tmp_path, "a", ["x"])).lines[0].region == "Main"
    assert read_page(write_page(tmp_path, "b", ["x"], "page")).lines[0].region == "paragraph"


def test_text_is_composed(tmp_path):
    assert read_page(write_page(tmp_path, "a", ["e\u0301te\u0301"])).lines[0].text == "été"


def test_an_old_alto_with_one_height_as_baseline_is_read(tmp_path):
    path = write_page(tmp_path, "old", ["text"])
    path.write_text(path.read_text().replace('BASELINE="40.0 50.0 68.0 50.0"', 'BASELINE="50"'))
    np.testing.assert_allclose(read_page(path).lines[0].baseline_N2, [[36, 50], [72, 50]])


def test_pages_come_in_the_order_of_their_names_and_other_xml_is_passed_over(tmp_path):
    for name in ("b", "a"):
        write_page(tmp_path / "deep", name, [name])
    (tmp_path / "build.xml").write_text("<project/>")
    assert [page.lines[0].text for page in read_pages(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</alto>", "", "not readable XML"),
        ('WIDTH="400"', 'WIDTH="x"', "not a number"),
        ('WIDTH="400"', 'WIDTH="900"', "another shape"),
        ("<alto", "<svg", "not readable XML"),
        ("50.0 68.0 50.0", "50.0 68.0", "not a number"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, old, new, said):
    path = write_page(tmp_path, "bad", ["text"])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=f"bad.xml.*{said}"):
        read_page(path)


def test_a_missing_image_is_named(tmp_path):
    path = write_page(tmp_path, "lonely", ["text"])
    path.with_suffix(".png").unlink()
    with pytest.raises(UserError, match="image lonely.png is not beside it"):
        read_page(path)


def test_a_folder_without_pages_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no ALTO or PAGE file"):
        read_pages(tmp_path)
