#!/usr/bin/env python3
"""How late `obs grep --follow` prints what is written, and what it costs when nothing is.

    python3 follow.py OBS [FILES]      FILES: how many files are followed (default 20)

Prints milliseconds from the write of a line until it is read from obs, and the share of a core over five idle seconds.
A line is whole after 50 ms of silence, so that less than that cannot be.
"""
import os
import subprocess
import sys
import tempfile
import time

MARK_MS, MARK_SHARE = 100, 2.0


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    obs, files = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as folder:
        logs = [os.path.join(folder, f"s{n}.log") for n in range(files)]
        for log in logs:
            with open(log, "w") as f:
                f.write("2023-12-24 03:14:25 INFO Pool - begun\n")
        child = subprocess.Popen([obs, "grep", "-f", "-I", "exhausted", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(1)
        late = []
        for n in range(40):
            with open(logs[n % files], "a") as f:
                f.write(f"2023-12-24 03:14:25 ERROR Pool - exhausted {n}\n")
            written = time.perf_counter()
            assert child.stdout.readline().rstrip().endswith(b"exhausted %d" % n)
            late.append((time.perf_counter() - written) * 1e3)
            time.sleep(0.07 + n % 7 / 100)
        before = cpu(child.pid)
        time.sleep(5)
        share = (cpu(child.pid) - before) / 5 * 100
        child.terminate()
        child.wait()
    late.sort()
    verdict = lambda met: "met" if met else "MISSED"
    print(f"    an entry comes {late[len(late) // 2]:.0f} ms after it was written, at most {late[-1]:.0f} ms   mark {MARK_MS} ms: {verdict(late[-1] <= MARK_MS)}")
    print(f"    {files} files in which nothing happens cost {share:.1f} % of a core   mark {MARK_SHARE} %: {verdict(share <= MARK_SHARE)}")


if __name__ == "__main__":
    sys.exit(main())
