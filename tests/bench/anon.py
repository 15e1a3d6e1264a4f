#!/usr/bin/env python3
"""Runs a command and prints the peak of its anonymous memory in bytes.

    python3 anon.py COMMAND [ARGUMENT]...

Sampled every 2 ms from RssAnon in /proc/PID/status: the largest resident set that the kernel reports
(getrusage) would count the memory-mapped input too. The command's output is thrown away.
"""
import subprocess
import sys
import time


def anonymous(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(line.split()[1]) * 1024 for line in f if line.startswith("RssAnon:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def main():
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        peak = max(peak, anonymous(child.pid))
        time.sleep(0.002)
    print(peak)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
