"""Incidents of databases, queues, caches and stores, modelled on public post-mortems, for `stage.World`.

A function puts its fault on a world and tells the truth: the onset, what has to be named, and by which words.
"""
from stage import incident, iso, plain


# ---- databases

@incident(langs={"core": "java"}, infra=["mysql"])
def mysql_failover_split_brain(w):
    """GitHub, October 2018: 43 s without network, a failover across the country, writes on both sides."""
    t = w.onset()
    for i in range(3):
        w.node(t + i * 0.2, "kernel", "bnx2x 0000:04:00.0 eth2: NIC Link is Down", 0)
    w.node(t + 43, "kernel", "bnx2x 0000:04:00.0 eth2: NIC Link is Up, 10000 Mbps full duplex, Flow control: ON - receive & transmit", 0)
    for i, s in enumerate(("handleDiscoveryOutcome: UnreachableMaster", "topology recovery: DeadMaster on mysql-1:3306; will promote mysql-7:3306",
                           "RecoverDeadMaster: promoted mysql-7:3306")):
        w.raw(w.file("orchestrator"), t + 4 + 7 * i, f"{plain(t + 4 + 7 * i)} {'WARNING' if i == 0 else 'ERROR' if i == 1 else 'INFO'} {s}")
    for x in w.every(t + 6, t + 1500, 12):
        w.put("mysql", x, "[ERROR] Replica SQL for channel '': Could not execute Write_rows event on table app.orders; Duplicate entry '88211' for key 'orders.PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY")
    w.effect("core", t + 8, t + 1500, 0.5, 500, error="could not write: The MySQL server is running with the --read-only option so it cannot execute this statement",
             stack="java.sql.SQLException: The MySQL server is running with the --read-only option so it cannot execute this statement\n\tat com.mysql.cj.jdbc.exceptions.SQLError.createSQLException(SQLError.java:130)")
    w.told(t, w.nodes + ["syslog", w.mysql, "orchestrator", "mysql"], ["link is down", "nic link", "unreachablemaster", "deadmaster", "failover", "promoted", "network", "eth2"])


@incident(infra=["mysql"])
def mysql_disk_full_binlog(w):
    """A binary log fills the volume; mysqld waits for space and every commit hangs."""
    t = w.onset()
    w.put("mysql", t, "[ERROR] Disk is full writing './binlog.000412' (OS errno 28 - No space left on device). Waiting for someone to free space... Retry in 60 secs. Message reprinted in 600 secs.")
    for x in (t + 600, t + 1200):
        w.put("mysql", x, "[ERROR] Disk is full writing './binlog.000412' (OS errno 28 - No space left on device). Waiting for someone to free space... Retry in 60 secs. Message reprinted in 600 secs.")
    w.effect("core", t + 2, w.end, 0.8, 504, ms=(9000, 10000), error="query timed out after 10000 ms")
    w.told(t, [w.mysql, "mysql"], ["disk", "space"])


@incident(infra=["postgres"])
def postgres_wraparound(w):
    """Sentry 2015, Mandrill 2019: autovacuum did not keep up and postgres stopped taking commands."""
    t = w.onset()
    left = 10_985_967
    for x in w.every(t - 1500, t, 40):
        left -= w.rng.randint(10000, 90000)
        w.put("postgres", x, f'WARNING:  database "app" must be vacuumed within {left} transactions')
        w.put("postgres", x, "HINT:  To avoid a database shutdown, execute a database-wide VACUUM in that database.")
    first = t - 1500
    for x in w.every(t, w.end, 6):
        w.put("postgres", x, 'ERROR:  database is not accepting commands to avoid wraparound data loss in database "app"')
        w.put("postgres", x, "HINT:  Stop the postmaster and vacuum that database in single-user mode.")
    w.effect("core", t, w.end, 0.7, 500, error='pq: database is not accepting commands to avoid wraparound data loss in database "app"')
    w.told(t, [w.postgres, "postgres", w.core.name], ["wraparound", "vacuum", "not accepting commands"], tolerance=90, also=[first])


