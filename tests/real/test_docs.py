"""The documents as a site, opened from a disk in a real Chromium: make test-real PART=docs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--no-proxy-server"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def page(site):
    """The first page; fails at the end if anything was asked of a host, or threw."""
    from playwright.sync_api import sync_playwright

    outside, thrown = [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=FLAGS)
        opened = browser.new_page()
        opened.set_default_timeout(90_000)
        inside = ("file:", "data:", "blob:", "about:")
        opened.on("request", lambda asked: None if asked.url.startswith(inside) else outside.append(asked.url))
        opened.on("pageerror", lambda error: thrown.append(str(error)))
        opened.on("requestfailed", lambda asked: thrown.append(f"{asked.url} is missing"))
        opened.goto(f"file://{site}/index.html")
        yield opened
        browser.close()
    assert (outside, thrown) == ([], [])


def test_a_search_without_a_server_finds_the_document(page):
    page.locator("[data-md-component=search-query]").press_sequentially("preempted job requeue")  # it listens to keys
    page.wait_for_selector(".md-search-result__link")
    found = page.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
    assert any("instructions/clusters.html" in link for link in found)


def test_the_pictures_are_there(page):
    loaded = page.locator("article img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 0)")
    assert loaded and all(loaded)
