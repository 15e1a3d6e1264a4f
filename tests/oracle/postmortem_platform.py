"""Incidents of networks, platforms, processes and load, modelled on public post-mortems; and calm days.

A function puts its fault on a world and tells the truth: the onset, what has to be named, and by which words.
"""
from stage import calm, incident, iso, plain, yearless


# ---- network, names, certificates

@incident(langs={"core": "go", "api": "go"})
def internal_ca_expired(w):
    """Spotify 2020, Starlink 2023: a certificate inside ran out and no one watched it."""
    t = w.onset()
    stamp = iso(t, 0)
    w.effect("core", t, w.end, 0.97, 503, says=False, seen=f"Post \"https://{w.core.name}.prod.svc:8443/rpc\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time {iso(t + 30, 0)} is after {stamp}")
    w.told(t, [w.core.name, w.api.name], ["certificate has expired", "x509", "certificate", "expired"], tolerance=90)


@incident(langs={"api": "go"})
def bgp_withdrawn_dns_gone(w):
    """Facebook, October 2021: the routes to the name servers were withdrawn."""
    t = w.onset()
    file = w.file("frr")
    for i in range(4):
        w.raw(file, t + i, f"{plain(t + i, form='%Y/%m/%d %H:%M:%S')} BGP: %ADJCHANGE: neighbor 10.255.0.{i + 1}(spine{i + 1}) in vrf default Down BGP Notification received")
    for x in w.every(w.begin, t, 200):
        w.raw(file, x, f"{plain(x, form='%Y/%m/%d %H:%M:%S')} BGP: 10.255.0.2(spine2) rcvd UPDATE about 10.8.0.0/16 IPv4 unicast")
    w.effect("core", t + 25, w.end, 0.8, 503, says=False, seen=f"dial tcp: lookup {w.core.name}.internal on 10.96.0.10:53: read udp 10.2.0.8:41220->10.96.0.10:53: i/o timeout")
    w.effect("ext", t + 25, w.end, 0.8, 503, ms=(4900, 5100), error="lookup api.partner.example: no such host")
    w.told(t, ["frr", "spine", w.api.name], ["bgp", "neighbor", "adjchange"])


@incident(langs={"core": "python"})
def upgrade_broke_resolver(w):
    """Azure Ubuntu VMs, August 2022: an unattended upgrade of systemd took name resolution away."""
    t = w.onset()
    w.node(t, "unattended-upgrade", "Packages that will be upgraded: libsystemd0 systemd systemd-sysv udev", 1)
    w.node(t + 14, "systemd", "Stopping Network Name Resolution...", 1)
    w.node(t + 15, "systemd", "Started Network Name Resolution.", 1)
    w.node(t + 16, "systemd-resolved", "Using degraded feature set UDP instead of UDP+EDNS0 for DNS server 127.0.0.53.", 1)
    w.effect("core", t + 18, w.end, 0.8, 500, error="db connect failed", stack='Traceback (most recent call last):\n  File "/app/db.py", line 12, in connect\n    conn = psycopg2.connect(dsn)\npsycopg2.OperationalError: could not translate host name "pg-main.internal" to address: Temporary failure in name resolution')
    w.told(t, w.nodes + [w.core.name, "syslog"], ["upgrade", "name resolution", "resolv"], also=[t + 18])


@incident(langs={"core": "java"})
def failover_address_pinned_by_jvm(w):
    """The database moved to another address; the JVM keeps the first answer of DNS for ever."""
    t = w.onset()
    w.put("postgres", t, "LOG:  received fast shutdown request", user="")
    w.put("postgres", t + 0.4, "LOG:  database system is shut down", user="")
    w.effect("core", t + 1, w.end, 0.85, 500, ms=(900, 1100), error="could not open JDBC Connection", stack="org.postgresql.util.PSQLException: Connection to pg-main.internal:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.\nCaused by: java.net.ConnectException: Connection refused")
    w.told(t, [w.postgres, "postgres", w.core.name], ["shut down", "shutdown", "refused", "connection"])


