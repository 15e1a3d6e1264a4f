#!/usr/bin/env python3
"""Runs an obs command on an Apache Spark cluster, and prints what the command prints.

    obs spark > obs_spark.py
    spark-submit --master spark://HOST:7077 obs_spark.py --obs ./obs -- stats /mnt/logs --by service

Spark starts processes, tries again what failed and moves what they wrote; obs reads and adds up. Nothing but Python's own
library is needed on executors. The files lie where every executor finds them by the same path, or are named by URIs
(s3a://, abfs://, gs://, hdfs://, file://) that Spark opens. Exit codes are those of obs; 2 where Spark gave up.
"""
import argparse
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading


class Failed(RuntimeError):
    """A process of obs that failed; Spark tries again, and says this when it gives up."""


def call(words, given=()):
    """What a process of obs writes that is given these bytes. Words that begin with @ name files that Spark brought here."""
    from pyspark import SparkFiles
    words = [SparkFiles.get(word[1:]) if word.startswith("@") else word for word in words]
    with tempfile.TemporaryFile() as given_file:
        for part in given:
            given_file.write(part)
        given_file.seek(0)
        done = subprocess.run(words, stdin=given_file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Failed("[obs exit %d] %s [end of obs]" % (done.returncode, said))
    return done.stdout


HEAD = "<4sHIIQ"


def records(key, written):
    """The states that obs wrote, each with its key and the bucket that it is of: the heads of records tell (src/partial)."""
    found, at = [], 0
    while at < len(written):
        _, _, bucket, _, length = struct.unpack_from(HEAD, written, at)
        end = at + struct.calcsize(HEAD) + length + 32
        found.append(((key, bucket), written[at:end]))
        at = end
    return found


def listed(numbers):
    return ["--unit", ",".join(map(str, numbers))]


def one_pass(parts, tasks, buckets, fan_in, merge):
    """Merges what units wrote, bucket by bucket and level by level: the state of each bucket."""
    left = tasks
    while True:
        left = groups = -(-left // fan_in)
        parts = (parts.map(lambda part, groups=groups: ((part[0][0] % groups, part[0][1]), part[1]))
                 .groupByKey(groups * buckets).mapValues(merge))
        if left == 1:
            return [state for _, state in sorted(parts.collect())]


class Objects:
    """Files that only Spark can open, and what stands for them: on the driver a copy of all of them, where a unit is done
    those that Spark hands over."""

    def __init__(self, context, here, words):
        self.context, self.jvm = context, context._jvm
        self.conf = context._jsc.hadoopConfiguration()
        self.mirror = os.path.join(here, "mirror")
        self.uris = [word for word in words if URI.match(word)]
        self.files = self.found()

    def found(self):
        """By URI: path within the mirror, size, time of change."""
        files = {}
        for word in self.uris:
            path = self.jvm.org.apache.hadoop.fs.Path(word)
            system = path.getFileSystem(self.conf)
            status = system.getFileStatus(path)
            if status.isDirectory():
                entries = system.listFiles(path, True)
                while entries.hasNext():
                    self.add(files, entries.next())
            else:
                self.add(files, status)
        return files

    def add(self, files, status):
        uri = status.getPath()
        # Spark leaves out what is hidden, too.
        if not uri.getName().startswith((".", "_")):
            files[uri.toString()] = (within(uri.toString()), status.getLen(), status.getModificationTime() * 1000000)

    def copy(self):
        """Copies all to the driver, where samples of them are looked at, and evidence is read."""
        for uri, (name, _, changed) in self.files.items():
            if any(letter in uri for letter in ",{}[]*?\\\n\t"):
                raise Failed("files of such names cannot be given to it: " + uri)
            to, path = os.path.join(self.mirror, name), self.jvm.org.apache.hadoop.fs.Path(uri)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            local = self.jvm.org.apache.hadoop.fs.Path("file://" + to)
            path.getFileSystem(self.conf).copyToLocalFile(False, path, local, True)
            os.utime(to, ns=(changed, changed))

    def others(self, here, logs):
        """What is no log (metrics, rules) goes to the executors as it is: none of it is large."""
        archive = os.path.join(here, "others.tar")
        with tarfile.open(archive, "w") as tar:
            for name, _, _ in self.files.values():
                if name not in logs:
                    tar.add(os.path.join(self.mirror, name), name)
        return archive

    def parts(self, units, partial, others, partitions):
        """Units done where Spark has read their files."""
        files, units_of = self.files, {}
        for number, name in units:
            units_of.setdefault(name, []).append(number)
        uris = [uri for uri, (name, _, _) in files.items() if name in units_of]

        def work(index, objects):
            numbers = []
            with tempfile.TemporaryDirectory(prefix="obs-unit-") as place:
                unpacked(others, place)
                for uri, content in objects:
                    to = os.path.join(place, files[uri][0])
                    os.makedirs(os.path.dirname(to), exist_ok=True)
                    with open(to, "wb") as file:
                        file.write(content)
                    numbers += units_of[files[uri][0]]
                aged(files, place)
                if not numbers:
                    return []
                return records(index, call([*partial, "--directory", place, *listed(numbers)]))

        return self.context.binaryFiles(",".join(uris), partitions).mapPartitionsWithIndex(work)

    def merging(self, merge, others):
        """Merges where what is no log lies as it does on the driver."""
        files = self.files

        def work(states):
            with tempfile.TemporaryDirectory(prefix="obs-merge-") as place:
                unpacked(others, place)
                aged(files, place)
                return call([*merge, "--directory", place], states)

        return work

    def changed(self):
        return self.found() != self.files


# Not those of the web: they may well be what is searched for.
URI = re.compile(r"(file|hdfs|viewfs|s3[an]?|gs|abfss?|wasbs?|adl|dbfs|oss|cosn|ofs|o3fs):/")


def within(uri):
    """Where the file of a URI is in the mirror: s3a://bucket/logs/a.log is bucket/logs/a.log."""
    return uri[URI.match(uri).end():].lstrip("/")


def aged(files, place):
    """Files are as old as those that they stand for."""
    for name, _, changed in files.values():
        if os.path.exists(os.path.join(place, name)):
            os.utime(os.path.join(place, name), ns=(changed, changed))


def unpacked(others, place):
    from pyspark import SparkFiles
    with tarfile.open(SparkFiles.get(others[1:])) as tar:
        tar.extractall(place)


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
        causes = [line for line in lines if line.startswith(("Caused by: ", ": "))]
        return 2, "\n".join(lines[:1] + causes[-1:])
    code = int(found.group(1))
    return (code if 0 < code < 128 else 2), found.group(2)


def answer(context, here, obs, command, unit_bytes="128MiB", fan_in=32, directory=None, buckets=1, together=1):
    """The exit code of a command, what it prints, and what it says. What executors need is kept in the folder `here`, which
    stays until the application ends: executors that start later fetch it, too."""
    here = os.path.abspath(here)
    plan, cut = os.path.join(here, "plan"), ["--unit-bytes", unit_bytes]
    try:
        objects = Objects(context, here, command)
        objects.copy()
    except Exception as error:  # what Hadoop throws has many names
        return 2, b"", ("obs: error: Spark cannot open this: %s\n" % reason(error)[1]).encode()
    if objects.uris:
        cut = ["--by-file"]
        command = [within(word) if word in objects.uris else word for word in command]
    words = [obs, "plan", "-o", plan, "--buckets", str(buckets), *cut, "--", *command]
    place = objects.mirror if objects.uris else None
    planned = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, cwd=place)
    if planned.returncode != 0:
        return planned.returncode, b"", planned.stderr
    lines = planned.stdout.decode("utf-8", "surrogateescape").splitlines()
    units = [(int(number), path) for number, _, path in (line.partition("\t") for line in lines)]
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
    if objects.uris:
        others = bring(objects.others(here, {path for _, path in units}), "tar")
    numbers = [number for number, _ in units]
    tasks = [numbers[at:at + together] for at in range(0, len(numbers), together)]
    passes, after = [], []
    while True:
        partial, merge = [program, "partial", planned, *after], [program, "merge", planned, *after]
        try:
            if objects.uris:
                parts = objects.parts(units, partial, others, -(-len(units) // together))
                count, merging = parts.getNumPartitions(), objects.merging(merge, others)
            else:
                here_too = ["--directory", directory] if directory else []
                partial, merge, count = [*partial, *here_too], [*merge, *here_too], len(tasks)
                parts = (context.parallelize(list(enumerate(tasks)), count).flatMap(
                    lambda task, words=partial: records(task[0], call([*words, *listed(task[1])]))))
                merging = lambda states, words=merge: call(words, states)  # noqa: E731
            states = one_pass(parts, count, buckets, fan_in, merging)
        except Exception as error:  # what Spark throws has many names
            code, said = reason(error)
            return code, b"", ("obs: error: the cluster gave up: %s\n" % said).encode()
        path = os.path.join(here, "pass%d" % (len(passes) + 1))
        with open(path + ".buckets", "wb") as file:
            file.write(b"".join(states))
        words = [obs, "merge", plan, path + ".buckets", "-o", path]
        done = subprocess.run([*words, *sum((["--after", known] for known in passes), [])],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            return done.returncode, b"", done.stderr
        passes.append(path)
        done = subprocess.run([obs, "report", plan, *passes], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 5:
            if objects.uris and objects.changed():
                return 3, b"", b"obs: error: files were written while they were read\nobs: hint: run it anew\n"
            return done.returncode, done.stdout, done.stderr
        after += ["--after", bring(path, "pass%d" % len(passes))]


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
    parser.add_argument("--buckets", type=int, default=1, help="into how many parts ids are sorted (correlate)")
    parser.add_argument("--units", type=int, default=1, help="how many units a task does")
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
            code, out, said = answer(context, here, obs, command, options.unit_bytes, options.fan_in, options.directory,
                                     options.buckets, options.units)
        finally:
            stop.set()
            context.stop()
    sys.stderr.write(said.decode("utf-8", "replace"))
    sys.stdout.buffer.write(out)
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