@incident(infra=["postgres"], langs={"core": "python"})
def migration_holds_lock(w):
    """GoCardless and many: ALTER TABLE waits behind a long read and everybody waits behind it."""
    t = w.onset()
    pid = 7711
    w.put("postgres", t, "LOG:  statement: ALTER TABLE bookings ADD CONSTRAINT fk_customer FOREIGN KEY (customer_id) REFERENCES customers (id)", user="migrate@app", pid=pid)
    w.put("postgres", t + 1, f"LOG:  process {pid} still waiting for AccessExclusiveLock on relation 16422 of database 16384 after 1000.112 ms", user="migrate@app", pid=pid)
    w.put("postgres", t + 1, "DETAIL:  Process holding the lock: 2910. Wait queue: 7711.", user="migrate@app", pid=pid)
    for x in w.every(t + 3, t + 1300, 4):
        p = w.rng.randint(2000, 4000)
        w.put("postgres", x, f"LOG:  process {p} still waiting for RowShareLock on relation 16422 of database 16384 after {w.rng.uniform(1000, 1001):.3f} ms", pid=p)
        w.put("postgres", x, "ERROR:  canceling statement due to statement timeout", pid=p)
    w.effect("core", t + 2, t + 1300, 0.7, 503, ms=(4800, 5100), error="OperationalError: canceling statement due to statement timeout",
             stack="Traceback (most recent call last):\n  File \"/app/db.py\", line 41, in query\n    cur.execute(sql)\npsycopg2.errors.QueryCanceled: canceling statement due to statement timeout")
    w.told(t, [w.postgres, "postgres"], ["lock", "alter table", "migrat"], ["pool"])


@incident(infra=["postgres"])
def sequence_exhausted(w):
    """Basecamp, November 2018: an id column reached the end of the 32-bit integers."""
    t = w.onset()
    for x in w.every(t, w.end, 7):
        w.put("postgres", x, "ERROR:  integer out of range")
        w.put("postgres", x, "STATEMENT:  INSERT INTO events (id, kind, at) VALUES (nextval('events_id_seq'), $1, $2)")
    w.effect("core", t, w.end, 0.95, 500, error="insert failed: ERROR: integer out of range (SQLSTATE 22003)", ends=[w.ends[2][2]])
    w.told(t, [w.postgres, "postgres", w.core.name], ["integer out of range", "22003"], tolerance=90)


@incident(infra=["postgres"])
def slow_plan_after_analyze(w):
    """A statistics run turns a good plan into a sequential scan; nothing errs at first."""
    t = w.onset()
    w.put("postgres", t, 'LOG:  automatic analyze of table "app.public.orders" system usage: CPU: user: 0.41 s, system: 0.08 s, elapsed: 2.11 s', user="")
    for x in w.every(t + 5, w.end, 4):
        w.put("postgres", x, f"LOG:  duration: {w.rng.uniform(4100, 7900):.3f} ms  execute <unnamed>: SELECT o.* FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.customer_id = $1 ORDER BY o.id DESC LIMIT 20")
    w.effect("core", t + 4, w.end, 0.6, ms=(4000, 8000), ends=[w.ends[0][2]])
    w.effect("core", t + 90, w.end, 0.15, 504, ms=(9900, 10100), error="query deadline of 10 s exceeded", ends=[w.ends[0][2]])
    w.told(t, [w.postgres, "postgres", w.core.name], ["duration", "slow", "analyze", "latency", "takes", "longer", "quer"], tolerance=120)


@incident(infra=["postgres"], langs={"core": "java"})
def too_many_clients(w):
    """Scaling the workers out used up the connection slots of the database."""
    t = w.onset()
    w.say("work", t - 20, "info", "autoscaler raised replicas from 4 to 40")
    for x in w.every(t, t + 1500, 3):
        w.put("postgres", x, "FATAL:  sorry, too many clients already", user="")
    w.effect("core", t + 1, t + 1500, 0.6, 500, error="cannot open connection",
             stack="org.postgresql.util.PSQLException: FATAL: sorry, too many clients already\n\tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:693)")
    w.told(t, [w.postgres, "postgres", w.core.name, w.work.name], ["too many clients", "connection", "replicas"], also=[t - 20])


