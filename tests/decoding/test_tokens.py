import pytest

from text_recognizer.decoding.tokens import Tokens
from text_recognizer.errors import UserError


def test_a_text_comes_back_from_its_tokens():
    tokens = Tokens("abc \n")
    assert tokens.decode(tokens.encode("a cab\nab")) == "a cab\nab"
    assert tokens.encode("")[0] == tokens.start and tokens.encode("")[-1] == tokens.end
    assert len({tokens.padding, tokens.start, tokens.end, *range(1, 6)}) == tokens.count == 8


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ([1, 2, 5, 3], "ab"),  # nothing counts behind the end
        ([4, 1, 0, 2], "ab"),  # start and padding say nothing
        ([5], ""),
        ([1, 1, 1], "aaa"),  # no end: the model was cut off
    ],
)
def test_special_tokens_say_nothing(written, text):
    assert Tokens("abc").decode(written) == text


def test_what_has_no_token_is_named():
    with pytest.raises(UserError, match="'x'"):
        Tokens("abc").encode("ax")
