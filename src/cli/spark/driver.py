#!/usr/bin/env python3
"""Runs an obs command on an Apache Spark cluster, and prints what the command prints.

    obs spark > obs_spark.py
    spark-submit --master spark://HOST:7077 obs_spark.py --obs ./obs -- stats /mnt/logs --by service

Spark starts processes, tries again what failed and moves what they wrote; obs reads and adds up. Nothing but Python's own
library is needed on executors. The files lie where every executor finds them by the same path. Exit codes are those of
obs; 2 where Spark gave up.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading


class Failed(RuntimeError):
    """A process of obs that failed; Spark tries again, and says this when it gives up."""


def find(name):
    """The place of a file that Spark brought here."""
    from pyspark import SparkFiles
    return SparkFiles.get(name)


def call(arguments, given=b""):
    """What a process of obs writes."""
    program = find("obs")
    done = subprocess.run([program, *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Failed("[obs exit %d] %s [end of obs]" % (done.returncode, said))
    return done.stdout


def states(after):
    """The options that name the states of earlier passes."""
    return [word for name in after for word in ("--after", find(name))]


def unit(number, after, place):
    return call(["partial", find("plan.obsl"), "--unit", str(number), *states(after), *place])


def merge(parts, after, place):
    return call(["merge", find("plan.obsl"), *states(after), *place], b"".join(parts))


def one_pass(context, units, fan_in, after, place):
    """Does all units of a pass, and merges what they wrote level by level."""
    parts = context.parallelize(list(range(units)), units).map(lambda number: (number, unit(number, after, place)))
    left = units
    while True:
        left = -(-left // fan_in)
        groups = left
        parts = (parts.map(lambda part: (part[0] % groups, part[1])).groupByKey(groups)
                 .mapValues(lambda of: merge(list(of), after, place)))
        if left == 1:
            break
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
    """What obs said when it failed, and its exit code."""
    found = re.search(r"\[obs exit (-?\d+)\] (.*?) \[end of obs\]", str(error), re.S)
    if not found:
        return 2, str(error).strip()
    code = int(found.group(1))
    return (code if 0 < code < 128 else 2), found.group(2)


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
    if not command or options.fan_in < 2:
        parser.error("name a command behind --, and merge two states at least")
    from pyspark import SparkConf, SparkContext
    with tempfile.TemporaryDirectory(prefix="obs-spark-") as here:
        program, plan = os.path.join(here, "obs"), os.path.join(here, "plan.obsl")
        from shutil import copy2, which
        copy2(which(options.obs) or options.obs, program)
        os.chmod(program, 0o755)
        planned = subprocess.run([program, "plan", "-o", plan, "--unit-bytes", options.unit_bytes, "--", *command],
                                 stdout=subprocess.PIPE, check=False)
        if planned.returncode != 0:
            return planned.returncode
        units = len(planned.stdout.split())
        place = ["--directory", options.directory] if options.directory else []
        conf = SparkConf().setIfMissing("spark.app.name", "obs " + command[0])
        if options.master:
            conf.setMaster(options.master)
        for setting in options.conf:
            conf.set(*setting.split("=", 1))
        context = SparkContext(conf=conf)
        context.setLogLevel("ERROR")
        stop = threading.Event()
        if not options.quiet:
            threading.Thread(target=watch, args=(context, stop), daemon=True).start()
        try:
            context.addFile(program)
            context.addFile(plan)
            after = []
            while True:
                try:
                    state = one_pass(context, units, options.fan_in, list(after), place)
                except Exception as error:  # what Spark throws has many names
                    code, said = reason(error)
                    print("obs: error: the cluster gave up: " + said, file=sys.stderr, flush=True)
                    return code
                name = "pass%d.obsp" % (len(after) + 1)
                with open(os.path.join(here, name), "wb") as file:
                    file.write(state)
                context.addFile(os.path.join(here, name))
                after.append(name)
                done = subprocess.run([program, "report", plan, *[os.path.join(here, name) for name in after]],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                if done.returncode == 5:
                    continue
                sys.stderr.write(done.stderr.decode("utf-8", "replace"))
                sys.stdout.buffer.write(done.stdout)
                sys.stdout.flush()
                return done.returncode
        finally:
            stop.set()
            context.stop()


if __name__ == "__main__":
    sys.exit(main())