@incident(infra=["postgres"], langs={"core": "java"})
def pool_leak_after_deploy(w):
    """A release forgets to close connections on one path; half an hour later the pool is dry."""
    t = w.onset(0.3, 0.4)
    w.say("core", t, "info", f"Starting CoreApplication v7.4.0 using Java 21.0.3 with PID {w.core.pid}")
    w.say("core", t + 9, "info", "Started CoreApplication in 8.71 seconds (process running for 9.4)")
    leak = t + 300
    for x in w.every(leak, w.end, 60):
        w.say("core", x, "warn", f"Connection leak detection triggered for org.postgresql.jdbc.PgConnection@{w.rng.randint(10**6, 10**7):x} on thread http-nio-8080-exec-{w.rng.randint(1, 9)}, stack trace follows",
              stack="java.lang.Exception: Apparent connection leak detected\n\tat io.corp.core.ExportDao.open(ExportDao.java:61)")
    dry = t + 900
    w.effect("core", dry, w.end, 0.7, 500, ms=(29900, 30050), error="request failed",
             stack="java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30001ms (total=20, active=20, idle=0, waiting=17)\n\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:686)")
    w.gauge("hikaricp_connections_active", {"service": w.core.name, "pool": "HikariPool-1"}, lambda x: 4 if x < leak else min(20, 4 + (x - leak) / 40))
    w.gauge("hikaricp_connections_max", {"service": w.core.name, "pool": "HikariPool-1"}, lambda x: 20)
    w.told(t, [w.core.name], ["deploy", "7.4.0", "version", "leak", "pool", "connection"], tolerance=90, also=[leak, dry])


@incident(infra=["mysql"])
def replica_lag_stale_reads(w):
    """A bulk delete on the primary; the replicas fall behind and readers see the past."""
    t = w.onset()
    lag = lambda x: int((x - t) * 0.9)
    for x in w.every(t + 30, w.end, 30):
        w.say("core", x, "warn", f"replica mysql-ro-2 is {lag(x)} s behind the primary", replica="mysql-ro-2", lagSeconds=lag(x))
    w.gauge("mysql_slave_status_seconds_behind_master", {"instance": "mysql-ro-2"}, lambda x: 0 if x < t else lag(x))
    w.effect("core", t + 120, w.end, 0.45, 500, error="row just written not found on replica: stale read", ends=[w.ends[1][2], w.ends[2][2]])
    w.told(t + 30, [w.core.name, "mysql"], ["behind", "lag", "replica", "stale"], tolerance=120)


# ---- queues, caches, stores

@incident(langs={"core": "java"}, infra=["postgres", "rabbit"])
def rabbit_disk_alarm(w):
    """RabbitMQ ran below its disk limit and blocked every publisher."""
    t = w.onset()
    w.put("rabbit", t, "warning disk resource limit alarm set on node 'rabbit@mq-1'.\n\n**********************************************************\n*** Publishers will be blocked until this alarm clears ***\n**********************************************************")
    w.put("rabbit", t - 0.2, "info Free disk space is insufficient. Free bytes: 48110592. Limit: 50000000")
    w.effect("core", t + 5, w.end, 0.85, 503, ms=(9900, 10100), error="publish failed", ends=[w.ends[2][2]],
             stack="java.util.concurrent.TimeoutException: no publisher confirm within 10000 ms\n\tat com.rabbitmq.client.impl.ChannelN.waitForConfirms(ChannelN.java:241)")
    w.told(t, [w.rabbit, "rabbit"], ["alarm", "disk", "publishers will be blocked", "free bytes"])


@incident(langs={"work": "python"}, infra=["postgres", "rabbit"])
def rabbit_memory_alarm(w):
    """Consumers gone, a queue in memory, the watermark reached."""
    t = w.onset()
    w.put("rabbit", t - 0.1, "warning vm_memory_high_watermark set. Memory used:6679183360 allowed:6656000000")
    w.put("rabbit", t, "warning memory resource limit alarm set on node rabbit@mq-2.\n\n**********************************************************\n*** Publishers will be blocked until this alarm clears ***\n**********************************************************")
    w.effect("core", t + 4, t + 1400, 0.6, 503, ms=(4900, 5100), error="could not enqueue: connection is blocked (low on memory)")
    w.put("rabbit", t + 1400, "warning memory resource limit alarm cleared on node rabbit@mq-2")
    w.told(t, [w.rabbit, "rabbit"], ["memory", "alarm", "watermark"])


