import io
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.image import Limits, open_image, open_images
from text_recognizer.line_levels import dark_on_light, line_input


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def ramp() -> np.ndarray:
    """Grey levels that tell left from right and top from bottom."""
    return (np.arange(20)[:, None] * 3 + np.arange(30)[None] * 6).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "CMYK", "I;16"])
def test_every_colour_mode_gives_the_same_grey_levels(mode, ramp):
    grey = Image.fromarray(ramp)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    image = Image.fromarray(ramp.astype(np.uint16) * 257) if mode == "I;16" else grey.convert("RGB").convert(mode)
    image = grey.convert(mode) if mode in ("LA", "L") else grey.quantize(256) if mode == "P" else image
    assert np.abs(open_image(encoded(image, kind)).astype(int) - ramp).max() <= 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("TIFF", {"compression": "jpeg"})])
def test_pictures_with_lossy_compression_are_nearly_the_same(mode, kind, options, ramp):
    image = Image.fromarray(ramp).convert("RGB").convert(mode)
    assert np.abs(open_image(encoded(image, kind, quality=100, **options)).astype(int) - ramp).max() <= 4


def test_floating_point_levels_are_scaled(ramp):
    image = Image.fromarray(ramp.astype(np.float32) / 255)
    assert np.abs(open_image(encoded(image, "TIFF")).astype(int) - ramp).max() <= 1


def test_levels_that_are_not_numbers_do_not_spread(ramp):
    levels = ramp.astype(np.float32) / 255
    levels[0, 0] = np.nan
    assert np.abs(open_image(encoded(Image.fromarray(levels), "TIFF")).astype(int)[1:] - ramp[1:]).max() <= 1


def test_a_12_bit_picture_in_16_bits_is_not_black(ramp):
    image = Image.fromarray(ramp.astype(np.uint16) * 16)
    assert open_image(encoded(image)).max() > 200


def test_one_bit_pictures_are_black_and_white():
    bits = Image.fromarray(np.eye(8, dtype=np.uint8) * 255).convert("1")
    assert np.array_equal(open_image(encoded(bits)), np.eye(8, dtype=np.uint8) * 255)


def test_transparent_parts_are_white():
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((1, 2), (0, 0, 0, 255))
    grey = open_image(encoded(image))
    assert grey[2, 1] == 0
    assert np.count_nonzero(grey == 255) == 15


def test_a_palette_with_a_transparent_colour_is_white_there():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 10, 10])
    assert (open_image(encoded(image, transparency=1)) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_undone(orientation, kind, ramp):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turns = {1: lambda g: g, 2: np.fliplr, 3: lambda g: g[::-1, ::-1], 4: np.flipud, 5: np.transpose}
    turns |= {6: lambda g: np.rot90(g, 1), 7: lambda g: g[::-1, ::-1].T, 8: lambda g: np.rot90(g, -1)}
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation](ramp)))
    assert np.array_equal(open_image(encoded(stored, kind, exif=exif)), ramp)


def test_every_page_of_a_tiff_is_given_in_order():
    pages = [Image.new("L", (5 + page, 4), 50 * page) for page in range(4)]
    found = list(open_images(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])))
    assert [(page.shape, page[0, 0]) for page in found] == [((4, 5 + page), 50 * page) for page in range(4)]


def test_of_an_animation_only_the_first_frame_is_given():
    frames = [Image.new("L", (5, 4), level) for level in (10, 200)]
    assert len(list(open_images(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])))) == 1


def test_paths_bytes_and_streams_give_the_same(tmp_path, ramp):
    content = encoded(Image.fromarray(ramp))
    path = tmp_path / "ramp.png"
    path.write_bytes(content)
    for source in (path, content, io.BytesIO(content)):
        assert np.array_equal(open_image(source), ramp)


@pytest.mark.parametrize(
    ("size", "limits", "complaint"),
    [
        ((40, 30), Limits(max_pixels=1_000), r"40 x 30 = 1,200 px, at most 1,000"),
        ((40, 3), Limits(max_side=39), r"40 x 3 px, the longest side may have 39"),
        ((40, 30), Limits(max_bytes=50), r"larger than 50 bytes"),
    ],
)
def test_limits_are_checked_before_decoding(size, limits, complaint):
    with pytest.raises(UserError, match=complaint):
        open_image(encoded(Image.new("L", size)), limits)


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000])  # beyond ours, beyond Pillow's warning, beyond its error
def test_a_decompression_bomb_is_refused_by_its_header(side):
    content = bytearray(encoded(Image.new("L", (16, 16))))
    content[16:24] = side.to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    with warnings.catch_warnings(), pytest.raises(UserError, match="px, (at most|the longest)|too many pixels"):
        warnings.simplefilter("ignore")
        open_image(bytes(content))


