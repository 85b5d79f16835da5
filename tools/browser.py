"""Find a Chromium that starts, or install one.

python tools/browser.py             print its path, fail when there is none
python tools/browser.py --install   install one when there is none: with apt-get as root on Debian and Ubuntu,
                                    with `playwright install chromium` elsewhere
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def starts(path: str) -> bool:
    """Whether it is a browser: Ubuntu's chromium-browser is only a script that asks for the snap."""
    try:
        return b"Chrom" in subprocess.run([path, "--version"], capture_output=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False


def playwright_chromium() -> str | None:
    """Where Playwright keeps its own Chromium, whether it is there or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def find() -> str | None:
    """The path of a Chromium that starts. CHROMIUM in the environment goes first."""
    installed = (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), MAC_CHROME)
    for path in installed:
        if path and Path(path).exists() and starts(path):
            return path
    own = playwright_chromium()
    return own if own and Path(own).exists() and starts(own) else None


def install() -> None:
    """Try every way there is; what went wrong stays on the screen."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("→ Chromium, with apt-get", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        packages = ["chromium", "fonts-dejavu-core", "fonts-liberation"]
        subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
        apt = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
        subprocess.run(apt, check=False, stdout=subprocess.DEVNULL, env=quiet)
        if find():
            return
    print("→ Chromium, with playwright install", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Print the path on standard output; the exit code is 1 when there is no browser."""
    parser = argparse.ArgumentParser(description="Find a Chromium that starts, or install one.")
    parser.add_argument("--install", action="store_true", help="install one when there is none")
    wanted = parser.parse_args()
    path = find()
    if path is None and wanted.install:
        install()
        path = find()
    if path is None:
        how = "" if wanted.install else "`make browser` installs one. "
        print(
            f"error: no Chromium found, which the browser tests need. {how}"
            "Put one named chromium or google-chrome on the PATH,\n"
            "       or set CHROMIUM=/path/to/it. On Debian: apt-get install chromium.",
            file=sys.stderr,
        )
        return 1
    if not wanted.install:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