@incident(langs={"core": "java", "work": "java"}, infra=["postgres", "kafka"])
def kafka_isr_shrink(w):
    """A broker falls out; acks=all writes find too few in-sync replicas."""
    t = w.onset()
    w.put("kafka", t, "INFO [Controller id=1] Newly added brokers: , deleted brokers: 3, bounced brokers: , all live brokers: 1,2 (kafka.controller.KafkaController)")
    for p in range(5):
        w.put("kafka", t + 2 + p, f"INFO [Partition orders-{p} broker=2] Shrinking ISR from 1,2,3 to 2. Leader: (highWatermark: 88122, endOffset: 88140). Out of sync replicas: (brokerId: 3, endOffset: 88101) (kafka.cluster.Partition)")
    for x in w.every(t + 5, w.end, 5):
        w.put("kafka", x, f"ERROR [ReplicaManager broker=2] Error processing append operation on partition orders-{w.rng.randint(0, 4)} (kafka.server.ReplicaManager)\norg.apache.kafka.common.errors.NotEnoughReplicasException: The size of the current ISR Set(2) is insufficient to satisfy the min.isr requirement of 2 for partition orders-3")
    w.effect("core", t + 6, w.end, 0.8, 500, error="send failed", ends=[w.ends[2][2]],
             stack="org.apache.kafka.common.errors.NotEnoughReplicasException: Messages are rejected since there are fewer in-sync replicas than required.")
    w.told(t, [w.kafka, "kafka"], ["isr", "broker", "replicas"])


@incident(infra=["postgres", "redis"])
def redis_out_of_memory(w):
    """Redis reaches maxmemory with noeviction and refuses writes."""
    t = w.onset()
    w.effect("core", t, w.end, 0.6, 500, error="cache write failed: OOM command not allowed when used memory > 'maxmemory'.")
    w.gauge("redis_memory_used_bytes", {"instance": w.redis}, lambda x: min(4e9, 2e9 + 2e9 * (x - w.begin) / (t - w.begin)))
    w.gauge("redis_memory_max_bytes", {"instance": w.redis}, lambda x: 4e9)
    w.told(t, [w.core.name, "redis"], ["oom command", "maxmemory", "memory"], tolerance=90, also=[t - 150, t - 300, t - 600])


@incident(infra=["postgres", "redis"])
def redis_fork_no_memory(w):
    """BGSAVE cannot fork; redis stops accepting writes (stop-writes-on-bgsave-error)."""
    t = w.onset()
    for x in w.every(t, w.end, 6):
        w.put("redis", x, "# Can't save in background: fork: Cannot allocate memory")
    w.effect("core", t + 3, w.end, 0.5, 500, error="session write failed: MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled")
    w.told(t, [w.redis, "redis", w.core.name], ["fork", "cannot allocate memory", "misconf", "persist", "save"])


@incident(infra=["postgres", "redis"])
def cache_flushed_thundering_herd(w):
    """Facebook 2010, Slack 2022: the cache emptied and everything fell on the database."""
    t = w.onset()
    w.say("core", t, "warn", "cache flushed by operator", keys=1882113)
    for x in w.every(t + 2, t + 1500, 2.5):
        w.put("postgres", x, f"LOG:  duration: {w.rng.uniform(2100, 9900):.3f} ms  execute <unnamed>: SELECT * FROM items WHERE id = ANY($1)")
    for x in w.every(t + 20, t + 1500, 30):
        w.say("core", x, "info", "cache statistics", hits=w.rng.randint(10, 60), misses=w.rng.randint(900, 1400))
    for x in w.every(w.begin, t, 30):
        w.say("core", x, "info", "cache statistics", hits=w.rng.randint(900, 1400), misses=w.rng.randint(10, 60))
    w.effect("core", t + 2, t + 1500, 0.7, ms=(2000, 9000))
    w.effect("core", t + 60, t + 1500, 0.4, 503, ms=(9800, 10100), error="database call abandoned after 10 s")
    w.told(t, [w.core.name], ["cache", "flush", "misses"], ["restart"])


@incident(infra=["postgres", "elastic"], langs={"core": "java"})
def elastic_flood_stage(w):
    """Elasticsearch crosses the flood-stage watermark and makes indices read-only."""
    t = w.onset()
    w.put("elastic", t - 600, "WARN  o.e.c.r.a.DiskThresholdMonitor high disk watermark [90%] exceeded on [Zk3vY1TkQ2][es-2][/data] free: 9.6gb[9.5%], shards will be relocated away from this node")
    w.put("elastic", t, "WARN  o.e.c.r.a.DiskThresholdMonitor flood stage disk watermark [95%] exceeded on [Zk3vY1TkQ2][es-2][/data] free: 4.9gb[4.8%], all indices on this node will be marked read-only")
    w.effect("core", t + 6, w.end, 0.85, 500, error="indexing failed", ends=[w.ends[2][2]],
             stack="ElasticsearchStatusException[Elasticsearch exception [type=cluster_block_exception, reason=index [items-3] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];]]")
    w.told(t, [w.elastic, "es-"], ["flood", "watermark", "disk", "read-only"], also=[t - 600])


