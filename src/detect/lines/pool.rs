//! Lines by which the signatures of this family (pool) are known, and lines that look like it.

use crate::detect::tests::{check, found, noise};
use crate::model::Level;
use crate::signatures::Severity;

#[test]
fn exhaustion_is_known_by_the_words_of_common_pools_and_by_numbers() {
    check(
        "pool-exhaustion",
        &[
            "could not acquire a connection from the pool within 5s",
            "com.mchange.v2.resourcepool.TimeoutException: A client timed out while waiting to acquire a resource from com.mchange.v2.resourcepool.BasicResourcePool@5e2c3d18 -- timeout at awaitAvailable()",
            "java.util.NoSuchElementException: Timeout waiting for idle object",
            "reactor.netty.internal.shaded.reactor.pool.PoolAcquireTimeoutException: Pool#acquire(Duration) has been pending for more than the configured timeout of 45000ms",
            "reactor.netty.internal.shaded.reactor.pool.PoolAcquirePendingLimitException: Pending acquire queue has reached its maximum size of 1000",
            "ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool within 5.000 seconds (waited 5.003 seconds); all pooled connections were in use",
            "MongoWaitQueueFullException: Too many threads are already waiting for a connection. Max number of threads (maxWaitQueueSize) of 500 has been exceeded.",
            "sql: database is closed; context deadline exceeded waiting for a free connection, MaxOpenConns=20 in use=20",
            "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec",
            "pool timed out while waiting for an open connection",
            "r2d2: timed out waiting for connection",
            "deadpool: Timeout occurred while waiting for a slot to become available",
            "ORA-12519: TNS:no appropriate service handler found",
            "ORA-00020: maximum number of processes (150) exceeded",
            "UCP-29: Failed to get a connection, all connections in the Universal Connection Pool are in use",
            "javax.resource.ResourceException: IJ000453: Unable to get managed connection for java:/OrdersDS: IJ000655: No managed connections available within configured blocking timeout (30000 [ms])",
            "J2CA0045E: Connection not available while invoking method createOrWaitForConnection for resource jdbc/orders",
            "weblogic.jdbc.extensions.PoolLimitSQLException: weblogic.common.resourcepool.ResourceLimitException: No resources currently available in pool OrdersDS to allocate to applications",
            "Druid: wait millis 60000, active 20, maxActive 20, creating 0",
            "(DBConnection.ConnectionError) connection not available and request was dropped from queue after 2987ms",
            "ERR max number of clients reached",
            "Connection pool exhausted! Waiting for available connection...",
            "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
            "warn: Pool stats (total=20, active=20, idle=0, waiting=5)",
            "org.apache.commons.dbcp.SQLNestedException: Cannot get a connection, pool error Timeout waiting for idle object",
            "java.sql.SQLException: An attempt by a client to checkout a Connection has timed out.",
            "[pool-1] Timeout: Pool empty. Unable to fetch a connection in 30 seconds, none available[size:100; busy:100; idle:0; lastwait:30000].",
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
            "warn: C-0x55: db/user@10.0.0.3:5000 pooler error: no more connections allowed (max_client_conn)",
            "info: Connection pool: 20/20 active connections",
            "timeout exceeded when trying to connect",
            "TimeoutError: ResourceRequest timed out",
            "Knex: Timeout acquiring a connection. The pool is probably full.",
            "redis.clients.jedis.exceptions.JedisException: Could not get a resource from the pool",
            "org.apache.http.conn.ConnectionPoolTimeoutException: Timeout waiting for connection from pool",
            "FATAL: sorry, too many clients already",
            "info: pool status in_use=50 max_open=50 wait_count=12",
        ],
        &[
            "info: connection pool: 3/20 active connections",
            "connection pool near exhaustion",
            "warn: Connection pool is full, discarding connection: api.example.org",
            "info: maximum pool size set to 20",
            "thread pool exhausted",
            "order failed",
        ],
    );
    check(
        "pool-near-exhaustion",
        &[
            "warn: Database connection pool near exhaustion",
            "info: Connection pool: 18/20 active connections",
        ],
        &["info: Connection pool: 17/20 active connections"],
    );
    check(
        "thread-pool-exhaustion",
        &[
            "no more worker threads available, request rejected",
            "org.springframework.core.task.TaskRejectedException: Executor [java.util.concurrent.ThreadPoolExecutor@1] did not accept task",
            "warn: Task queue depth is 212: waitress threads exhausted",
            "java.util.concurrent.RejectedExecutionException: Task rejected",
            "warn: WARNING: [pool www] server reached pm.max_children setting (5)",
        ],
        &["Connection pool exhausted"],
    );
}

#[test]
fn the_most_telling_sign_is_counted() {
    let mut entries: Vec<(i64, Option<Level>, &str)> =
        (0..2000).map(|i| (i, Some(Level::Info), "order received")).collect();
    for i in 0..50 {
        let at = if i < 25 { i * 2 } else { 500 + i * 2 };
        entries.push((at, Some(Level::Debug), "Connection pool: 20/20 active connections"));
        entries.push((at, Some(Level::Error), "Connection pool exhausted! Waiting"));
        entries.push((at + 20, Some(Level::Error), "Connection timeout after 20 seconds"));
        entries.push((at + 20, Some(Level::Error), "java.sql.SQLException: Connection is not available"));
    }
    entries.sort_by_key(|entry| entry.0);
    let findings = found(&entries);
    let pool = findings.iter().find(|finding| finding.detector == "pool-exhaustion").unwrap();
    assert_eq!(pool.count, 50);
    assert_eq!(pool.windows.iter().map(|window| window.count).collect::<Vec<_>>(), [25, 25]);
    assert_eq!(pool.severity, Severity::Critical);
    assert_eq!(pool.subject.service.as_deref(), Some("shop"));
    assert!(!pool.evidence.is_empty());
}

#[test]
fn what_is_constant_is_said_to_be() {
    let findings = noise(Some(Level::Error), "Connection pool exhausted");
    assert_eq!(
        findings.iter().map(|finding| (finding.severity, finding.constant)).collect::<Vec<_>>(),
        [(Severity::High, true)]
    );
}
