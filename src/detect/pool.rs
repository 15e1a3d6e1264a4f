//! Pools that ran dry, or nearly: connections, sessions, threads; by their words and by their numbers.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};
use crate::timeline::observe::What;

/// Talk about pools that is no trouble: configuration, recovery, and a client that merely keeps no spare.
const TALK: &[&str] = &[
    "recovered",
    "resolved",
    "no longer",
    "prevent",
    "whenexhausted",
    "when exhausted",
    "discarding connection",
    "not exhausted",
    "rediscover",
];

/// A pool of connections is exhausted.
pub static EXHAUSTION: Family = Family {
    name: "pool-exhaustion",
    about: "a pool of connections has none left: HikariCP, DBCP, c3p0, Tomcat, SQLAlchemy, pgbouncer, knex, generic-pool, Jedis, HTTP clients, servers out of connections; or active/total numbers at the limit",
    what: "connection pool exhausted",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Debug,
    rises: false,
    phrases: &[
        says_but(3, &["pool", "exhaust"], &["near", "almost", "thread pool", "thread-pool", "threadpool"]),
        says(3, &["queuepool limit"]),
        says(3, &["pool empty"]),
        says(3, &["pool is empty"]),
        says(3, &["max pool size was reached"]),
        says_but(3, &["pool limit reached"], &["thread"]),
        says_but(3, &["maximum pool size"], &["set to", "configured", "thread"]),
        says_but(3, &["pool is full"], &["thread"]),
        says(3, &["too many clients already"]),
        says(3, &["too many connections"]),
        says(3, &["connection slots are reserved"]),
        says(3, &["no more connections allowed"]),
        says(3, &["no free connections"]),
        says(3, &["no available connection"]),
        says(3, &["ran out of connections"]),
        says(3, &["out of connections"]),
        says(3, &["connection limit exceeded"]),
        says(3, &["connection limit reached"]),
        says(3, &["no idle connection"]),
        says(3, &["none available", "pool"]),
        says(2, &["connection is not available"]),
        says(2, &["could not get a resource from the pool"]),
        says(2, &["pool error timeout waiting for idle object"]),
        says(2, &["attempt by a client to checkout a connection has timed out"]),
        says(2, &["timeout exceeded when trying to connect"]),
        says(2, &["resourcerequest timed out"]),
        says(2, &["timeout acquiring a connection"]),
        says(2, &["pool is probably full"]),
        says(2, &["waiting for connection from pool"]),
        says(2, &["waiting for a connection from pool"]),
        says(2, &["waiting for a connection", "pool"]),
        says(2, &["connectionpooltimeout"]),
        says(2, &["pooltimeout"]),
        says(2, &["prior to obtaining a connection from the pool"]),
        says(2, &["connection pool", "timeout"]),
        says(2, &["connection pool", "timed out"]),
        says(2, &["unable to acquire", "connection"]),
        says(2, &["failed to obtain", "connection", "pool"]),
        says(2, &["acquire", "connection", "pool", "timed out"]),
        says(2, &["acquire", "connection", "timeout"]),
        says(2, &["checkout timeout", "pool"]),
        says(2, &["waiting for available connection"]),
        says(2, &["waiting for idle connection"]),
        says(2, &["query_wait_timeout"]),
        says(3, &["all pooled connections were in use"]),
        says_but(3, &["all connections", "in use"], &["not all"]),
        says(3, &["all connections", "busy"]),
        says(3, &["no connections available"]),
        says(3, &["no connection available"]),
        says(3, &["no managed connections available"]),
        says(3, &["no connections left"]),
        says(3, &["connections exhausted"]),
        says(3, &["connections are exhausted"]),
        says_but(3, &["pool", "depleted"], &["thread"]),
        says(3, &["too many open connections"]),
        says(3, &["max_user_connections"]),
        says(3, &["max number of clients reached"]),
        says(3, &["maximum number of processes"]),
        says(3, &["maximum number of sessions"]),
        says(3, &["sessions_per_user"]),
        says(3, &["no appropriate service handler"]),
        says(3, &["could not find available handler"]),
        says(3, &["no resources currently available in pool"]),
        says(3, &["poollimitsqlexception"]),
        says(3, &["max waitingclients"]),
        says(3, &["wait millis", "maxactive"]),
        says(3, &["pool reached max wait queue"]),
        says(2, &["getconnectiontimeout"]),
        says(2, &["timeout waiting for idle object"]),
        says(2, &["timed out while waiting to acquire"]),
        says(2, &["not obtain a connection"]),
        says(2, &["couldn't get a connection"]),
        says(2, &["could not get a connection"]),
        says(2, &["poolacquiretimeout"]),
        says(2, &["pending acquire queue has reached"]),
        says(2, &["waitqueuefull"]),
        says(2, &["waitqueuetimeout"]),
        says(2, &["already waiting for a connection"]),
        says(2, &["waiting for a free connection"]),
        says(2, &["waiting for an open connection"]),
        says(2, &["timed out waiting for connection"]),
        says(2, &["timed out waiting for a connection"]),
        says(2, &["connectionrequesttimeout"]),
        says(2, &["waiting for a slot to become available"]),
        says(2, &["unable to get managed connection"]),
        says(2, &["createorwaitforconnection"]),
        says(2, &["connection not available", "queue"]),
        says(2, &["not acquire", "connection"]),
        says(2, &["failed to acquire", "connection"]),
        says(2, &["cannot acquire", "connection"]),
        says(2, &["can't acquire", "connection"]),
    ],
    unless: TALK,
    most: None,
    gauge: Some(What::Full),
};

