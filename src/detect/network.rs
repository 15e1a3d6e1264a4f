//! Names that do not resolve, connections that are refused, reset or impossible.

use super::family::{Family, says};
use super::finding::{Nature, Severity};
use crate::model::Level;

/// Names cannot be resolved.
pub static DNS: Family = Family {
    name: "dns",
    about: "names that cannot be resolved, more often than usual",
    what: "name resolution fails",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["no such host"]),
        says(2, &["unknownhost"]),
        says(2, &["unknown host"]),
        says(2, &["enotfound"]),
        says(2, &["eai_again"]),
        says(2, &["name or service not known"]),
        says(2, &["temporary failure in name resolution"]),
        says(2, &["nodename nor servname"]),
        says(2, &["servfail"]),
        says(2, &["nxdomain"]),
        says(2, &["could not resolve"]),
        says(2, &["could not be resolved"]),
        says(2, &["failed to resolve"]),
        says(2, &["name resolution"]),
        says(2, &["dns", "lookup"]),
        says(2, &["dns", "failed"]),
        says(2, &["server misbehaving"]),
        says(2, &["lookup", "i/o timeout"]),
        says(2, &["plugin/errors:"]),
        says(2, &["dns_probe"]),
        says(2, &["host not found"]),
        says(2, &["no address associated with hostname"]),
    ],
    unless: &["recovered"],
    most: None,
    gauge: None,
};

/// Connections are refused or broken.
pub static CONNECTION: Family = Family {
    name: "connection-failure",
    about: "connections refused, reset, closed or without a route, more often than usual",
    what: "connections fail",
    severity: Severity::High,
    nature: Nature::Symptom,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["connection refused"]),
        says(2, &["econnrefused"]),
        says(2, &["connection reset"]),
        says(2, &["econnreset"]),
        says(2, &["broken pipe"]),
        says(2, &["epipe"]),
        says(2, &["no route to host"]),
        says(2, &["ehostunreach"]),
        says(2, &["network is unreachable"]),
        says(2, &["enetunreach"]),
        says(2, &["connection aborted"]),
        says(2, &["socket hang up"]),
        says(2, &["prematurely closed"]),
        says(2, &["connection closed", "unexpected"]),
        says(2, &["unexpected eof"]),
        says(2, &["no live upstreams"]),
        says(2, &["upstream connect error"]),
        says(2, &["service unavailable"]),
        says(2, &["terminating connection due to"]),
        says(2, &["lost connection"]),
        says(2, &["connection lost"]),
        says(2, &["communications link failure"]),
        says(2, &["failed to connect"]),
        says(2, &["could not connect"]),
        says(2, &["cannot connect"]),
        says(2, &["unable to connect"]),
        says(2, &["connection failed"]),
        says(2, &["connect failed"]),
        says(2, &["connect() failed"]),
        says(2, &["connection to", "failed"]),
        says(2, &["server has gone away"]),
        says(2, &["loading master is down"]),
        says(2, &["no brokers available"]),
        says(2, &["leader not available"]),
        says(2, &["leader_not_available"]),
        says(2, &["no leader"]),
        says(2, &["no cluster leader"]),
        says(2, &["lost quorum"]),
        says(2, &["no quorum"]),
        says(2, &["reach quorum"]),
        says(2, &["not_leader_for_partition"]),
        says(2, &["bad gateway"]),
        says(2, &["server closed the connection"]),
        says(2, &["closed connection without"]),
        says(2, &["peer closed connection"]),
        says(2, &["remote host closed"]),
        says(2, &["forcibly closed"]),
        says(2, &["actively refused"]),
        says(2, &["no listener"]),
        says(2, &["bad connection"]),
        says(2, &["connection terminated"]),
        says(2, &["connection is closed"]),
        says(2, &["link with master is down"]),
        says(2, &["masterdown"]),
        says(2, &["failed to establish a new connection"]),
        says(2, &["no healthy upstream"]),
        says(2, &["no healthy backend"]),
        says(2, &["no server available"]),
        says(2, &["host is down"]),
        says(2, &["host unreachable"]),
        says(2, &["error while dialing"]),
        says(2, &["transport is closing"]),
        says(2, &["econnaborted"]),
    ],
    unless: &["recovered", "reconnected"],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{check, noise};
    use super::*;

    #[test]
    fn failing_connections_are_found_when_they_rise() {
        check(
            "connection-failure",
            &[
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
                "[ERROR] plugin/errors: 2 db.internal. A: read udp 10.1.1.1:3->10.0.0.2:53: i/o timeout",
                "dial tcp: lookup db.internal on 10.0.0.2:53: no such host",
                "java.net.UnknownHostException: db.internal",
                "getaddrinfo EAI_AGAIN db.internal",
            ],
            &["order failed"],
        );
        assert!(noise(Some(Level::Error), "connection refused").is_empty());
    }
}