@incident()
def nic_hangs(w):
    """One host's network card hangs; some packets are lost and calls through it time out."""
    t = w.onset()
    for x in w.every(t, w.end, 20):
        w.node(x, "kernel", "e1000e 0000:00:1f.6 eno1: Detected Hardware Unit Hang:", 2)
        w.node(x + 0.1, "kernel", "e1000e 0000:00:1f.6 eno1: Reset adapter unexpectedly", 2)
    w.effect("core", t + 3, w.end, 0.35, 504, ms=(4900, 5100), says=False, seen="upstream timed out (110: Connection timed out) while reading response header from upstream")
    w.effect("core", t + 3, w.end, 0.2, ms=(900, 3100))
    w.told(t, w.nodes + ["syslog", "eno1"], ["hardware unit hang", "eno1", "adapter", "network"])


@incident()
def conntrack_full(w):
    """The connection table of a host is full; new connections are dropped in silence."""
    t = w.onset()
    for x in w.every(t, w.end, 5):
        w.node(x, "kernel", "nf_conntrack: nf_conntrack: table full, dropping packet", 1)
    w.effect("core", t + 2, w.end, 0.5, 504, ms=(2900, 3100), says=False, seen="connect timeout after 3000 ms")
    w.told(t, w.nodes + ["syslog"], ["conntrack", "table full", "dropping packet"])


@incident(langs={"api": "go"})
def ephemeral_ports_gone(w):
    """A client without keep-alive uses up the local ports."""
    t = w.onset()
    w.effect("core", t, w.end, 0.55, 503, says=False, seen=f"dial tcp 10.2.0.44:8080: connect: cannot assign requested address")
    w.told(t, [w.api.name], ["cannot assign requested address", "port"], tolerance=90)


@incident(langs={"core": "go"})
def file_descriptors_gone(w):
    """A leak of sockets meets the limit of 1024 files."""
    t = w.onset()
    for x in w.every(t, w.end, 4):
        w.say("core", x, "error", "http: Accept error: accept tcp [::]:8080: accept4: too many open files; retrying in 1s")
    w.gauge("process_open_fds", {"service": w.core.name}, lambda x: min(1024, 200 + 824 * max(0, x - w.begin) / (t - w.begin)))
    w.gauge("process_max_fds", {"service": w.core.name}, lambda x: 1024)
    w.effect("core", t + 3, w.end, 0.6, 503, ms=(1000, 4000), says=False)
    w.told(t, [w.core.name], ["too many open files", "fds", "file"], tolerance=150, also=[t - 300, t - 600, t - 900])


@incident(langs={"ext": "java"})
def tls_version_mismatch(w):
    """The partner turned TLS 1.0/1.1 off; the old client speaks nothing else."""
    t = w.onset()
    w.effect("ext", t, w.end, 0.98, 502, error="partner call failed", stack="javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version\n\tat java.base/sun.security.ssl.Alert.createSSLException(Alert.java:131)")
    w.told(t, [w.ext.name], ["sslhandshake", "protocol_version", "tls", "handshake", "ssl"], tolerance=120)


@incident(infra=["postgres", "mysql"])
def hung_nfs_mount(w):
    """The filer stops answering; every process that touches the mount sleeps uninterruptibly."""
    t = w.onset()
    w.node(t, "kernel", "nfs: server nas-2 not responding, still trying", 0)
    for x in w.every(t + 122, t + 1500, 120):
        w.node(x, "kernel", f"INFO: task {w.core.name[:10]}:2231 blocked for more than 120 seconds.", 0)
    w.effect("core", t + 2, t + 1500, 0.7, 504, ms=(29900, 30100), says=False, seen="request deadline of 30 s exceeded")
    w.node(t + 1500, "kernel", "nfs: server nas-2 OK", 0)
    w.told(t, w.nodes + ["syslog", "nas-2"], ["nfs", "not responding"])


# ---- platform and operations

