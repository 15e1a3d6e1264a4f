//! What the words of Kubernetes mean: why containers wait, why no node takes a pod, what exit codes say.
//!
//! The reasons are those of the kubelet (`pkg/kubelet/images/types.go`, `pkg/kubelet/container`), the phrases those of
//! the scheduler's plugins (`pkg/scheduler/framework/plugins`), as their documentation lists them.

use super::Nature;

/// The families of what is found in a platform's objects: the name for `--only`, what it finds, and one sentence.
/// `crash` and `out-of-memory` are those of logs.
pub const FAMILIES: &[(&str, &str, &str)] = &[
    (
        "image-pull",
        "images that cannot be pulled",
        "platform: a wrong name or tag, a registry that cannot be reached, or refuses",
    ),
    (
        "scheduling",
        "pods that no node takes",
        "platform: selectors, affinity, taints, cordoned nodes, resources, or no scheduler at all",
    ),
    (
        "admission",
        "pods that may not be made",
        "platform: quotas, service accounts that do not exist, policies",
    ),
    (
        "storage",
        "volumes that are missing",
        "platform: claims that are not bound, volumes that cannot be attached or mounted",
    ),
    (
        "settings",
        "settings that are missing",
        "platform: containers whose secrets, config maps or commands do not exist",
    ),
    ("probe", "probes that fail", "platform: containers that are killed or kept from requests by a probe"),
    (
        "endpoints",
        "services without pods behind them",
        "platform: selectors that match nothing, ports that no container serves",
    ),
    (
        "node",
        "nodes in trouble",
        "platform: nodes that are not ready, under pressure, or whose components start again and again",
    ),
    ("control-plane", "a control plane that does not work", "platform: pods that no scheduler looks at"),
    ("evicted", "pods that were evicted", "platform: nodes that ran low on memory, disk or processes"),
    ("alert", "alerts", "platform: what those who watch told of a service or a node"),
    ("test-failure", "tests that failed", "results: tests that failed, with what was said of each"),
    (
        "load-failure",
        "requests of a load test that failed",
        "results: requests under load that failed, and how many",
    ),
    (
        "load-limit",
        "limits of a load test that were not kept",
        "results: limits that were set for a run, and not kept",
    ),
    ("unavailable", "workloads that are not ready", "platform: fewer pods are ready than there should be"),
];

/// Why a container waits or a pod failed, by the word that the kubelet or `kubectl get` has for it, with its family and
/// what it means.
const REASONS: &[(&str, &str, &str)] = &[
    ("ErrImagePull", "image-pull", "image cannot be pulled"),
    ("ImagePullBackOff", "image-pull", "image cannot be pulled"),
    ("InvalidImageName", "image-pull", "image has an invalid name"),
    ("ErrImageNeverPull", "image-pull", "image is not there and must not be pulled"),
    ("RegistryUnavailable", "image-pull", "image registry is unavailable"),
    ("ImageInspectError", "image-pull", "image cannot be inspected"),
    ("SignatureValidationFailed", "image-pull", "image has no valid signature"),
    ("CreateContainerConfigError", "settings", "container cannot be configured"),
    ("CreateContainerError", "settings", "container cannot be made"),
    ("RunContainerError", "settings", "container cannot be run"),
    ("StartError", "settings", "container cannot be started"),
    ("ContainerCannotRun", "settings", "container cannot be run"),
    ("PostStartHookError", "settings", "container fails in its post-start hook"),
    ("CrashLoopBackOff", "crash", "container ends again and again"),
    ("OOMKilled", "out-of-memory", "container was killed: out of memory"),
    ("Error", "crash", "container ended with an error"),
    ("Evicted", "evicted", "pod was evicted"),
    ("DeadlineExceeded", "crash", "pod ran longer than it may"),
    ("UnexpectedAdmissionError", "admission", "pod was refused by its node"),
    ("NodeAffinity", "admission", "pod was refused by its node"),
    ("OutOfcpu", "admission", "pod was refused by its node: out of cpu"),
    ("OutOfmemory", "admission", "pod was refused by its node: out of memory"),
    ("OutOfpods", "admission", "pod was refused by its node: out of pods"),
];