/// A pool of connections is nearly exhausted.
pub static NEAR_EXHAUSTION: Family = Family {
    name: "pool-near-exhaustion",
    about: "a pool of connections is in use to nine tenths or more",
    what: "connection pool nearly exhausted",
    severity: Severity::Medium,
    nature: Nature::Resource,
    least: Level::Debug,
    rises: false,
    phrases: &[
        says(3, &["pool", "near exhaust"]),
        says(3, &["pool", "nearly exhaust"]),
        says(3, &["pool", "almost exhaust"]),
        says(3, &["pool", "nearly full"]),
        says(3, &["pool", "almost full"]),
        says(3, &["pool", "running low"]),
        says(3, &["pool", "near capacity"]),
        says(3, &["pool", "close to limit"]),
        says(3, &["pool", "high watermark"]),
        says(3, &["pool", "usage high"]),
        says(3, &["pool", "high usage"]),
        says(3, &["connections", "near limit"]),
    ],
    unless: &["recovered", "resolved", "no longer", "thread pool", "threadpool"],
    most: None,
    gauge: Some(What::Near),
};

/// A pool of threads or workers takes no more work.
pub static THREADS: Family = Family {
    name: "thread-pool-exhaustion",
    about: "a pool of threads or workers takes no more work",
    what: "thread pool exhausted",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["rejectedexecution"]),
        says(3, &["thread pool", "exhaust"]),
        says(3, &["thread-pool", "exhaust"]),
        says(3, &["threadpool", "exhaust"]),
        says(3, &["thread pool", "full"]),
        says(3, &["threadpool", "full"]),
        says(3, &["thread pool", "starv"]),
        says(3, &["threadpool", "starv"]),
        says(3, &["worker_connections are not enough"]),
        says(3, &["server reached pm.max_children"]),
        says(3, &["server reached maxrequestworkers"]),
        says(3, &["maxrequestworkers setting"]),
        says(3, &["all threads", "busy"]),
        says(3, &["all workers", "busy"]),
        says(3, &["no free workers"]),
        says(3, &["no worker available"]),
        says(3, &["worker pool", "exhaust"]),
        says(3, &["task queue is full"]),
        says(3, &["bulkhead", "full"]),
        says(3, &["event loop", "blocked"]),
        says(3, &["unable to create new native thread"]),
        says(3, &["can't start new thread"]),
        says(3, &["cannot create thread"]),
        says(3, &["taskrejected"]),
        says(3, &["did not accept task"]),
        says(3, &["threads exhausted"]),
        says(3, &["workers exhausted"]),
        says(3, &["thread pool", "saturated"]),
        says(3, &["threadpool", "saturated"]),
        says(3, &["pthread_create failed"]),
        says(3, &["no idle workers"]),
        says(3, &["no available workers"]),
        says(3, &["no more", "threads available"]),
        says(3, &["no worker threads"]),
        says(3, &["no threads available"]),
    ],
    unless: &["recovered", "no longer"],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{check, found, noise};
    use super::*;

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
}