@incident(langs={"core": "go"})
def config_push_removed_capacity(w):
    """Google, June 2019; S3, February 2017: automation took away far more than was meant."""
    t = w.onset()
    file = w.file("fleet-automation")
    for x in w.every(w.begin, w.end, 120):
        w.raw(file, x, f"{plain(x)} INFO reconcile finished: 0 changes")
    w.raw(file, t, f"{plain(t)} INFO applying change CHG-8812 by m.ortiz: pool={w.core.name} desired 24 -> 3")
    for i in range(6):
        w.raw(file, t + 3 + i, f"{plain(t + 3 + i)} INFO terminated instance i-0a{w.rng.randint(1000, 9999)} of pool {w.core.name}")
    w.effect("core", t + 12, w.end, 0.5, 503, ms=(1500, 6000), error="overloaded: queue of 500 requests is full, shedding")
    w.effect("core", t + 12, w.end, 0.5, ms=(800, 4000))
    w.told(t, ["fleet-automation", w.core.name], ["desired", "chg-8812", "change", "terminated", "24 -> 3", "instance"])


@incident(langs={"api": "node"})
def regex_burns_cpu(w):
    """Cloudflare, July 2019: a new firewall rule backtracks and burns every core."""
    t = w.onset()
    file = w.file("waf")
    for x in w.every(w.begin, w.end, 60):
        w.raw(file, x, f"{iso(x)} INFO inspected requests={w.rng.randint(900, 1300)} blocked={w.rng.randint(0, 9)}")
    w.raw(file, t, f"{iso(t)} INFO ruleset 2019-07-02.4 activated: 1 rule added (100034)")
    for x in w.every(t + 6, t + 1500, 5):
        w.raw(file, x, f"{iso(x)} WARN rule 100034 exceeded evaluation budget: {w.rng.randint(900, 4000)} ms, worker busy")
    w.gauge("cpu_busy_ratio", {"service": "waf"}, lambda x: w.rng.uniform(0.2, 0.3) if not t + 3 < x < t + 1500 else w.rng.uniform(0.97, 1.0))
    w.effect("edge", t + 5, t + 1500, 0.75, 502, ms=(1000, 6000))
    w.told(t, ["waf"], ["rule", "cpu", "budget"])


@incident()
def data_directory_removed(w):
    """GitLab, January 2017: rm -rf on the wrong host."""
    t = w.onset()
    w.node(t, "sudo", "  jsmith : TTY=pts/2 ; PWD=/var/opt/postgresql ; USER=root ; COMMAND=/bin/rm -Rvf /var/opt/postgresql/data/base", 1)
    for x in w.every(t + 4, w.end, 3):
        w.put("postgres", x, 'ERROR:  could not open file "base/16384/16422": No such file or directory')
    w.effect("core", t + 5, w.end, 0.9, 500, error='query failed: could not open file "base/16384/16422": No such file or directory')
    w.told(t, w.nodes + [w.postgres, "postgres", "syslog"], ["rm -rvf", "/bin/rm", "no such file", "could not open file"], also=[t + 4])


@incident(infra=["postgres", "kubelet"])
def kubelet_evicts(w):
    """A node runs out of memory and the kubelet evicts what serves."""
    t = w.onset()
    w.put("kubelet", t, 'W eviction_manager.go:354] "Eviction manager: attempting to reclaim" resourceName="memory"')
    for i in range(4):
        w.put("kubelet", t + 1 + 60 * i, f'I eviction_manager.go:595] "Eviction manager: pod is evicted successfully" pod="prod/{w.core.host}"')
    for x in w.every(t + 60, t + 1200, 90):
        w.put("kubelet", x, 'W eviction_manager.go:354] "Eviction manager: attempting to reclaim" resourceName="memory"')
    w.effect("core", t + 3, t + 1300, 0.6, 503, says=False, seen="no healthy upstream")
    w.told(t, [w.kubelet, "kubelet", w.core.name], ["evict", "memory", "reclaim"])


@incident(langs={"core": "go"})
def leap_second(w):
    """Cloudflare, New Year 2017: time went backwards and a random number generator did not expect it."""
    t = w.onset()
    w.node(t, "kernel", "Clock: inserting leap second 23:59:60 UTC", 0)
    w.effect("core", t + 0.5, t + 2400, 0.5, 502, error="panic serving 10.2.0.9:41220: rand: invalid argument to Int63n",
             stack="goroutine 88 [running]:\nmath/rand.(*Rand).Int63n(0xc0000b2000, 0xfffffffffc4653)\n\t/usr/local/go/src/math/rand/rand.go:111 +0x9d")
    w.told(t, w.nodes + ["syslog", w.core.name], ["leap", "int63n", "panic", "clock"])


