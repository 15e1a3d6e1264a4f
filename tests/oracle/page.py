#!/usr/bin/env python3
"""Opens the pages that `obs investigate --html` writes in a real browser: nothing in the console, something drawn.

    python3 tests/oracle/page.py --obs target/release/obs [DIR...]

Without a DIR: the outage, the calm day and the hostile files of fixtures/. Needs Chromium (Debian: chromium).
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A page that says something in the console: whether the judge would notice.
NOISY = "<!doctype html><title>x</title><script>console.error('noticed')</script>"
# A picture of nothing is smaller than this.
DRAWN = 20_000


def opened(browser, page, picture):
    """What the browser says in its console while it draws the page."""
    with tempfile.TemporaryDirectory() as profile:
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--enable-logging=stderr", "--v=0", "--window-size=1100,3600",
            f"--user-data-dir={profile}", f"--screenshot={picture}",
        ]
        ran = subprocess.run([browser, *flags, "file://" + page], capture_output=True, text=True, timeout=180)
    return [line for line in ran.stderr.splitlines() if ":CONSOLE" in line]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--obs", default=os.path.join(ROOT, "target", "release", "obs"))
    ap.add_argument("--keep", help="keep pages and pictures in this directory")
    ap.add_argument("dirs", nargs="*")
    args = ap.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no browser: apt-get install chromium")
    dirs = args.dirs or [os.path.join(ROOT, "fixtures", name) for name in ("outage", "calm", "hostile")]
    with tempfile.TemporaryDirectory() as scratch:
        keep = os.path.abspath(args.keep) if args.keep else scratch
        os.makedirs(keep, exist_ok=True)
        noisy = os.path.join(scratch, "noisy.html")
        with open(noisy, "w", encoding="utf-8") as page:
            page.write(NOISY)
        if not opened(browser, noisy, os.path.join(scratch, "noisy.png")):
            sys.exit("the browser does not tell what is in its console")
        bad = 0
        for number, path in enumerate(dirs):
            page, picture = (os.path.join(keep, f"page-{number}.{end}") for end in ("html", "png"))
            subprocess.run([args.obs, "investigate", path, "--html", page], capture_output=True, timeout=600)
            said = opened(browser, page, picture)
            drawn = os.path.getsize(picture) if os.path.exists(picture) else 0
            good = not said and drawn >= DRAWN
            bad += not good
            print(f"{'PASS' if good else 'FAIL'}  {path}: {drawn} bytes of picture, {len(said)} lines in the console")
            for line in said:
                print("      " + line)
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
