//! Links and routes that go down, names that do not resolve, connections that are refused, reset or impossible, and
//! balancers with nobody behind them.

use super::family::{Family, says, says_but};
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
    ],
    unless: &["recovered"],
    most: None,
    gauge: None,
};

/// A link, a network card or a route goes down.
pub static LINK: Family = Family {
    name: "link",
    about: "a network link, card or route that goes down, as machines and routers tell",
    what: "a network link, card or route goes down",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["link is down"]),
        says_but(3, &["link down"], &["symlink"]),
        says(3, &["lost carrier"]),
        says(3, &["carrier lost"]),
        says(3, &["detected hardware unit hang"]),
        says(3, &["netdev watchdog"]),
        says(3, &["transmit queue", "timed out"]),
        says(3, &["reset adapter unexpectedly"]),
        says(3, &["changed state to down"]),
        says(3, &["line protocol", "down"]),
        says(3, &["adjchange", "down"]),
        says_but(3, &["adjacency", "down"], &["countdown"]),
        says(3, &["bgp", "hold timer expired"]),
        says(3, &["bgp", "neighbor", "down"]),
        says(3, &["bgp", "peer", "down"]),
        says(3, &["bgp", "session", "closed"]),
        says(3, &["ospf", "neighbor", "down"]),
        says(3, &["bfd", "session", "down"]),
        says(3, &["routes", "withdrawn"]),
        says(3, &["prefix", "withdrawn"]),
    ],
    // Those of containers come and go with them.
    unless: &["veth", "docker#", "br-", "cali#", "admin down"],
    most: None,
    gauge: None,
};

/// A cluster without a leader, or without enough of its members.
pub static CLUSTER: Family = Family {
    name: "cluster",
    about: "clusters that lose their leader, their quorum or replicas, more often than usual",
    what: "a cluster loses its leader or replicas",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["leader not available"]),
        says(2, &["leader_not_available"]),
        says(2, &["no leader"]),
        says(2, &["no cluster leader"]),
        says(2, &["lost leader"]),
        says(2, &["leader lost"]),
        says(2, &["leadership lost"]),
        says(2, &["previous leader failure"]),
        says(2, &["not_leader_for_partition"]),
        says(2, &["notleaderforpartition"]),
        says(2, &["lost quorum"]),
        says(2, &["no quorum"]),
        says(2, &["reach quorum"]),
        says(2, &["contact quorum"]),
        says(2, &["heartbeat timeout reached"]),
        says(2, &["failed to send out heartbeat"]),
        says(2, &["starting election"]),
        says(2, &["starting a new election"]),
        says(2, &["master not discovered"]),
        says(2, &["master_not_discovered"]),
        says(2, &["no master"]),
        says(2, &["primary stepped down"]),
        says(2, &["not primary"]),
        says(2, &["notwritableprimary"]),
        says(2, &["shrinking isr"]),
        says(2, &["notenoughreplicas"]),
        says(2, &["in-sync replica"]),
        says(2, &["current isr set"]),
        says(2, &["under-replicated"]),
        says(2, &["deadmaster"]),
        says(2, &["unreachablemaster"]),
        says(2, &["split brain"]),
        says(2, &["split-brain"]),
    ],
    unless: &["recovered", "no leader election"],
    most: None,
    gauge: None,
};

/// A balancer has nobody to send requests to.
pub static BACKENDS: Family = Family {
    name: "backends",
    about: "balancers that take servers out, or have none left",
    what: "no healthy servers to send requests to",
    severity: Severity::High,
    nature: Nature::Symptom,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(3, &["is down, reason"]),
        says(3, &["no server available"]),
        says(3, &["no server is available"]),
        says(3, &["no available server"]),
        says(3, &["no healthy upstream"]),
        says(3, &["no healthy host"]),
        says(3, &["no healthy backend"]),
        says(3, &["no healthy endpoint"]),
        says(3, &["no healthy target"]),
        says(3, &["all backends", "down"]),
        says(3, &["all backends", "unhealthy"]),
        says(3, &["all upstreams", "down"]),
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
        says(2, &["bad gateway"]),
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
                "no healthy upstream",
            ],
            &["info: Server be_core/core1 is UP, reason: Layer7 check passed", "order failed"],
        );
        assert!(noise(Some(Level::Error), "connection refused").is_empty());
    }
}
