//! Lines by which the signatures of this family (lock) are known, and lines that look like it.

use crate::detect::tests::check;

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
