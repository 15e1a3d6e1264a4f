//! Probes: requests of load balancers and monitors that ask whether a service is up, and no work.

/// Paths with these in them are probes.
const PARTS: &[&str] = &["/health", "/ready", "/livez", "/liveness", "/actuator", "/-/"];

/// So are these alone.
const WHOLE: &[&str] = &["/status", "/ping", "/up", "/live", "/alive", "/metrics", "/heartbeat", "/_status"];

/// Is a request a probe? `asked` is what was asked for: a path, a request line, or what an entry says of it.
pub fn is_probe(asked: &[u8]) -> bool {
    let path = asked.split(|b| *b == b' ').find(|word| word.starts_with(b"/")).unwrap_or(asked);
    let end = path.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(path.len());
    // Most paths are none: a look at the letters behind the strokes is enough to know.
    let path = &path[..end];
    WHOLE.iter().any(|probe| path == probe.as_bytes())
        || memchr::memchr_iter(b'/', path)
            .any(|at| PARTS.iter().any(|part| path[at..].starts_with(part.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_told_by_what_they_ask_for() {
        for (asked, wanted) in [
            ("/health", true),
            ("/api/healthz?full=1", true),
            ("GET /actuator/health HTTP/1.1", true),
            ("/-/ready", true),
            ("/metrics", true),
            ("/metrics/42", false),
            ("/orders/12/pay", false),
            ("GET /orders?next=/health HTTP/1.1", false),
            ("healthy again", false),
            ("", false),
        ] {
            assert_eq!(is_probe(asked.as_bytes()), wanted, "{asked}");
        }
    }
}
