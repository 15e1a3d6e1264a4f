//! Pools that ran dry, or nearly: connections, sessions, threads; by their words and by their numbers.

use super::family::{Family, says, says_but};
use super::finding::{Nature, Severity};
use super::observe::What;
use crate::model::Level;

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
