//! Lines by which the signatures of this family (network) are known, and lines that look like it.

use crate::detect::tests::{check, noise};
use crate::model::Level;

#[test]
fn failing_connections_are_found_when_they_rise() {
    check(
        "connection-failure",
        &[
            "SSL SYSCALL error: EOF detected",
            "Connection to node 3 (kafka-3/10.0.0.3:9092) could not be established. Broker may not be available.",
            "recv() failed (104: Connection reset by peer) while reading response header from upstream",
            "NOAUTH/LOADING: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "The server closed the connection: server closed the connection unexpectedly",
            "Remote end closed connection without response",
            "ORA-12541: TNS:no listener",
            "No connection could be made because the target machine actively refused it.",
            "An existing connection was forcibly closed by the remote host",
            "dial tcp 10.0.0.7:5432: connect: connection refused",
            "Error: connect ECONNREFUSED 127.0.0.1:6379",
            "java.net.SocketException: Connection reset",
            "no live upstreams while connecting to upstream",
        ],
        &["Connection pool exhausted", "order failed"],
    );
    check(
        "dns",
        &[
            "Name does not resolve: tax.internal",
            "[ERROR] plugin/errors: 2 db.internal. A: read udp 10.1.1.1:3->10.0.0.2:53: i/o timeout",
            "dial tcp: lookup db.internal on 10.0.0.2:53: no such host",
            "java.net.UnknownHostException: db.internal",
            "getaddrinfo EAI_AGAIN db.internal",
        ],
        &["order failed"],
    );
    check(
        "link",
        &[
            "warn: e1000e 0000:00:1f.6 eno1: Detected Hardware Unit Hang:",
            "bnx2x 0000:04:00.0 eth2: NIC Link is Down",
            "info: %ADJCHANGE: neighbor 10.255.0.1(spine1) in vrf default Down BGP Notification received",
            "%LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down",
        ],
        &["info: docker0: port 2(veth8a2b) link down", "symlink down the tree failed", "order failed"],
    );
    check(
        "cluster",
        &[
            "warn: agent.server.raft: heartbeat timeout reached, starting election",
            "info: [Partition orders-3 broker=2] Shrinking ISR from 1,2,3 to 2.",
            "etcdserver: request timed out, possibly due to previous leader failure",
            "Unexpected response code: 500 (No cluster leader)",
        ],
        &["info: team leader logged in", "order failed"],
    );
    check(
        "backends",
        &[
            "info: Server be_core/core1 is DOWN, reason: Layer7 wrong status, code: 404, info: \"Not Found\"",
            "info: backend be_core has no server available!",
        ],
        &[
            "no healthy upstream",
            "info: Server be_core/core1 is UP, reason: Layer7 check passed",
            "order failed",
        ],
    );
    assert!(noise(Some(Level::Error), "connection refused").is_empty());
}