@incident(langs={"auth": "java"})
def signing_key_expired(w):
    """Google identity and others: a signing key rotated away while tokens still name it."""
    t = w.onset()
    w.say("auth", t - 15, "info", "signing key retired", kid="2024-q1")
    w.effect("auth", t, w.end, 0.65, 401, error="token rejected: no matching key found in JWKS for kid 2024-q1",
             stack="com.nimbusds.jose.proc.BadJOSEException: Signed JWT rejected: Another algorithm expected, or no matching key(s) found")
    w.told(t, [w.auth.name], ["key", "kid", "jwks", "jwt", "token rejected"], tolerance=90)


@incident()
def partner_rate_limit(w):
    """A third party starts to answer 429."""
    t = w.onset()
    w.effect("ext", t, t + 1800, 0.8, 429, error="partner acme answered 429 Too Many Requests, Retry-After: 60")
    w.told(t, [w.ext.name, "acme"], ["429", "too many requests", "rate limit"], tolerance=120)


@incident(langs={"core": "node"})
def feature_flag_bad(w):
    """A flag goes to everyone; the code behind it reads what is not there."""
    t = w.onset()
    w.say("core", t, "info", "flag updated", flag="new-pricing-engine", rollout="5% -> 100%")
    w.effect("core", t + 2, t + 1900, 0.6, 500, error="unhandled rejection", stack="TypeError: Cannot read properties of undefined (reading 'surcharge')\n    at price (/app/dist/engine.js:88:21)", ends=[w.ends[0][2], w.ends[1][2]])
    w.told(t, [w.core.name], ["flag", "new-pricing-engine", "typeerror", "cannot read properties"], tolerance=60)


@incident(langs={"core": "python"})
def bucket_permission_changed(w):
    """A policy was tightened; the service may no longer read its bucket."""
    t = w.onset()
    w.effect("core", t, w.end, 0.9, 500, error="could not load attachment", ends=[w.ends[1][2]],
             stack='Traceback (most recent call last):\n  File "/app/blob.py", line 30, in load\n    return s3.get_object(Bucket=b, Key=k)\nbotocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:sts::123456789012:assumed-role/core/i-0ab is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::corp-files/*"')
    w.told(t, [w.core.name], ["accessdenied", "access denied", "not authorized", "permission", "could not load attachment"], tolerance=150)


@incident(infra=["postgres"])
def cron_saturates_io(w):
    """A backup by cron takes the disk; the database syncs slowly and everyone waits."""
    t = w.onset()
    w.node(t, "CRON", "(root) CMD (/usr/local/bin/full-backup.sh --target /mnt/backup)", 1)
    for x in w.every(t + 10, t + 1500, 5):
        w.put("postgres", x, f"LOG:  duration: {w.rng.uniform(1900, 6900):.3f} ms  statement: COMMIT")
    for x in w.every(t + 100, t + 1500, 200):
        w.put("postgres", x, f"LOG:  checkpoint complete: wrote {w.rng.randint(100, 900)} buffers (2.1%); 0 WAL file(s) added, 0 removed, 1 recycled; write=120.002 s, sync={w.rng.uniform(40, 90):.3f} s, total=190.120 s", user="")
    w.gauge("node_disk_io_time_ratio", {"instance": w.nodes[1]}, lambda x: w.rng.uniform(0.02, 0.1) if not t < x < t + 1500 else w.rng.uniform(0.97, 1.0))
    w.effect("core", t + 10, t + 1500, 0.6, ms=(1500, 6500))
    w.effect("core", t + 60, t + 1500, 0.3, 504, ms=(7900, 8100), error="gave up after 8 s waiting for the database")
    w.told(t, w.nodes + ["syslog", w.postgres, "postgres"], ["full-backup", "cron", "backup", "disk_io", "job"], tolerance=60)


