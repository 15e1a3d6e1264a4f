#!/usr/bin/env python3
"""Runs obs on a real standalone cluster of Apache Spark, and holds its answers to those of one process.

    python3 tests/cluster/run.py --obs target/debug/obs --venv DIR [--logs DIR] [--only WORD] [--budget SECONDS]

A master and two workers are started on two loopback addresses, with a secret, and stopped by their own ids. Every command
in parts on the cluster is compared byte for byte with the plain one; then what goes wrong on clusters is made to happen.
DIR is a virtual environment with pyspark; where it or Java is missing this says SKIPPED and exits with 77. Only the
standard library is used.
"""
import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SKIPPED = 77


def skip(why):
    print("SKIPPED: %s: nothing was tested on a cluster" % why)
    sys.exit(SKIPPED)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def until(what, holds, seconds):
    end = time.time() + seconds
    while time.time() < end:
        if holds():
            return
        time.sleep(0.2)
    raise SystemExit("FAILED: waited %d s for %s" % (seconds, what))


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Cluster:
    """A master and two workers, each a process that this one started."""

    def __init__(self, spark, java, work):
        self.spark, self.work, self.processes = spark, work, {}
        self.conf = os.path.join(work, "spark.conf")
        with open(os.open(self.conf, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("spark.authenticate true\nspark.authenticate.secret %s\n" % secrets.token_hex(16)
                       + "spark.network.crypto.enabled true\nspark.master.rest.enabled false\nspark.ui.enabled false\n"
                       + "spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n"
                       + "spark.executor.memory 512m\nspark.driver.memory 512m\nspark.ui.showConsoleProgress false\n")
        self.environment = {"PATH": os.environ["PATH"], "HOME": work, "SPARK_HOME": spark, "JAVA_HOME": java,
                            "SPARK_DAEMON_MEMORY": "256m", "SPARK_CONF_DIR": work, "PYTHONHASHSEED": "0",
                            "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "LC_ALL": "C.UTF-8"}
        shutil.copy(self.conf, os.path.join(work, "spark-defaults.conf"))
        self.port = free_port()
        self.master = "spark://127.0.0.1:%d" % self.port

    def start(self, name, host, role, *arguments):
        environment = dict(self.environment, SPARK_LOCAL_IP=host)
        log = open(os.path.join(self.work, name + ".log"), "w", encoding="utf-8")
        command = [os.path.join(self.spark, "bin", "spark-class"), "org.apache.spark.deploy." + role, "--host", host,
                   "--webui-port", "0", "--properties-file", self.conf, *arguments]
        self.processes[name] = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.work)

    def log(self, name):
        return text(os.path.join(self.work, name + ".log"))

    def worker(self, number):
        name, host = "worker%d" % number, "127.0.0.%d" % number
        self.start(name, host, "worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir",
                   os.path.join(self.work, name), self.master)

    def up(self):
        self.start("master", "127.0.0.1", "master.Master", "--port", str(self.port))
        until("the master", lambda: "I have been elected leader" in self.log("master"), 90)
        for number in (1, 2):
            self.worker(number)
        both = lambda: all("Successfully registered" in self.log("worker%d" % number) for number in (1, 2))
        until("both workers", both, 90)

    def executors_of(self, number):
        """The processes of a worker's executors: children of that worker, which this script started."""
        parent = self.processes["worker%d" % number].pid
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            fields = text("/proc/%s/stat" % pid).rsplit(")", 1)
            if len(fields) == 2 and int(fields[1].split()[1]) == parent:
                found.append(int(pid))
        return found

    def kill(self, number):
        executors = self.executors_of(number)
        for pid in [self.processes["worker%d" % number].pid, *executors]:
            os.kill(pid, signal.SIGKILL)
        return len(executors)

    def finished_on(self, number):
        """How many tasks the executors of a worker have finished."""
        count = 0
        for folder, _, files in os.walk(os.path.join(self.work, "worker%d" % number)):
            for file in files:
                if file == "stderr":
                    count += text(os.path.join(folder, file)).count("Finished task")
        return count

    def down(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


# One application for many commands: to start one takes longer than most of them.
SESSION = """
import json, sys, tempfile
import obs_spark
context = obs_spark.connect(sys.argv[1], ["spark.speculation=true", "spark.speculation.quantile=0.5"])
context.addPyFile(obs_spark.__file__)
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    here = tempfile.mkdtemp(dir=".")
    code, out, said = obs_spark.answer(context, here, asked["obs"], asked["command"], asked["unit"], 16,
                                       buckets=asked["buckets"], together=asked["together"])
    with open(asked["to"] + ".out", "wb") as file:
        file.write(out)
    with open(asked["to"] + ".err", "wb") as file:
        file.write(said)
    print(code, flush=True)
context.stop()
"""


class Suite:
    def __init__(self, cluster, obs, work, only):
        self.cluster, self.obs, self.work, self.only = cluster, obs, work, only
        self.driver = os.path.join(work, "obs_spark.py")
        with open(self.driver, "wb") as file:
            file.write(subprocess.run([obs, "spark"], stdout=subprocess.PIPE, check=True).stdout)
        self.bad = 0
        self.environment = dict(cluster.environment, PYTHONPATH=work + ":" + os.path.dirname(cluster.spark))
        with open(os.path.join(work, "session.py"), "w", encoding="utf-8") as file:
            file.write(SESSION)
        self.session = None

    def begin(self):
        """Starts the application that does the commands."""
        self.said = open(os.path.join(self.work, "session.err"), "wb")
        self.session = subprocess.Popen([sys.executable, "session.py", self.cluster.master], cwd=self.work, env=self.environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said)
        if self.session.stdout.readline() != b"ready\n":
            raise SystemExit("FAILED: no application: " + text(self.said.name)[-3000:])

    def close(self):
        if not self.session:
            return
        try:
            self.session.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.session.wait(30)
        except subprocess.TimeoutExpired:
            self.session.kill()

    def plain(self, command, place=None):
        done = subprocess.run([self.obs, *command], capture_output=True, check=False, cwd=place)
        return done.returncode, done.stdout

    def ask(self, command, program=None, unit="30kB", buckets=1, together=1):
        asked = {"obs": program or self.obs, "command": command, "unit": unit, "to": os.path.join(self.work, "answer"),
                 "buckets": buckets, "together": together}
        self.session.stdin.write(json.dumps(asked).encode() + b"\n")
        self.session.stdin.flush()

    def answer(self):
        """What was asked for: exit code, output, and what was said."""
        line = self.session.stdout.readline()
        if not line:
            raise SystemExit("FAILED: the application ended: " + text(self.said.name)[-3000:])
        code = int(line)
        with open(os.path.join(self.work, "answer.out"), "rb") as file:
            return code, file.read(), text(os.path.join(self.work, "answer.err"))

    def submit(self, command):
        """As a person does it, with a driver of its own."""
        if not self.wanted("submitted"):
            return
        began = time.time()
        words = [sys.executable, self.driver, "--obs", self.obs, "--master", self.cluster.master, "--unit-bytes", "30kB"]
        done = subprocess.run([*words, "--", *command], env=self.environment, capture_output=True, check=False)
        holds = (done.returncode, done.stdout) == self.plain(command)
        self.judge("submitted as a person does it", holds, began, done.stderr.decode("utf-8", "replace"))

    def judge(self, name, holds, began, said=""):
        print("%-6s %-44s %5.1f s" % ("ok" if holds else "WRONG", name, time.time() - began), flush=True)
        if not holds:
            self.bad += 1
            print(said[-3000:])

    def wanted(self, name):
        return re.search(self.only, name) is not None

    def same(self, name, command, **how):
        if not self.wanted(name):
            return
        began = time.time()
        self.ask(command, **how)
        code, out, said = self.answer()
        self.judge(name, (code, out) == self.plain(command), began, said)

    def opened_by_spark(self, name, command, place, **how):
        """The files have names that only Spark opens; the plain command has them as they are called in the answer."""
        if not self.wanted(name):
            return
        began = time.time()
        uri = lambda word: "file://" + place + "/" + word if os.path.exists(os.path.join(place, word)) else word
        self.ask([uri(word) for word in command], **how)
        code, out, said = self.answer()
        plain = [os.path.join(place, word).lstrip("/") if os.path.exists(os.path.join(place, word)) else word
                 for word in command]
        self.judge(name, (code, out) == self.plain(plain, "/"), began, said)

    def wrapper(self, name, script):
        """A program that stands for obs, and does as it should or not."""
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\nobs=%s\nonce=%s\n%s" % (self.obs, os.path.join(self.work, name + ".once"), script))
        os.chmod(path, 0o755)
        os.makedirs(path + ".once", exist_ok=True)
        return path

    def killed(self, command):
        """A worker and its executor die after three tasks: what they had finished is done again."""
        if not self.wanted("killed"):
            return
        began = time.time()
        slow = self.wrapper("slow", 'if [ "$1" = partial ]; then sleep 0.4; fi\nexec "$obs" "$@"\n')
        code, wanted = self.plain(command)
        before = self.cluster.finished_on(2)
        self.ask(command, program=slow, together=2)
        until("three finished tasks", lambda: self.cluster.finished_on(2) >= before + 3, 90)
        executors = self.cluster.kill(2)
        got, out, said = self.answer()
        self.judge("a worker and its executor killed with -9", executors > 0 and (got, out) == (code, wanted), began, said)
        self.cluster.processes["worker2"].wait()
        self.cluster.worker(2)

    def garbage(self, command):
        """First attempts write nonsense and die."""
        script = ('if [ "$1" = partial ] && [ $(( ${@: -1} % 7 )) = 0 ] && mkdir "$once/${@: -1}" 2> /dev/null; then\n'
                  '  head -c 100000 /dev/urandom; kill -SEGV $$\nfi\nexec "$obs" "$@"\n')
        self.same("attempts that write garbage and die", command, program=self.wrapper("garbage", script), together=2)

    def fails(self, name, command, program, code, words):
        if not self.wanted(name):
            return
        began = time.time()
        self.ask(command, program=program)
        got, out, said = self.answer()
        self.judge(name, got == code and out == b"" and words in said, began, "exit %d\n%s" % (got, said))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--obs", required=True)
    parser.add_argument("--venv", default=os.environ.get("OBS_SPARK_VENV", ""))
    parser.add_argument("--logs", help="an outage of incident.py (default: that of the fixtures)")
    parser.add_argument("--only", default="")
    parser.add_argument("--budget", type=int, default=300)
    options = parser.parse_args()
    options.venv = os.path.abspath(options.venv)
    java = shutil.which("java")
    if not java:
        skip("there is no Java")
    found = [os.path.join(folder, "pyspark") for folder, names, _ in os.walk(options.venv) if "pyspark" in names]
    if not found:
        skip("there is no pyspark in --venv %s" % (options.venv or "(none)"))
    obs, began = os.path.abspath(options.obs), time.time()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def over(*_):
        raise SystemExit("FAILED: more than %d s" % options.budget)
    signal.signal(signal.SIGALRM, over)
    signal.alarm(options.budget)
    with tempfile.TemporaryDirectory(prefix="obs-cluster-") as work:
        logs = os.path.join(work, "logs")
        shutil.copytree(options.logs or os.path.join(ROOT, "fixtures", "outage"), logs)
        with open(os.path.join(logs, "empty.log"), "w", encoding="utf-8"):
            pass
        rules = os.path.join(work, "rules.yml")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("groups:\n- name: g\n  rules:\n  - alert: Fails\n    for: 1m\n"
                       "    expr: sum(rate(log_requests_total{outcome=\"failed\"}[5m])) > 0\n")
        home = os.path.dirname(os.path.dirname(os.path.realpath(java)))
        cluster, suite = Cluster(found[0], home, work), None
        try:
            cluster.up()
            print("the cluster is up after %.0f s" % (time.time() - began), flush=True)
            suite = Suite(cluster, obs, work, options.only)
            # Forty units and more; the first command does each in a task of its own, the others some in one, for time's sake.
            chunked = ["--chunk", "8192", "--now", "2024-01-01T00:00:00Z"]
            stats = ["stats", logs, "--by", "service", *chunked]
            suite.submit([*stats[:-len(chunked)], "--every", "10m", *chunked])
            suite.begin()
            print("the second application is ready after %.0f s" % (time.time() - began), flush=True)
            for command in (["grep", "-n", "exhausted", logs], ["templates", logs], ["detect", logs],
                            ["investigate", logs, "--output", "json"],
                            ["query", "sum by (service, outcome) (log_requests_total)", logs],
                            ["check-rules", "-r", rules, logs]):
                suite.same(command[0], [*command, *chunked], together=12)
            suite.same("correlate, in buckets", ["correlate", logs, "--slowest", "9", *chunked], together=12, buckets=3)
            suite.fails("what Spark cannot open", ["stats", "file:///there/is/none"], obs, 2, "does not exist")
            suite.opened_by_spark("opened by Spark", ["stats", "logs", "--by", "service", *chunked], work, together=3)
            suite.opened_by_spark("opened by Spark, with rules", ["check-rules", "-r", "rules.yml", "logs", *chunked], work,
                                  together=3)
            suite.killed(stats)
            suite.garbage(stats)
            suite.fails("an obs that always fails", stats,
                        suite.wrapper("broken", 'if [ "$1" = partial ]; then echo "it is broken" >&2; exit 2; fi\nexec "$obs" "$@"\n'),
                        2, "it is broken")
            log = os.path.join(logs, "payment-service", "db.log")
            grows = 'if [ "$1" = partial ] && [ "${@: -1}" = 5 ]; then echo x >> %s; fi\nexec "$obs" "$@"\n' % log
            suite.fails("an input that grows", stats, suite.wrapper("grows", grows), 3, "has grown since the plan was made")
            bad = suite.bad
        finally:
            signal.alarm(0)
            if suite:
                suite.close()
            cluster.down()
    print("%s in %.0f s" % ("all holds" if bad == 0 else "%d wrong" % bad, time.time() - began))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