/// The family of a reason, and what it means.
pub fn reason(word: &str) -> Option<(&'static str, &'static str)> {
    let word = word.strip_prefix("Init:").unwrap_or(word);
    REASONS.iter().find(|(name, ..)| *name == word).map(|(_, family, what)| (*family, *what))
}

/// Why nodes do not take a pod: a part of the scheduler's phrase, and what it means for the pod. Volumes are no matter
/// of nodes.
const UNSCHEDULED: &[(&str, &str)] = &[
    ("node affinity/selector", "do not match its node affinity or selector"),
    ("node affinity", "do not match its node affinity"),
    ("node selector", "do not match its node selector"),
    ("untolerated taint", "have a taint that it does not tolerate"),
    ("that the pod didn't tolerate", "have a taint that it does not tolerate"),
    ("unschedulable", "are cordoned (unschedulable)"),
    ("anti-affinity", "are ruled out by pod anti-affinity"),
    ("pod affinity", "are ruled out by pod affinity"),
    ("topology spread", "are ruled out by topology spread constraints"),
    ("free ports", "have no free host port for it"),
    ("volume node affinity conflict", "cannot reach its volume (volume node affinity)"),
    ("volume zone conflict", "are in another zone than its volume"),
    ("max volume count", "have too many volumes"),
    ("Too many pods", "have too many pods"),
    ("Insufficient", "lack a resource"),
];

/// What keeps nodes from taking a pod: how many nodes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How many nodes; 0 if it is not about nodes.
    pub nodes: u32,
    /// Why.
    pub why: String,
    /// Is it that nodes are cordoned?
    pub cordoned: bool,
    /// Is it about volumes?
    pub volume: bool,
}

/// Takes the message of a `FailedScheduling` apart: `0/4 nodes are available: 1 node(s) were unschedulable, 3
/// Insufficient cpu. preemption: …`.
pub fn refusals(message: &str) -> Vec<Refusal> {
    let Some((_, reasons)) = message.split_once(" nodes are available: ") else { return Vec::new() };
    let reasons = reasons.split(". preemption:").next().unwrap_or(reasons);
    let reasons = reasons.split(". no new claims").next().unwrap_or(reasons).trim_end_matches('.');
    parts(reasons).into_iter().map(refusal).collect()
}

/// Parts between commas, apart from those within braces.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut depth) = (Vec::new(), 0, 0);
    for (at, b) in text.bytes().enumerate() {
        match b {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 && text[at + 1..].trim_start().starts_with(|c: char| c.is_ascii_digit()) => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[from..].trim());
    found
}

fn refusal(part: &str) -> Refusal {
    let (count, rest) = part.split_once(' ').unwrap_or(("", part));
    let (nodes, rest) = count.parse().map_or((0, part), |nodes: u32| (nodes, rest));
    let rest = rest.strip_prefix("node(s) ").unwrap_or(rest);
    let volume = ["persistentvolumeclaim", "PersistentVolume", "persistent volume", "volume node affinity"];
    let volume = volume.iter().any(|word| rest.contains(word));
    let why = match UNSCHEDULED.iter().find(|(phrase, _)| rest.contains(phrase)) {
        // The resource and the taint are what is to be known.
        Some(("Insufficient", _)) => rest.to_owned(),
        Some(("untolerated taint" | "that the pod didn't tolerate", why)) => {
            let taint = rest.find('{').zip(rest.find('}')).map(|(from, to)| &rest[from..=to]);
            taint.map_or((*why).to_owned(), |taint| format!("{why}: {taint}"))
        }
        Some((_, why)) => (*why).to_owned(),
        None => rest.to_owned(),
    };
    Refusal { nodes, why, cordoned: rest.contains("unschedulable"), volume }
}

