"""A second batch of incidents, written when the first had been learnt from: other software, other words.

A function puts its fault on a world and tells the truth: the onset, what has to be named, and by which words.
"""
import json

from stage import incident, iso, plain


@incident(langs={"core": "java"}, infra=["postgres"])
def zookeeper_session_expired(w):
    """A long pause of the disk under ZooKeeper; clients lose their sessions."""
    t = w.onset(); f = w.file("zookeeper")
    for x in w.every(w.begin, w.end, 50):
        w.raw(f, x, f"{plain(x, ',')} [myid:2] - INFO  [NIOWorkerThread-3:FourLetterCommands@234] - The list of known four letter word commands is : [ruok]")
    for x in w.every(t, t + 1500, 14):
        w.raw(f, x, f"{plain(x, ',')} [myid:2] - WARN  [SyncThread:2:FileTxnLog@378] - fsync-ing the write ahead log in SyncThread:2 took {w.rng.randint(3000, 9000)}ms which will adversely effect operation latency. File size is 67108880 bytes.")
    w.effect("core", t + 12, t + 1500, 0.5, 503, error="cannot read cluster state", stack="org.apache.zookeeper.KeeperException$SessionExpiredException: KeeperErrorCode = Session expired for /config/core\n\tat org.apache.zookeeper.KeeperException.create(KeeperException.java:134)")
    w.told(t, ["zookeeper"], ["fsync", "disk", "write ahead"])


@incident(langs={"core": "go"}, infra=["postgres", "kubelet"])
def vault_sealed(w):
    """Vault restarts sealed; nobody gets database credentials."""
    t = w.onset(); f = w.file("vault")
    for x in w.every(w.begin, w.end, 60):
        w.raw(f, x, f"{iso(x)} [INFO]  expiration: revoked lease: lease_id=database/creds/app/x{w.rng.randint(1, 999)}") if x < t else None
    w.raw(f, t, f"{iso(t)} [WARN]  core: barrier sealed unexpectedly")
    w.raw(f, t + 1, f"{iso(t + 1)} [INFO]  core: vault is sealed")
    for x in w.every(t + 3, w.end, 9):
        w.raw(f, x, f"{iso(x)} [ERROR] http: request refused: error=\"Vault is sealed\"")
    w.effect("core", t + 20, w.end, 0.6, 500, error="renew credentials: Error making API request. URL: PUT https://vault:8200/v1/sys/leases/renew Code: 503. Errors: * Vault is sealed")
    w.told(t, ["vault"], ["sealed"])


@incident(langs={"core": "java"}, infra=["postgres"])
def cassandra_tombstones(w):
    """Too many tombstones on one table; reads are aborted."""
    t = w.onset(); f = w.file("cassandra-system")
    for x in w.every(w.begin, w.end, 40):
        w.raw(f, x, f"INFO  [CompactionExecutor:{w.rng.randint(1, 9)}] {plain(x, ',')} CompactionTask.java:241 - Compacted 4 sstables to [/data/ks/t-1/nb-{w.rng.randint(100, 999)}-big]")
    for x in w.every(t, w.end, 5):
        w.raw(f, x, f"ERROR [ReadStage-{w.rng.randint(1, 9)}] {plain(x, ',')} StorageProxy.java:1896 - Scanned over 100001 tombstones during query 'SELECT * FROM ks.events WHERE user = {w.rng.randint(1, 9999)} LIMIT 100' (last scanned row partion key was (42)); query aborted")
    w.effect("core", t + 2, w.end, 0.6, 500, error="read failed", stack="com.datastax.driver.core.exceptions.ReadFailureException: Cassandra failure during read query at consistency LOCAL_QUORUM (2 responses were required but only 0 replica responded, 2 failed)")
    w.told(t, ["cassandra", w.core.name], ["tombstone", "aborted", "readfailure", "read failed"])