@incident(infra=["postgres"], metrics=True)
def silent_job(w):
    """A scheduled job is the cause and says nothing but its start; nothing errs, everything is slow."""
    t = w.onset()
    t -= t % 60 - 1
    w.node(t, "CRON", "(reports) CMD (/opt/reports/bin/monthly-rollup)", 2)
    w.gauge("cpu_busy_ratio", {"service": w.core.name}, lambda x: w.rng.uniform(0.2, 0.3) if not t + 5 < x < t + 1300 else w.rng.uniform(0.9, 1.0))
    w.effect("core", t + 6, t + 1300, 0.9, ms=(1200, 5200))
    w.effect("core", t + 30, t + 1300, 0.2, 504, ms=(7900, 8100), says=False)
    w.told(t, w.nodes + ["syslog"], ["monthly-rollup", "cron", "job", "rollup"])


@incident(langs={"core": "java"})
def licence_expired(w):
    """A licence ends and the product serves no more writes."""
    t = w.onset()
    w.say("core", t, "error", "License for feature 'clustering' expired; switching to restricted mode")
    w.effect("core", t + 2, w.end, 0.9, 503, error="operation refused: license is no longer valid", ends=[w.ends[2][2], w.ends[0][2]])
    w.told(t, [w.core.name], ["licen"], tolerance=60)


@incident(langs={"ext": "go"})
def cloud_quota(w):
    """An API of the cloud refuses over a quota per minute."""
    t = w.onset()
    w.effect("ext", t, t + 2000, 0.75, 503, error="publish failed: googleapi: Error 429: Quota exceeded for quota metric 'Publish requests' and limit 'Publish requests per minute' of service 'pubsub.googleapis.com' for consumer 'project_number:88211', RATE_LIMIT_EXCEEDED")
    w.told(t, [w.ext.name], ["quota", "429", "rate_limit"], tolerance=120)


@incident()
def balancer_drains_all(w):
    """The health check's path went away with a change; the balancer takes every server out."""
    t = w.onset()
    file = w.file("haproxy-lb2")
    for i in range(3):
        w.raw(file, t + 2 * i, f"{yearless(t + 2 * i)} lb2 haproxy[771]: Server be_core/core{i + 1} is DOWN, reason: Layer7 wrong status, code: 404, info: \"Not Found\", check duration: 2ms. {2 - i} active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.")
    w.raw(file, t + 4.1, f"{yearless(t + 4.1)} lb2 haproxy[771]: backend be_core has no server available!")
    for x in w.every(w.begin, w.end, 60):
        w.raw(file, x, f"{yearless(x)} lb2 haproxy[771]: Connect from 10.2.0.{w.rng.randint(2, 99)}:51200 to 10.2.0.4:8404 (stats/HTTP)")
    w.effect("core", t + 4.2, w.end, 0.98, 503, says=False, seen="503 Service Unavailable: No server is available to handle this request.")
    w.told(t, ["haproxy", "be_core", w.core.name], ["down", "layer7", "no server available", "health"])