/// What an exit code says, beside the number: the conventions of shells and `128 + signal`.
pub fn exit_code(code: i64) -> Option<&'static str> {
    Some(match code {
        0 => "it ended by itself, without an error",
        126 => "the command cannot be executed",
        127 => "the command was not found",
        134 => "aborted (SIGABRT)",
        135 => "bus error (SIGBUS)",
        136 => "arithmetic error (SIGFPE)",
        137 => "killed (SIGKILL)",
        139 => "segmentation fault (SIGSEGV)",
        143 => "ended as asked (SIGTERM)",
        _ => return None,
    })
}

/// Why an image cannot be pulled, by what registries and runtimes say; the first that fits.
const PULLS: &[(&[&str], &str)] = &[
    (&["no such host", "server misbehaving", "dns"], "its registry has no address: DNS"),
    (
        &[
            "401",
            "403",
            "unauthorized",
            "denied",
            "authentication required",
            "failed to authorize",
            "authorization failed",
        ],
        "its registry refuses: no access, or a pull secret is missing",
    ),
    (&["manifest unknown", "not found", "does not exist", "404"], "it is not found: wrong name or tag"),
    (&["x509", "certificate"], "the certificate of its registry is not trusted"),
    (&["toomanyrequests", "429", "rate limit"], "its registry limits the rate"),
    (&["no space left"], "the disk of its node is full"),
    (
        &["timeout", "deadline exceeded", "connection refused", "connection reset", "unreachable"],
        "its registry does not answer",
    ),
];

/// Why an image cannot be pulled.
pub fn pull(message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    PULLS.iter().find(|(words, _)| words.iter().any(|word| message.contains(word))).map(|(_, why)| *why)
}

/// What alerts are about, by words in their names and texts: the golden signals (Google's SRE book, chapter 6), and what
/// carries requests. The first that fits.
const ALERTS: &[(&[&str], Nature)] = &[
    (
        &["saturat", "throttl", "exhaust", "oom", "out of memory", "full", "pressure", "quota", "overcommit"],
        Nature::Resource,
    ),
    (&["retransmi", "packet loss", "packets dropped", "link down", "interface"], Nature::Fault),
    (
        &["latency", "slow", "response time", "error", "success rate", "throughput", "traffic"],
        Nature::Symptom,
    ),
    (
        &[
            "crash",
            "not ready",
            "notready",
            "down",
            "failed",
            "unavailable",
            "expir",
            "missing",
            "evict",
            "low on",
        ],
        Nature::Fault,
    ),
    (&["cpu", "memory", "disk", "storage", "connections", "descriptors"], Nature::Resource),
];

/// What an alert is about.
pub fn alert_nature(words: &str) -> Nature {
    let words = words.to_lowercase();
    let known = ALERTS.iter().find(|(all, _)| all.iter().any(|word| words.contains(word)));
    known.map_or(Nature::Symptom, |(_, nature)| *nature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_taken_apart() {
        let found = refusals(
            "0/4 nodes are available: 1 node(s) were unschedulable, 3 node(s) had untolerated taint {a: b, c}. \
             preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        );
        assert_eq!(found.len(), 2);
        assert!(found[0].cordoned && found[0].nodes == 1);
        assert_eq!(found[1].why, "have a taint that it does not tolerate: {a: b, c}");
        let found = refusals("0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.");
        assert_eq!((found[1].nodes, found[1].why.as_str()), (2, "Insufficient cpu"));
        let found = refusals(
            "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: x",
        );
        assert!(found[0].volume && found[0].nodes == 0);
        assert_eq!(refusals("skip schedule deleting pod: shop/cart"), []);
    }

    #[test]
    fn reasons_and_codes_have_words() {
        assert_eq!(reason("Init:ImagePullBackOff").unwrap().0, "image-pull");
        assert_eq!(reason("ContainerCreating"), None);
        assert_eq!(exit_code(137), Some("killed (SIGKILL)"));
        assert_eq!(
            pull("dial tcp: lookup r.example on 1.1.1.1:53: no such host"),
            Some("its registry has no address: DNS")
        );
        for (family, ..) in REASONS.iter().map(|(_, family, what)| (*family, *what)) {
            assert!(
                ["crash", "out-of-memory"].contains(&family)
                    || FAMILIES.iter().any(|(name, ..)| *name == family)
            );
        }
    }
}