@incident(langs={"core": "python"}, infra=["postgres"])
def mongo_primary_stepdown(w):
    """Elections without end in a replica set."""
    t = w.onset(); f = w.file("mongod")
    line = lambda x, s, c, msg, **a: w.raw(f, x, json.dumps({"t": {"$date": iso(x, 3, ) .replace("Z", "+00:00")}, "s": s, "c": c, "id": 21392, "ctx": "ReplCoord-7", "msg": msg, "attr": a}))
    for x in w.every(w.begin, w.end, 30):
        line(x, "I", "NETWORK", "Connection accepted", remote=f"10.2.0.{w.rng.randint(2, 90)}:51200", connectionCount=w.rng.randint(20, 40))
    for x in w.every(t, t + 1400, 60):
        line(x, "I", "REPL", "Member is now in state DOWN", hostAndPort="mongo-3:27017", heartbeatMessage="Couldn't get a connection within the time limit")
        line(x + 1, "I", "ELECTION", "Starting an election, since we've seen no PRIMARY in election timeout period", electionTimeoutPeriodMillis=10000)
    w.effect("core", t + 5, t + 1400, 0.6, 500, error="write failed", stack="Traceback (most recent call last):\n  File \"/app/store.py\", line 9, in save\n    coll.insert_one(d)\npymongo.errors.NotPrimaryError: not primary, full error: {'ok': 0.0, 'code': 10107, 'codeName': 'NotWritablePrimary'}")
    w.told(t, ["mongo", w.core.name], ["election", "primary", "down", "leader", "replica"])


@incident(langs={"api": "go"})
def envoy_config_rejected(w):
    """The control plane sends a bad listener; proxies keep nothing to route to."""
    t = w.onset(); f = w.file("istiod")
    for x in w.every(w.begin, w.end, 20):
        w.raw(f, x, f"{iso(x, 6)}\tinfo\tads\tPush debounce stable[{w.rng.randint(1, 999)}] 1 for config ServiceEntry/prod/x: 100.1ms since last change")
    w.raw(f, t, f"{iso(t, 6)}\tinfo\tads\tconfiguration applied: VirtualService prod/routes revision 88122")
    for x in w.every(t + 1, w.end, 6):
        w.raw(f, x, f"{iso(x, 6)}\twarn\tads\tADS:LDS: ACK ERROR router~10.2.0.9 Internal:Error adding/updating listener(s) 0.0.0.0_8080: duplicate match on prefix /")
    w.effect("core", t + 4, w.end, 0.9, 503, says=False, seen="upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: delayed connect error: 111")
    w.told(t, ["istiod"], ["configuration", "listener", "ack error", "revision"])


@incident(langs={"core": "dotnet"})
def thread_pool_starved(w):
    """.NET blocks on async code; the pool grows one thread a second."""
    t = w.onset()
    for x in w.every(t + 4, w.end, 4):
        w.say("core", x, "warn", f"As of \"{iso(x)}\", the heartbeat has been running for \"00:00:01.{w.rng.randint(1, 9)}\" which is longer than \"00:00:01\". This could be caused by thread pool starvation.")
    w.effect("core", t + 3, w.end, 0.7, ms=(2000, 7000))
    w.effect("core", t + 30, w.end, 0.3, 503, ms=(9900, 10100), error="The operation was canceled.")
    w.told(t, [w.core.name], ["starvation", "thread pool", "takes longer", "heartbeat"], tolerance=60)


