//! Databases that wait for themselves: deadlocks, locks, slow queries, replicas that fall behind.

use super::{About, Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Deadlocks.
pub static DEADLOCK: Family = Family {
    name: "deadlock",
    about: "transactions or threads that wait for each other",
    what: "deadlocks",
    severity: Severity::Critical,
    nature: Nature::Fault,
    object: About::Table,
    least: Level::Info,
    rises: false,
    rows: &[
        says(3, &["deadlock detected"], "deadlock detected"),
        says(
            3,
            &["deadlock found"],
            "com.mysql.cj.jdbc.exceptions.MySQLTransactionRollbackException: Deadlock found when trying to get lock; try restarting transaction",
        ),
        says(3, &["deadlocked"], "deadlocked"),
        says(3, &["java-level deadlock"], "Found one Java-level deadlock:"),
        says(3, &["found", "deadlock."], "Found 1 deadlock."),
        says(3, &["asleep - deadlock!"], "fatal error: all goroutines are asleep - deadlock!"),
        says(3, &["deadlock victim"], "deadlock victim"),
        says(3, &["deadlockloser"], "deadlockloser"),
        says(2, &["deadlock"], "deadlock"),
    ],
    unless: &["no deadlock", "deadlock_timeout", "deadlock detector", "deadlock check"],
    most: None,
    gauge: None,
};

/// Waiting for locks.
pub static LOCK_WAIT: Family = Family {
    name: "lock-wait",
    about: "waiting for locks longer, or more often, than usual",
    what: "waiting for locks",
    severity: Severity::High,
    nature: Nature::Fault,
    object: About::Table,
    least: Level::Info,
    rises: true,
    rows: &[
        says(3, &["lock wait timeout"], "Lock wait timeout exceeded; try restarting transaction"),
        says(
            3,
            &["still waiting for", "lock"],
            "process 3000 still waiting for ShareLock on transaction 925086 after 1000.363 ms",
        ),
        says(3, &["lock timeout"], "lock timeout"),
        says(3, &["waiting for lock"], "waiting for lock"),
        says(3, &["could not obtain lock"], "could not obtain lock"),
        says(3, &["could not acquire lock"], "could not acquire lock"),
        says(3, &["failed to acquire lock"], "failed to acquire lock"),
        says(3, &["database is locked"], "sqlite3.OperationalError: database is locked"),
        says(3, &["lock request time out"], "lock request time out"),
        says(3, &["cannotacquirelock"], "cannotacquirelock"),
        says(3, &["holding the lock"], "holding the lock"),
        says(2, &["could not serialize access"], "could not serialize access"),
        says(2, &["waits for", "lock"], "waits for lock"),
        says(
            3,
            &["resource busy and acquire"],
            "ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired",
        ),
        says(3, &["writeconflict"], "writeconflict"),
        says(3, &["write conflict"], "write conflict"),
        says(3, &["could not lock"], "could not lock"),
        says(2, &["lock contention"], "lock contention"),
    ],
    unless: &["file lock released"],
    most: None,
    gauge: None,
};

/// Queries take long.
pub static SLOW_QUERY: Family = Family {
    name: "slow-query",
    about: "slow queries more frequent than usual",
    what: "slow queries",
    severity: Severity::Medium,
    nature: Nature::Symptom,
    object: About::Table,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["slow query"], "slow query"),
        says(2, &["slow sql"], "slow sql"),
        says(2, &["slow statement"], "slow statement"),
        says(2, &["query took"], "query took"),
        says_but(
            2,
            &["duration: #", "statement"],
            &["execute fetch"],
            "duration: 2418.377 ms  statement: SELECT count(*) FROM x",
        ),
        says_but(2, &["duration: #", "execute"], &["execute fetch"], "duration: 12 execute"),
        says(2, &["seq scan"], "seq scan"),
        says(2, &["full table scan"], "full table scan"),
        says(2, &["long running query"], "long running query"),
        says(2, &["long-running query"], "long-running query"),
        says(2, &["query_time"], "query_time"),
        says(2, &["slowlog"], "slowlog"),
        says(2, &["collscan"], "collscan"),
        says(2, &["docsexamined"], "docsexamined"),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

/// A replica falls behind or breaks.
pub static REPLICATION: Family = Family {
    name: "replication",
    about: "replication that lags or breaks, more often than usual",
    what: "replication lags or breaks",
    severity: Severity::High,
    nature: Nature::Fault,
    object: About::Replica,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["replication lag"], "replication lag 42 s"),
        says(2, &["replica lag"], "replica lag"),
        says(2, &["replica", "behind"], "replica behind"),
        says(2, &["replication", "stopped"], "replication stopped").once(),
        says(2, &["replication", "terminated"], "replication terminated").once(),
        says(2, &["conflict with recovery"], "conflict with recovery"),
        says(2, &["standby", "behind"], "standby behind"),
        says(2, &["seconds_behind"], "seconds_behind"),
        says(2, &["failover"], "failover"),
        says(2, &["read only", "transaction"], "read only transaction"),
        says(2, &["read-only transaction"], "read-only transaction"),
        says(2, &["read only replica"], "read only replica"),
        says(2, &["read-only replica"], "read-only replica"),
        says(2, &["+switch-master"], "+switch-master"),
        says(
            2,
            &["replica sql"],
            "Replica SQL thread stopped: Could not execute Write_rows event; Duplicate entry",
        )
        .once(),
        says(2, &["replica i/o", "error"], "replica i/o error"),
        says(2, &["slave sql"], "slave sql").once(),
        says(2, &["slave i/o", "error"], "slave i/o error"),
        says(2, &["wal stream"], "could not receive data from WAL stream: server closed the connection"),
        says(2, &["requested wal segment"], "requested WAL segment 00000001000000A has already been removed")
            .once(),
        says(2, &["replication", "broken"], "replication broken").once(),
        says(2, &["replication", "error"], "replication error"),
        says(2, &["when reading data from binary log"], "when reading data from binary log").once(),
        says(2, &["standby", "lag"], "standby lag"),
        says(2, &["replication slot", "invalidated"], "replication slot \"r1\" has been invalidated").once(),
    ],
    unless: &["caught up"],
    most: None,
    gauge: None,
};
