import pytest

from text_recognizer.errors import UserError
from text_recognizer.page_ranges import ALL_PAGES, PageRanges


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("3-5", [3, 4, 5]), ("2", [2]), ("1,4,7-", [1, 4, 7, 8, 9]), ("-2, 9", [1, 2, 9]), (" 8 - ", [8, 9])],
)
def test_ranges_are_read_as_people_write_them(text, wanted):
    pages = PageRanges.parse(text)
    assert [number for number in range(1, 10) if number in pages] == wanted
    assert pages.is_over(wanted[-1] + 1) == (not text.strip().endswith("-"))


def test_all_pages_have_no_end():
    assert 1 in ALL_PAGES and 1_000_000 in ALL_PAGES and not ALL_PAGES.is_over(1_000_000)


@pytest.mark.parametrize("text", ["", "a", "0", "5-3", "1,,2", "1-2-3", "-", "1.5", "0-4"])
def test_what_is_no_range_is_named(text):
    with pytest.raises(UserError, match=r"pages '.*': .*;"):
        PageRanges.parse(text)
