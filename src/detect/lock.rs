//! Databases that wait for themselves: deadlocks, locks, slow queries, replicas that fall behind.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Deadlocks.
pub static DEADLOCK: Family = Family {
    name: "deadlock",
    about: "transactions or threads that wait for each other",
    what: "deadlocks",
    severity: Severity::Critical,
    nature: Nature::Fault,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["deadlock detected"]),
        says(3, &["deadlock found"]),
        says(3, &["deadlocked"]),
        says(3, &["deadlock victim"]),
        says(3, &["deadlockloser"]),
        says(2, &["deadlock"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(3, &["lock wait timeout"]),
        says(3, &["still waiting for", "lock"]),
        says(3, &["lock timeout"]),
        says(3, &["waiting for lock"]),
        says(3, &["could not obtain lock"]),
        says(3, &["could not acquire lock"]),
        says(3, &["failed to acquire lock"]),
        says(3, &["database is locked"]),
        says(3, &["lock request time out"]),
        says(3, &["cannotacquirelock"]),
        says(3, &["holding the lock"]),
        says(2, &["could not serialize access"]),
        says(2, &["waits for", "lock"]),
        says(3, &["resource busy and acquire"]),
        says(3, &["writeconflict"]),
        says(3, &["write conflict"]),
        says(3, &["could not lock"]),
        says(2, &["lock contention"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["slow query"]),
        says(2, &["slow sql"]),
        says(2, &["slow statement"]),
        says(2, &["query took"]),
        says_but(2, &["duration: #", "statement"], &["execute fetch"]),
        says_but(2, &["duration: #", "execute"], &["execute fetch"]),
        says(2, &["seq scan"]),
        says(2, &["full table scan"]),
        says(2, &["long running query"]),
        says(2, &["long-running query"]),
        says(2, &["query_time"]),
        says(2, &["slowlog"]),
        says(2, &["collscan"]),
        says(2, &["docsexamined"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["replication lag"]),
        says(2, &["replica lag"]),
        says(2, &["replica", "behind"]),
        says(2, &["replication", "stopped"]),
        says(2, &["replication", "terminated"]),
        says(2, &["conflict with recovery"]),
        says(2, &["standby", "behind"]),
        says(2, &["seconds_behind"]),
        says(2, &["failover"]),
        says(2, &["read only", "transaction"]),
        says(2, &["read-only transaction"]),
        says(2, &["read only replica"]),
        says(2, &["read-only replica"]),
        says(2, &["+switch-master"]),
        says(2, &["replica sql"]),
        says(2, &["replica i/o", "error"]),
        says(2, &["slave sql"]),
        says(2, &["slave i/o", "error"]),
        says(2, &["wal stream"]),
        says(2, &["requested wal segment"]),
        says(2, &["replication", "broken"]),
        says(2, &["replication", "error"]),
        says(2, &["when reading data from binary log"]),
        says(2, &["standby", "lag"]),
        says(2, &["replication slot", "invalidated"]),
    ],
    unless: &["caught up"],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn databases_say_what_they_wait_for() {
        check(
            "deadlock",
            &[
                "deadlock detected",
                "com.mysql.cj.jdbc.exceptions.MySQLTransactionRollbackException: Deadlock found when trying to get lock; try restarting transaction",
            ],
            &["info: deadlock_timeout = 1s", "order failed"],
        );
        check(
            "lock-wait",
            &[
                "ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired",
                "info: process 3000 still waiting for ShareLock on transaction 925086 after 1000.363 ms",
                "Lock wait timeout exceeded; try restarting transaction",
                "sqlite3.OperationalError: database is locked",
            ],
            &["order failed"],
        );
        check(
            "slow-query",
            &["info: duration: 2418.377 ms  statement: SELECT count(*) FROM x"],
            &["info: order paid"],
        );
        check(
            "replication",
            &[
                "replication slot \"r1\" has been invalidated",
                "Replica SQL thread stopped: Could not execute Write_rows event; Duplicate entry",
                "could not receive data from WAL stream: server closed the connection",
                "requested WAL segment 00000001000000A has already been removed",
                "warn: replication lag 42 s",
            ],
            &["info: replica caught up, 3 s behind before"],
        );
    }
}
