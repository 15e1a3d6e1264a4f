#!/usr/bin/env python3
"""Runs an obs command on an Apache Spark cluster, and prints what the command prints.

    obs spark > obs_spark.py
    spark-submit --master spark://HOST:7077 obs_spark.py --obs ./obs -- stats /mnt/logs --by service

Spark starts processes, tries again what failed and moves what they wrote; obs reads and adds up. Nothing but Python's own
library is needed on executors. The files lie where every executor finds them by the same path. Exit codes are those of
obs; 2 where Spark gave up.
"""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading


class Failed(RuntimeError):
    """A process of obs that failed; Spark tries again, and says this when it gives up."""


def call(words, given=b""):
    """What a process of obs writes. Words that begin with @ name files that Spark brought here."""
    from pyspark import SparkFiles
    words = [SparkFiles.get(word[1:]) if word.startswith("@") else word for word in words]
    done = subprocess.run(words, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Failed("[obs exit %d] %s [end of obs]" % (done.returncode, said))
    return done.stdout


def one_pass(context, units, fan_in, partial, merge):
    """Does all units of a pass, and merges what they wrote level by level."""
    numbers = context.parallelize(list(range(units)), units)
    parts = numbers.map(lambda number: (number, call([*partial, "--unit", str(number)])))
    left = units
    while True:
        left = groups = -(-left // fan_in)
        parts = (parts.map(lambda part, groups=groups: (part[0] % groups, part[1])).groupByKey(groups)
                 .mapValues(lambda of: call(merge, b"".join(of))))
        if left == 1:
            ((_, state),) = parts.collect()
            return state


def watch(context, stop):
    """Says on standard error how far it is."""
    last = None
    tracker = context.statusTracker()
    while not stop.wait(2.0):
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        said = ", ".join("stage %d: %d of %d" % (s.stageId, s.numCompletedTasks, s.numTasks) for s in stages if s)
        if said and said != last:
            print("obs: " + said, file=sys.stderr, flush=True)
            last = said


def reason(error):
    """The exit code of the obs that failed, and what it said."""
    found = re.search(r"\[obs exit (-?\d+)\] (.*?) \[end of obs\]", str(error), re.S)
    if not found:
        lines = str(error).strip().splitlines()
        causes = [line for line in lines if line.startswith("Caused by: ")]
        return 2, "\n".join(lines[:1] + causes[-1:])
    code = int(found.group(1))
    return (code if 0 < code < 128 else 2), found.group(2)


def answer(context, here, obs, command, unit_bytes="128MiB", fan_in=32, directory=None):
    """The exit code of a command, what it prints, and what it says. What executors need is kept in the folder `here`, which
    stays until the application ends: executors that start later fetch it, too."""
    plan = os.path.join(here, "plan")
    words = [obs, "plan", "-o", plan, "--unit-bytes", unit_bytes, "--", *command]
    planned = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if planned.returncode != 0:
        return planned.returncode, b"", planned.stderr
    units = len(planned.stdout.split())
    tag = hashlib.sha256()
    for path in (obs, plan):
        with open(path, "rb") as file:
            tag.update(file.read())

    def bring(path, name):
        """Brings a file to the executors; names are never used for two files."""
        named = os.path.join(here, "%s.%s" % (tag.hexdigest()[:16], name))
        shutil.copy2(path, named)
        os.chmod(named, 0o755)
        context.addFile(named)
        return "@" + os.path.basename(named)

    program, planned = bring(obs, "obs"), bring(plan, "obsl")
    passes, after = [], ["--directory", directory] if directory else []
    while True:
        try:
            partial, merge = [program, "partial", planned, *after], [program, "merge", planned, *after]
            state = one_pass(context, units, fan_in, partial, merge)
        except Exception as error:  # what Spark throws has many names
            code, said = reason(error)
            return code, b"", ("obs: error: the cluster gave up: %s\n" % said).encode()
        passes.append(os.path.join(here, "pass%d" % (len(passes) + 1)))
        with open(passes[-1], "wb") as file:
            file.write(state)
        words = [obs, "report", plan, *passes]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 5:
            return done.returncode, done.stdout, done.stderr
        after += ["--after", bring(passes[-1], "pass%d" % len(passes))]


def connect(master=None, settings=()):
    """The application on the cluster."""
    from pyspark import SparkConf, SparkContext
    conf = SparkConf().setIfMissing("spark.app.name", "obs")
    if master:
        conf.setMaster(master)
    for setting in settings:
        conf.set(*setting.split("=", 1))
    context = SparkContext(conf=conf)
    context.setLogLevel("ERROR")
    return context


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--obs", default="obs", help="the program; it is brought to the executors")
    parser.add_argument("--master", help="as spark-submit's, where that is not used")
    parser.add_argument("--unit-bytes", default="128MiB", help="about how much a task reads")
    parser.add_argument("--fan-in", type=int, default=32, help="how many states a task merges")
    parser.add_argument("--directory", help="where the paths of the command begin on executors, if not as here")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="a setting of Spark (repeatable)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command without obs")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    obs = shutil.which(options.obs)
    if not command or options.fan_in < 2 or not obs:
        parser.error("name a command behind --, a program that is there, and merge two states at least")
    with tempfile.TemporaryDirectory(prefix="obs-spark-") as here:
        context, stop = connect(options.master, options.conf), threading.Event()
        try:
            if not options.quiet:
                threading.Thread(target=watch, args=(context, stop), daemon=True).start()
            code, out, said = answer(context, here, obs, command, options.unit_bytes, options.fan_in, options.directory)
        finally:
            stop.set()
            context.stop()
    sys.stderr.write(said.decode("utf-8", "replace"))
    sys.stdout.buffer.write(out)
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