def test_a_later_page_beyond_the_limits_is_refused_by_its_number():
    pages = [Image.new("L", (5, 4)), Image.new("L", (50, 4))]
    images = open_images(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), Limits(max_side=20))
    assert next(images).shape == (4, 5)
    with pytest.raises(UserError, match="page 2: it is 50 x 4"):
        next(images)


def test_too_many_pages_are_refused():
    pages = [Image.new("L", (5, 4))] * 4
    with pytest.raises(UserError, match="more than 3 pages"):
        list(open_images(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), Limits(max_frames=3)))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("none.png", "no such file"), (".", "folder"), ("empty.png", "0 bytes"), ("text.png", "not a picture")],
)
def test_what_is_not_a_picture_is_refused_in_one_sentence(name, complaint, tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(UserError, match=complaint) as caught:
        open_image(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_impossible_paths_are_refused():
    for path in (Path("a" * 5_000), Path("nul\0byte.png")):
        with pytest.raises(UserError, match="cannot be read"):
            open_image(path)


def test_a_truncated_file_is_refused(ramp):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90)).astype(np.uint8)
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        content = encoded(Image.fromarray(noise), kind)
        with pytest.raises(UserError, match="damaged"):
            open_image(content[: len(content) // 2])


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP"])
def test_corrupted_files_give_a_picture_or_a_user_error(kind):
    dice = np.random.default_rng(7)
    content = encoded(Image.fromarray(dice.integers(0, 256, (30, 40)).astype(np.uint8)), kind)
    for _ in range(200):
        broken = bytearray(content)
        for place in dice.integers(0, len(broken), dice.integers(1, 6)):
            broken[place] = dice.integers(256)
        try:
            for number, page in enumerate(open_images(bytes(broken), Limits(max_pixels=1_000_000))):
                assert page.dtype == np.uint8 and page.ndim == 2 and number < 5
        except UserError as error:
            assert ";" in str(error)


def written_page(light_on_dark: bool = False, shade: int = 0) -> np.ndarray:
    page = np.full((200, 300), 230.0)
    page[20:180:20, 30:200] = page[22:182:20, 30:200] = 30
    page -= shade * np.linspace(0, 1, 300) ** 3
    return (255 - page if light_on_dark else page).astype(np.uint8)


@pytest.mark.parametrize("shade", [0, 150])
def test_light_text_is_turned_dark_and_dark_text_is_left(shade):
    dark = written_page(shade=shade)
    assert np.array_equal(dark_on_light(dark), dark)
    assert np.array_equal(dark_on_light(255 - dark), dark)


def test_a_page_mostly_in_the_shade_keeps_its_polarity():
    page = written_page().astype(float)
    page[:, :180] *= 0.5
    assert np.array_equal(dark_on_light(page.astype(np.uint8)), page.astype(np.uint8))


def test_polarity_of_the_smallest_pictures_is_left_alone():
    assert dark_on_light(np.zeros((1, 500), np.uint8)).shape == (1, 500)


def written_line(ink: int = 40, paper: int = 220, height: int = 40) -> np.ndarray:
    line = np.full((height, 300), paper, np.uint8)
    line[height // 4 : -height // 4, 20:280:12] = line[height // 4 : -height // 4, 21:280:12] = ink
    return line


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (40, 220), (120, 200), (90, 130)])
def test_ink_is_near_1_and_paper_near_0_whatever_the_contrast(ink, paper):
    x = line_input(written_line(ink, paper), 40)
    assert (x.shape, x.dtype) == ((40, 300), np.float32)
    assert x[0, 0] == 0
    assert x[20, 20] == pytest.approx(1)


def test_a_blank_line_does_not_become_ink_by_its_noise():
    noise = np.random.default_rng(0).normal(200, 6, (40, 400)).astype(np.uint8)
    x = line_input(noise, 40)
    assert np.percentile(x, 99.5) < 0.7
    assert (line_input(np.full((40, 400), 7, np.uint8), 40) == 0).all()


def test_the_aspect_ratio_is_kept():
    assert line_input(written_line(height=80), 40).shape == (40, 150)


@pytest.mark.parametrize(
    ("shape", "width"),
    [
        ((1, 1), 40),
        ((40, 3), 16),  # padded
        ((1, 30_000), 32_768),  # squeezed: it would be 1.2 million px wide
        ((40, 30_000), 30_000),
    ],
)
def test_extreme_lines_are_bounded(shape, width):
    assert line_input(np.full(shape, 200, np.uint8), 40).shape == (40, width)


def test_line_input_is_deterministic_and_leaves_its_argument_alone():
    line = np.random.default_rng(1).integers(0, 256, (33, 410)).astype(np.uint8)
    before = line.copy()
    assert np.array_equal(line_input(line, 40), line_input(line, 40))
    assert np.array_equal(line, before)