@incident(langs={"core": "go"}, infra=["postgres", "etcd"])
def etcd_slow_fsync(w):
    """A slow disk under etcd: heartbeats late, the leader lost, the control plane times out."""
    t = w.onset()
    for x in w.every(t, t + 1400, 8):
        w.put("etcd", x, "warn slow fdatasync", took=f"{w.rng.uniform(1.1, 4.2):.6f}s", **{"expected-duration": "1s"})
    for x in w.every(t + 15, t + 1400, 30):
        w.put("etcd", x, "warn leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk", **{"heartbeat-interval": "100ms", "exceeded-duration": "1.204s"})
    for x in w.every(t + 40, t + 1400, 120):
        w.put("etcd", x, "info raft.node: 8e9e05c52164694d lost leader 8211f1d0f64f3269 at term 31")
        w.put("etcd", x + 2, "info raft.node: 8e9e05c52164694d elected leader ade526d28b1f92f7 at term 32")
    w.effect("core", t + 45, t + 1400, 0.6, 503, ms=(5000, 7100), error="config read failed: etcdserver: request timed out, possibly due to previous leader failure")
    w.told(t, [w.etcd, "etcd"], ["fdatasync", "slow disk", "heartbeat", "fsync", "disk"])


@incident(langs={"core": "go"}, infra=["postgres", "consul"])
def consul_leader_loss(w):
    """Roblox, October 2021: contention in Consul, leaders come and go."""
    t = w.onset()
    for x in w.every(t, t + 1800, 45):
        w.put("consul", x, "WARN agent.server.raft: heartbeat timeout reached, starting election: last-leader-addr=10.1.0.4:8300 last-leader-id=3f2c")
        w.put("consul", x + 3, "ERROR agent.server: failed to wait for barrier: error=\"leadership lost while committing log\"")
        w.put("consul", x + 4, "WARN agent.server.raft: failed to contact quorum of nodes, stepping down")
    for x in w.every(t + 5, t + 1800, 6):
        w.put("consul", x, 'ERROR agent.http: Request error: method=GET url=/v1/health/service/core from=10.2.0.9:51200 error="No cluster leader"')
    w.effect("core", t + 8, t + 1800, 0.6, 503, ms=(2000, 4000), error="service discovery failed: Unexpected response code: 500 (No cluster leader)")
    w.told(t, [w.consul, "consul"], ["heartbeat timeout", "leader", "quorum", "election"])


@incident(langs={"core": "java"}, infra=["postgres"])
def metadata_service_overloaded(w):
    """DynamoDB, September 2015: partition metadata answers too slowly, storage servers drop out and ask again."""
    t = w.onset()
    file = w.file("partition-meta")
    for x in w.every(w.begin, t, 6):
        w.raw(file, x, f"{iso(x)} level=info msg=\"membership served\" client=core-{w.rng.randint(1, 9)} bytes={w.rng.randint(9000, 20000)} took_ms={w.rng.randint(20, 60)}")
    for x in w.every(t, t + 1600, 3):
        w.raw(file, x, f"{iso(x)} level=info msg=\"membership served\" client=core-{w.rng.randint(1, 9)} bytes={w.rng.randint(90000, 200000)} took_ms={w.rng.randint(1400, 4900)}")
    for x in w.every(t + 40, t + 1600, 10):
        w.raw(file, x, f"{iso(x)} level=error msg=\"membership request abandoned\" client=core-{w.rng.randint(1, 9)} error=\"deadline exceeded while reading assignments\"")
    w.effect("core", t + 60, t + 1600, 0.6, 503, error="partition assignment unknown, refusing requests", stack="io.corp.MetadataTimeout: membership call took longer than 5000 ms\n\tat io.corp.Membership.refresh(Membership.java:88)")
    w.told(t, ["partition-meta"], ["took", "slow", "latency", "membership", "longer"], tolerance=120)