@incident(langs={"api": "go"})
def timeout_set_too_small(w):
    """A configuration push sets 50 for 5000."""
    t = w.onset()
    w.say("api", t, "info", "configuration reloaded", changed="upstream.timeout: 5s -> 50ms")
    w.effect("ext", t + 1, t + 2000, 0.95, 504, says=False, seen="context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    w.told(t, [w.api.name], ["configuration", "reload", "timeout", "deadline"], tolerance=60)


@incident()
def sensor_update_panics_hosts(w):
    """CrowdStrike, July 2024: a content update of a kernel sensor takes the hosts down."""
    t = w.onset()
    for i in range(3):
        w.node(t + i, "falcon-sensor", "channel file 291 updated to version 7.15.18513", i)
        w.node(t + 20 + i, "kernel", "BUG: unable to handle page fault for address: ffff8882a1b2c3d4", i)
        w.node(t + 20.2 + i, "kernel", "Kernel panic - not syncing: Fatal exception in interrupt", i)
        for k in range(3):
            w.node(t + 95 + i + 180 * k, "kernel", "Linux version 5.15.0-112-generic (buildd@lcy02) #122-Ubuntu SMP", i)
    w.effect("core", t + 22, t + 1500, 0.8, 503, says=False, seen="connect: no route to host")
    w.told(t, w.nodes + ["syslog"], ["channel file", "falcon", "panic", "page fault"], also=[t + 20])


# ---- processes

@incident(langs={"work": "python"}, infra=["postgres", "rabbit"])
def poison_message(w):
    """One message kills every worker that takes it, and is delivered again."""
    t = w.onset()
    n = 0
    for x in w.every(t, w.end, 11):
        n += 1
        w.say("work", x, "error", "unhandled exception, exiting", stack='Traceback (most recent call last):\n  File "/app/consume.py", line 77, in handle\n    body = json.loads(msg.body)\njson.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)')
        w.node(x + 0.2, "systemd", f"{w.work.name}.service: Main process exited, code=exited, status=1/FAILURE", 1)
        w.node(x + 0.2, "systemd", f"{w.work.name}.service: Failed with result 'exit-code'.", 1)
        w.node(x + 5.2, "systemd", f"{w.work.name}.service: Scheduled restart job, restart counter is at {n}.", 1)
    w.gauge("rabbitmq_queue_messages_ready", {"queue": w.work.name}, lambda x: w.rng.randint(0, 20) if x < t else (x - t) * 2)
    w.effect("core", t + 600, w.end, 0.3, 503, error="queue is full, try again later", ends=[w.ends[2][2]])
    w.told(t, [w.work.name], ["jsondecodeerror", "exception", "exit", "restart", "crash", "expecting value"])


@incident(langs={"core": "java"}, metrics=True)
def leak_to_oom_kill(w):
    """Memory grows for an hour until the kernel ends the process, again and again."""
    t = w.onset(0.5, 0.65)
    start = w.begin + 300
    w.gauge("process_resident_memory_bytes", {"service": w.core.name}, lambda x: 5e8 if x < start else 5e8 + 3.6e9 * ((x - start) % (t - start)) / (t - start))
    for k in range(3):
        x = t + 600 * k
        if x < w.end:
            w.node(x, "kernel", f"{w.core.name[:10]} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=986", 0)
            w.node(x + 0.1, "kernel", f"Memory cgroup out of memory: Killed process 22119 (java) total-vm:9811200kB, anon-rss:4190112kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:9012kB oom_score_adj:986", 0)
            w.effect("core", x, x + 240, 0.95, 503, says=False, seen="connect: connection refused")
            w.say("core", x + 235, "info", "Started CoreApplication in 31.2 seconds (process running for 33.1)")
    w.told(t, [w.core.name, "java", "syslog"] + w.nodes, ["memory", "oom"], tolerance=90, also=list(range(int(start), int(t), 150)))


@incident(langs={"core": "java"})
def gc_death_spiral(w):
    """The heap is full; the collector runs and runs."""
    t = w.onset()
    file, n = w.file(f"{w.core.name}-gc"), 400
    for x in w.every(w.begin, w.end, 6):
        n += 1
        sick = x > t
        what = f"Pause Full (G1 Compaction Pause) {w.rng.randint(8100, 8190)}M->{w.rng.randint(7900, 8090)}M(8192M) {w.rng.uniform(4100, 9800):.3f}ms" if sick else \
               f"Pause Young (Normal) (G1 Evacuation Pause) {w.rng.randint(3000, 4100)}M->{w.rng.randint(1200, 1500)}M(8192M) {w.rng.uniform(9, 30):.3f}ms"
        w.raw(file, x, f"[{iso(x)}+0000][info][gc] GC({n}) {what}".replace("Z+", "+"))
    w.effect("core", t + 4, w.end, 0.7, ms=(3000, 9000))
    w.effect("core", t + 120, w.end, 0.4, 500, ms=(5000, 9000), error="request failed", stack="java.lang.OutOfMemoryError: GC overhead limit exceeded\n\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)")
    w.told(t, [w.core.name, "gc"], ["pause", "gc", "heap", "memory", "outofmemory", "collect"], tolerance=90)


@incident(langs={"core": "java"})
def native_threads_gone(w):
    """Kinesis, November 2020: every front-end server holds a thread per peer, and the fleet grew."""
    t = w.onset()
    w.say("core", t - 200, "info", "peer list updated", peers=612)
    w.effect("core", t, w.end, 0.6, 500, error="could not build shard map", stack="java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached\n\tat java.base/java.lang.Thread.start0(Native Method)")
    w.told(t, [w.core.name], ["native thread", "thread", "peer"], tolerance=90, also=[t - 200])


@incident(langs={"work": "python"})
def bad_date_of_leap_day(w):
    """Azure, 29 February 2012: a year is added to a date that does not exist."""
    t = w.onset()
    w.effect("core", t, w.end, 0.9, 500, error="could not issue certificate: ValueError: day is out of range for month", ends=[w.ends[2][2], w.ends[1][2]])
    w.told(t, [w.core.name], ["day is out of range", "valueerror", "could not issue"], tolerance=90)


# ---- load, and what says nothing

@incident(rate=6, minutes=60, metrics=False)
def endpoint_slow_on_a_quiet_day(w):
    """Three hundred and some requests, one endpoint gets slow, no line says why."""
    t = w.onset()
    w.effect("core", t, w.end, 0.9, ms=(1800, 3600), ends=[w.ends[0][2]])
    w.told(t, [w.core.name], ["latency", "slow", "takes", "longer", "duration", "took"], tolerance=180)


@incident(metrics=True)
def pool_gauge_without_maximum(w):
    """A pool in use climbs from 5 to 30 and stays; its maximum is exported nowhere."""
    t = w.onset()
    w.gauge("db_pool_connections_in_use", {"service": w.core.name}, lambda x: w.rng.randint(3, 7) if x < t else 30)
    w.effect("core", t + 20, w.end, 0.7, ms=(1500, 4900))
    w.effect("core", t + 20, w.end, 0.3, 503, ms=(4990, 5010), error="no connection within 5 s")
    w.told(t, [w.core.name], ["pool", "in_use", "connection"], tolerance=60)


@incident()
def crawler_surge(w):
    """A client release polls in a tight loop; one endpoint gets eight times its traffic."""
    t = w.onset()
    w.surges.append((t, t + 1800, 6, w.ends[0][2]))
    w.effect("core", t + 60, t + 1800, 0.5, 503, ms=(2000, 4000), error="overloaded, shedding load")
    w.effect("core", t + 30, t + 1800, 0.6, ms=(900, 3000))
    w.told(t, [w.edge, w.core.name, w.api.name, w.ends[0][2], w.ends[0][1]], ["traffic", "requests", "rate", "surge", "load", "calls"], tolerance=90)


@incident()
def inner_service_surge(w):
    """A reprice run asks the core twenty times more than users do; only the core sees it."""
    t = w.onset()
    for x in w.every(t, t + 1500, 0.3):
        w.say("core", x, "info", "query answered", op="reprice", durationMs=round(w.rng.uniform(10, 40), 1))
    w.effect("core", t + 30, t + 1500, 0.4, 503, ms=(1900, 4000), error="worker queue full")
    w.effect("core", t + 20, t + 1500, 0.6, ms=(900, 3000))
    w.told(t, [w.core.name], ["traffic", "requests", "rate", "surge", "load", "calls", "reprice", "times", "more"], tolerance=90)


@incident(langs={"api": "node"})
def retry_storm(w):
    """A short blip of a dependency, answered by three immediate retries of everyone."""
    t = w.onset()
    for x in w.every(t, t + 1300, 1.5):
        w.say("api", x, "warn", f"retrying call to {w.core.name}, attempt {w.rng.randint(2, 6)} of 6")
    w.effect("core", t + 1, t + 1300, 0.6, 503, ms=(400, 2000), error="too many concurrent requests, rejected")
    w.told(t, [w.api.name, w.core.name], ["retr", "concurrent", "attempt"], tolerance=60)


@incident(infra=["postgres"])
def disk_fails(w):
    """A block device returns errors under the database."""
    t = w.onset()
    for x in w.every(t, w.end, 15):
        w.node(x, "kernel", f"blk_update_request: I/O error, dev nvme1n1, sector {w.rng.randint(10**6, 10**8)} op 0x0:(READ) flags 0x80700 phys_seg 8 prio class 0", 1)
    w.put("postgres", t + 2, 'ERROR:  could not read block 8812 in file "base/16384/16422": Input/output error')
    for x in w.every(t + 4, w.end, 6):
        w.put("postgres", x, f'ERROR:  could not read block {w.rng.randint(1000, 9999)} in file "base/16384/16422": Input/output error')
    w.effect("core", t + 5, w.end, 0.4, 500, error='query failed: could not read block 8812 in file "base/16384/16422": Input/output error')
    w.told(t, w.nodes + ["syslog", "nvme1n1", w.postgres], ["i/o error", "input/output error", "nvme1n1"])


@incident(langs={"core": "java"})
def deploy_misses_dependency(w):
    """A release is built against a library that is not in the image."""
    t = w.onset()
    w.say("core", t, "info", f"Starting CoreApplication v3.11.0 using Java 17.0.9 with PID {w.core.pid}")
    w.say("core", t + 8, "info", "Started CoreApplication in 7.9 seconds (process running for 8.4)")
    w.effect("core", t + 9, w.end, 0.9, 500, error="Servlet.service() threw exception", ends=[w.ends[1][2]],
             stack="java.lang.NoClassDefFoundError: com/fasterxml/jackson/datatype/jsr310/JavaTimeModule\n\tat io.corp.core.Json.<init>(Json.java:14)")
    w.told(t, [w.core.name], ["deploy", "3.11.0", "noclassdef", "version", "start"], tolerance=60)


# ---- calm days

@calm()
def ordinary(w):
    """Nothing at all."""


@calm(infra=["postgres", "redis", "kafka", "rabbit", "elastic"])
def much_infrastructure(w):
    """Many kinds of software, each with its harmless noise."""


@calm()
def rolling_deploy_of_all(w):
    """Every service is deployed once and well."""
    t = w.begin + 600
    for role in ("auth", "core", "ext", "work", "api"):
        t += 240
        w.say(role, t, "info", "received SIGTERM, draining")
        w.say(role, t + 3, "info", f"starting {w.services[role].name} version 9.{w.rng.randint(1, 9)}.0")
        w.say(role, t + 6, "info", "listening on :8080")


@calm()
def campaign_mail(w):
    """Three times the traffic for a while, and all of it answered."""
    t = w.onset()
    w.surges.append((t, t + 1200, 2.5, None))


@calm()
def credential_scan(w):
    """A scanner tries passwords and paths at the edge for ten minutes."""
    t = w.onset()
    for x in w.every(t, t + 600, 1.5):
        w.access(x, x + 0.004, "GET", w.rng.choice(["/wp-login.php", "/.env", "/admin", "/phpmyadmin/"]), 404, None)


@calm(infra=["postgres"])
def backup_without_effect(w):
    """The nightly backup runs and disturbs nobody."""
    t = w.onset()
    w.node(t, "CRON", "(root) CMD (/usr/local/bin/full-backup.sh --target /mnt/backup)", 1)
    w.put("postgres", t + 3, "LOG:  automatic vacuum of table \"app.public.orders\": index scans: 1", user="")
    w.node(t + 900, "full-backup.sh", "backup finished, 88 GB in 897 s", 1)


@calm(infra=["postgres", "etcd"])
def planned_leader_change(w):
    """etcd moves its leader on request."""
    t = w.onset()
    w.put("etcd", t, "info leadership transfer starting")
    w.put("etcd", t + 0.3, "info raft.node: 8e9e05c52164694d changed leader from 8211f1d0f64f3269 to ade526d28b1f92f7 at term 12")


@calm()
def partner_hiccup_retried(w):
    """A partner errs for half a minute; every call is retried and answered."""
    t = w.onset()
    for x in w.every(t, t + 30, 4):
        w.say("ext", x, "warn", "partner acme answered 502, retrying", attempt=1)


@calm()
def certificate_renewed(w):
    """A certificate is renewed in time."""
    t = w.onset()
    w.node(t, "certbot", "Certificate not yet due for renewal; no action taken.", 0)
    w.say("core", t + 5, "info", "tls certificate reloaded", notAfter=iso(t + 86400 * 60, 0))


@calm()
def log_level_raised(w):
    """Somebody turns debug on for a while."""
    t = w.onset()
    w.say("core", t, "info", "log level changed to debug")
    for x in w.every(t, t + 900, 0.8):
        w.say("core", x, "debug", "plan chosen", plan=w.rng.randint(1, 9))
    w.say("core", t + 900, "info", "log level changed to info")