@incident(langs={"core": "node"})
def node_heap_limit(w):
    """A node process dies of its heap again and again."""
    t = w.onset(); n = 0
    for x in w.every(t, w.end, 120):
        n += 1
        w.say("core", x, "fatal", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")
        w.effect("core", x, x + 30, 0.95, 503, says=False, seen="connect ECONNREFUSED 10.2.0.7:8080")
        w.say("core", x + 30, "info", "listening on :8080")
    w.told(t, [w.core.name], ["heap", "memory"])


@incident(langs={"ext": "node"})
def partner_dns_expired_domain(w):
    """The partner's domain was not renewed."""
    t = w.onset()
    w.effect("ext", t, w.end, 0.97, 502, error="request failed", stack="Error: getaddrinfo ENOTFOUND api.partner.example\n    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:107:26)")
    w.told(t, [w.ext.name, "partner"], ["enotfound", "name", "dns", "getaddrinfo"], tolerance=120)


@incident(langs={"auth": "java"})
def ldap_down(w):
    """The directory is down; nobody logs in."""
    t = w.onset()
    w.effect("auth", t, t + 1700, 0.8, 503, ms=(2900, 3100), error="directory lookup failed", stack="javax.naming.CommunicationException: ldap.corp.internal:636 [Root exception is java.net.ConnectException: Connection timed out]")
    w.told(t, [w.auth.name, "ldap"], ["directory", "connect", "timed out", "timeout", "ldap"], tolerance=60)


@incident(langs={"core": "java"})
def schema_registry_incompatible(w):
    """A producer deploys a schema that consumers cannot read."""
    t = w.onset()
    w.say("api", t, "info", f"starting {w.api.name} version 12.0.1")
    w.effect("core", t + 6, w.end, 0.7, 500, error="record not readable", ends=[w.ends[2][2]], stack="org.apache.avro.AvroTypeException: Found order.v2, expecting order.v1, missing required field currency\n\tat org.apache.avro.io.ResolvingDecoder.doAction(ResolvingDecoder.java:309)")
    w.told(t, [w.api.name, w.core.name], ["12.0.1", "version", "deploy", "record not readable", "avro"], also=[t + 6], tolerance=90)


@incident(infra=["postgres"])
def idle_in_transaction(w):
    """A worker forgets a transaction; vacuum and DDL wait, and updates pile up."""
    t = w.onset()
    for x in w.every(t, t + 1500, 4):
        p = w.rng.randint(2000, 4000)
        w.put("postgres", x, f"LOG:  process {p} still waiting for ShareLock on transaction 918{w.rng.randint(100, 999)} after 1000.{w.rng.randint(100, 999)} ms", pid=p)
        w.put("postgres", x, "DETAIL:  Process holding the lock: 2210. Wait queue: 2911, 2912.", pid=p)
    w.effect("core", t + 3, t + 1500, 0.5, ms=(2000, 8000), ends=[w.ends[2][2]])
    w.effect("core", t + 3, t + 1500, 0.3, 503, ms=(9900, 10100), error="update abandoned", ends=[w.ends[2][2]])
    w.told(t, [w.postgres, "postgres"], ["lock"])


@incident(langs={"core": "go"})
def cgroup_throttled(w):
    """Somebody lowers the cpu limit; everything is slow and nothing errs."""
    t = w.onset(); f = w.file("deployer")
    for x in w.every(w.begin, w.end, 300):
        w.raw(f, x, f"{plain(x)} INFO sync finished, nothing to do")
    w.raw(f, t, f"{plain(t)} INFO applied change to deployment {w.core.name}: resources.limits.cpu 4 -> 500m")
    w.effect("core", t + 10, w.end, 0.95, ms=(700, 2600))
    w.effect("core", t + 60, w.end, 0.1, 504, ms=(4900, 5100), says=False, seen="timeout of 5000ms exceeded")
    w.told(t, ["deployer", w.core.name], ["change", "limits.cpu", "takes longer", "deploy"], tolerance=60)


@incident(langs={"work": "python"}, infra=["postgres", "kafka"])
def consumer_stuck_lag(w):
    """A consumer hangs; its lag grows and orders are not confirmed."""
    t = w.onset()
    for x in w.every(w.begin, w.end, 30):
        w.say("work", x, "info", "consumer progress", topic="orders", lag=w.rng.randint(0, 9) if x < t else int((x - t) * 3))
    w.effect("core", t + 300, w.end, 0.4, 503, error="order not confirmed within 30 s", ends=[w.ends[2][2]])
    w.told(t, [w.work.name], ["lag", "queue", "behind"], tolerance=120)


@incident(langs={"core": "java"}, infra=["postgres"])
def sdk_region_outage(w):
    """A region of the object store fails; the SDK says 503 Slow Down."""
    t = w.onset()
    w.effect("core", t, t + 1800, 0.6, 500, error="blob not stored", ends=[w.ends[2][2], w.ends[1][2]], stack="software.amazon.awssdk.services.s3.model.S3Exception: Please reduce your request rate. (Service: S3, Status Code: 503, Request ID: X1, Extended Request ID: y)\n\tat software.amazon.awssdk.core.internal.http.CombinedResponseHandler.handleErrorResponse(CombinedResponseHandler.java:125)")
    w.told(t, [w.core.name], ["s3", "blob not stored", "reduce your request rate", "rate"], tolerance=90)


@incident(langs={"api": "java"})
def session_store_lost(w):
    """The session store restarts empty; everyone has to log in again."""
    t = w.onset()
    w.effect("auth", t, t + 1500, 0.7, 401, error="session not found", level="warn")
    w.told(t, [w.auth.name], ["session"], tolerance=90)


@incident(langs={"core": "go"}, infra=["postgres", "redis"])
def redis_master_fails_over(w):
    """Sentinel moves the master; clients write to the old one."""
    t = w.onset()
    for i, s in enumerate(["+sdown master mymaster 10.0.0.5 6379", "+odown master mymaster 10.0.0.5 6379 #quorum 2/2", "+try-failover master mymaster 10.0.0.5 6379", "+switch-master mymaster 10.0.0.5 6379 10.0.0.6 6379"]):
        w.put("redis", t + i, "# " + s, role="X")
    w.effect("core", t + 2, t + 1500, 0.5, 500, error="cache: READONLY You can't write against a read only replica.")
    w.told(t, [w.redis, "redis", w.core.name], ["failover", "master", "readonly", "read only", "replica"])


@incident()
def firewall_rule_blocks(w):
    """A firewall change drops the traffic to the core's port."""
    t = w.onset()
    w.node(t, "firewalld", "rules reloaded: zone=internal, 1 rule removed (tcp/8080)", 1)
    w.effect("core", t + 1, w.end, 0.6, 504, ms=(2900, 3100), says=False, seen="connect ETIMEDOUT 10.2.0.44:8080")
    w.told(t, w.nodes + ["syslog", w.api.name], ["rules reloaded", "firewall", "timeout", "etimedout", "connect"])


@incident(langs={"core": "python"})
def wrong_currency_after_rates_feed(w):
    """A feed brings an empty file; the parser divides by nothing."""
    t = w.onset()
    w.say("core", t, "info", "reference rates replaced", rows=0)
    w.effect("core", t + 1, t + 2000, 0.8, 500, error="could not price", ends=[w.ends[0][2], w.ends[1][2]], stack="Traceback (most recent call last):\n  File \"/app/price.py\", line 51, in rate\n    return total / len(rates)\nZeroDivisionError: division by zero")
    w.told(t, [w.core.name], ["zerodivision", "division by zero", "rates", "could not price"], tolerance=60)


@incident(metrics=True)
def disk_fills_by_metric(w):
    """Only a gauge tells that the volume fills; the service says 'write failed'."""
    t = w.onset()
    w.gauge("node_filesystem_avail_bytes", {"instance": w.core.name, "mountpoint": "/data"}, lambda x: max(0.0, 6e10 * (t - x) / (t - w.begin)) if x < t else 0.0)
    w.gauge("node_filesystem_size_bytes", {"instance": w.core.name, "mountpoint": "/data"}, lambda x: 1e11)
    w.effect("core", t, w.end, 0.7, 500, error="write failed", ends=[w.ends[2][2]])
    w.told(t, [w.core.name], ["disk", "write failed", "filesystem"], tolerance=150)
