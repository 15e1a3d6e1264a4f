//! Pods: why they are not scheduled, not started, killed, or not ready.

use std::collections::BTreeMap;

use super::{Fault, View};
use crate::platform::cluster::{Container, Event, Pod, State};
use crate::platform::{Kind, Object, When};
use crate::signatures::platform::{exit_code, pull, reason, refusals};
use crate::signatures::{Nature, Severity};

/// How long ago something ended that still tells of now, in seconds.
const RECENT: f64 = 3_600.0;

/// The same for a container that is up and ready again.
const OVER: f64 = 900.0;

/// How long a pod may take to become ready before that is asked about, in seconds.
const STARTING: f64 = 30.0;

/// What is wrong with pods, blamed on what keeps them.
pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults: BTreeMap<Object, Vec<Fault>> = BTreeMap::new();
    for (object, pod) in &view.cluster.pods {
        if let Some(fault) = fault(view, object, pod) {
            faults.entry(fault.about.clone()).or_default().push(fault);
        }
    }
    let mut worst: Vec<Fault> = Vec::new();
    for (about, mut of_object) in faults {
        let ready = view.owners.pods_of(&about).filter(|(_, pod)| is_ready(pod)).count();
        for fault in &mut of_object {
            // Some of its pods work.
            if ready > 0 && fault.severity == Severity::Critical {
                fault.severity = Severity::High;
            }
        }
        worst.extend(of_object);
    }
    worst
}

fn is_ready(pod: &Pod) -> bool {
    pod.status == "Running" && pod.ready.is_none_or(|(ready, all)| ready >= all)
}

fn is_done(pod: &Pod) -> bool {
    matches!(pod.status.as_str(), "Succeeded" | "Completed" | "Terminating") || pod.ending
}

fn fault(view: &View<'_>, object: &Object, pod: &Pod) -> Option<Fault> {
    if is_done(pod) || pod.node.as_deref().is_some_and(|node| view.down.contains(node)) {
        return None;
    }
    let about = view.owners.keeper(object, pod);
    evicted(view, object, pod, &about)
        .or_else(|| unscheduled(view, object, pod, &about))
        .or_else(|| waits(view, object, pod, &about))
        .or_else(|| restarted(view, object, pod, &about))
        .or_else(|| stuck(view, object, pod, &about))
        .or_else(|| unready(view, object, pod, &about))
        .map(|fault| {
            let since = fault.from.or(pod.since);
            fault.since(since).shown([pod.place.clone()])
        })
}

fn evicted(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    let told = view.events_of(object).find(|event| event.reason == "Evicted");
    if pod.status != "Evicted" && pod.reason.as_deref() != Some("Evicted") {
        return None;
    }
    let why = pod.message.as_deref().or(told.map(|event| event.message.as_str()));
    let why = why.map_or(String::new(), |why| format!(": {}", brief(why)));
    let fault = Fault::new("evicted", about.clone(), format!("pod was evicted{why}"), pod.place.clone());
    Some(fault.nature(Nature::Resource).severity(Severity::High))
}

/// The latest event of a reason that tells of a pod.
fn latest<'c>(view: &View<'c>, object: &Object, wanted: impl Fn(&Event) -> bool) -> Option<&'c Event> {
    let found = view.events_of(object).filter(|event| wanted(event));
    found.min_by(|a, b| view.ago(a.last).total_cmp(&view.ago(b.last)))
}

fn unscheduled(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    if pod.status != "Pending" || pod.node.is_some() {
        return None;
    }
    let event = latest(view, object, |event| {
        event.reason == "FailedScheduling" && event.message.contains("available")
    });
    let condition = pod.condition("PodScheduled").filter(|condition| condition.status == "False");
    let told = condition.map(|condition| condition.message.as_str()).filter(|message| !message.is_empty());
    let message = event.map(|event| event.message.as_str()).or(told)?;
    let mut reasons = refusals(message);
    // The nodes of the control plane are always out of reach; the rest is what counts.
    let mut control = view.control;
    for reason in reasons.iter_mut().filter(|reason| reason.cordoned || reason.why.contains("control-plane"))
    {
        let usual = control.min(reason.nodes);
        (reason.nodes, control) = (reason.nodes - usual, control - usual);
    }
    let volume = reasons.iter().any(|reason| reason.volume);
    let cordoned = !view.cordoned.is_empty();
    reasons.retain(|reason| reason.nodes > 0 || reason.volume);
    reasons.sort_by_key(|reason| std::cmp::Reverse((cordoned && reason.cordoned, reason.nodes)));
    let shown = reasons.iter().map(|reason| match (reason.nodes, reason.cordoned) {
        (0, _) => reason.why.clone(),
        (n, true) if cordoned => {
            let nodes = if n == 1 { "1 node is".to_owned() } else { format!("{n} nodes are") };
            format!("{nodes} cordoned (unschedulable): {}", view.cordoned.join(", "))
        }
        (n, _) => format!("{n} {} {}", if n == 1 { "node:" } else { "nodes" }, reason.why),
    });
    let mut why: Vec<String> = shown.collect();
    if why.is_empty() {
        why.push(brief(message));
    }
    let wanted = if pod.node_selector.is_empty() || !why[0].contains("selector") {
        String::new()
    } else {
        format!(" (it asks for {})", pod.node_selector.join(", "))
    };
    let family = if volume { "storage" } else { "scheduling" };
    let mut what = format!("pod cannot be scheduled: {}{wanted}", why.join(", "));
    if volume && !pod.claims.is_empty() {
        what = format!(
            "pod cannot be scheduled: its volume claim {} is not usable: {}",
            pod.claims.join(", "),
            why.join(", ")
        );
    }
    let place = event.map(|event| event.place.clone()).or(condition.map(|condition| condition.place.clone()));
    let nature = if why[0].starts_with("Insufficient") || why[0].contains("lack") {
        Nature::Resource
    } else {
        Nature::Fault
    };
    let mut fault = Fault::new(family, about.clone(), what, place.unwrap_or_else(|| pod.place.clone()));
    if volume {
        let quota = view.cluster.quotas.iter().find(|(quota, limits)| {
            quota.namespace == object.namespace
                && limits.rows.iter().any(|(name, ..)| name.contains("storage"))
        });
        if let Some((quota, limits)) = quota
            && message.contains("not found")
        {
            fault.what =
                format!("{}; quota {} limits the storage of {}", fault.what, quota.name, quota.namespace);
            fault.places.push(limits.place.clone());
        }
        for claim in &pod.claims {
            let claim = Object::new(Kind::Claim, &object.namespace, claim);
            fault.places.extend(view.events_of(&claim).map(|event| event.place.clone()));
        }
    }
    Some(fault.nature(nature).times(event.map_or(1, |event| event.count)))
}

/// The first line of a message, without what is too long to be said.
pub(super) fn brief(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.trim_end_matches('.').to_owned(),
    }
}

/// Containers that wait for something that will not come.
fn waits(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    let waiting = pod.containers.iter().find_map(|(name, container)| match &container.state {
        State::Waiting { reason: word, message } => {
            Some((reason(word)?, name.as_str(), message.as_str(), Some(container)))
        }
        _ => None,
    });
    let shown = || Some((reason(&pod.status)?, "", "", None));
    let ((family, what), name, message, container) = waiting.or_else(shown)?;
    match family {
        "image-pull" => Some(unpulled(view, object, about, (what, message, container), pod)),
        "crash" | "out-of-memory" => {
            Some(crashed(view, object, pod, about, container.map(|container| (name, container))))
        }
        _ => {
            let told = latest(view, object, |event| {
                event.warning && matches!(event.reason.as_str(), "Failed" | "FailedMount")
            });
            let told = told.filter(|event| event.message != "Error: CreateContainerConfigError");
            let why =
                if message.is_empty() { told.map_or("", |event| event.message.as_str()) } else { message };
            let why = if why.is_empty() { pod.message.as_deref().unwrap_or_default() } else { why };
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {}", brief(why.trim_start_matches("Error: ")))
            };
            let place = container.map_or(&pod.place, |container| &container.place).clone();
            let fault = Fault::new(family, about.clone(), format!("{what}{why}"), place);
            Some(fault.shown(told.map(|event| event.place.clone())))
        }
    }
}

fn unpulled(
    view: &View<'_>,
    object: &Object,
    about: &Object,
    (what, message, container): (&str, &str, Option<&Container>),
    pod: &Pod,
) -> Fault {
    let told = latest(view, object, |event| event.reason == "Failed" && event.message.contains("pull image"));
    let words = told.map_or(message, |event| event.message.as_str());
    let image = container.map(|container| container.image.as_str()).filter(|image| !image.is_empty());
    let image = image.map_or(String::new(), |image| format!(" {image}"));
    let why = pull(words).map_or(String::new(), |why| format!(": {why}"));
    let what = what.replacen("image", &format!("image{image}"), 1);
    let place = told.map(|event| event.place.clone()).or(container.map(|container| container.place.clone()));
    Fault::new(
        "image-pull",
        about.clone(),
        format!("{what}{why}"),
        place.unwrap_or_else(|| pod.place.clone()),
    )
    .times(told.map_or(1, |event| event.count))
    .since(told.and_then(|event| event.first))
}

/// How a container ended, in words.
fn ended(word: &str, code: i64) -> String {
    match (word, exit_code(code)) {
        ("OOMKilled", _) => String::from("killed: out of memory (OOMKilled)"),
        (_, Some(said)) => format!("exit code {code}: {said}"),
        (_, None) => format!("exit code {code}"),
    }
}

/// A container that ends again and again.
fn crashed(
    view: &View<'_>,
    object: &Object,
    pod: &Pod,
    about: &Object,
    named: Option<(&str, &Container)>,
) -> Fault {
    if let Some(fault) = killed_by_probe(view, object, pod, about) {
        return fault;
    }
    let last = named.map(|(_, container)| &container.last);
    let (name, place) = named.map_or(("", &pod.place), |(name, container)| (name, &container.place));
    let container = if name.is_empty() { "container".to_owned() } else { format!("container {name}") };
    let restarts = named.map_or(pod.restarts, |(_, container)| container.restarts);
    let limit = named.and_then(|(_, container)| container.limits.get("memory"));
    let (family, how, at) = match last {
        Some(State::Terminated { reason, code, at, message }) => {
            let family = if reason == "OOMKilled" { "out-of-memory" } else { "crash" };
            let message = if message.is_empty() { String::new() } else { format!(": {}", brief(message)) };
            (family, format!(" ({}){message}", ended(reason, *code)), *at)
        }
        _ if pod.status.contains("OOMKilled") => ("out-of-memory", String::from(" (OOMKilled)"), None),
        _ => ("crash", String::new(), None),
    };
    // Who ended long ago and was not started again tells of then.
    let stale = at.or(pod.since).is_some_and(|at| view.ago(Some(at)) > 6.0 * RECENT);
    let stale = stale && restarts == 0 && matches!(pod.status.as_str(), "Error" | "Failed" | "OOMKilled");
    let limit = limit
        .filter(|_| family == "out-of-memory")
        .map_or(String::new(), |limit| format!("; its limit is {limit}"));
    let what = if family == "out-of-memory" {
        format!("{container} runs out of memory and is killed again and again{how}{limit}")
    } else {
        format!("{container} crashes again and again{how}{}", runs(view, about, named))
    };
    let back_off = latest(view, object, |event| event.reason == "BackOff");
    let nature = if family == "crash" { Nature::Fault } else { Nature::Resource };
    let fault = Fault::new(family, about.clone(), what, place.clone()).nature(nature);
    let fault = if stale { fault.severity(Severity::Medium) } else { fault };
    fault.times(u64::from(restarts.max(1))).since(at).shown(back_off.map(|event| event.place.clone()))
}

/// What a container that crashes runs, where somebody says so: its own command, or that of what keeps it.
fn runs(view: &View<'_>, about: &Object, named: Option<(&str, &Container)>) -> String {
    let keeper = view.cluster.workloads.get(about);
    let made = keeper.into_iter().flat_map(|workload| workload.containers.values());
    let command = match named {
        Some((_, container)) => Some(container.command.as_str()),
        // A table does not say which of several it is.
        None if made.clone().count() == 1 => made.map(|container| container.command.as_str()).next(),
        None => None,
    };
    command
        .filter(|command| !command.is_empty())
        .map_or(String::new(), |command| format!("; it runs `{}`", brief(command)))
}

/// A container whose liveness or startup probe fails is killed for that.
fn killed_by_probe(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    let kills = |event: &Event| event.reason == "Killing" && event.message.contains("probe");
    let asks = |event: &Event| {
        event.reason == "Unhealthy"
            && (event.message.starts_with("Liveness probe") || event.message.starts_with("Startup probe"))
    };
    let killed = latest(view, object, kills);
    let asked = latest(view, object, asks);
    let event = asked.filter(|event| event.count >= 3 || killed.is_some()).or(killed)?;
    if view.ago(event.last) > RECENT || pod.restarts == 0 {
        return None;
    }
    let kind = if event.message.contains("tartup probe") { "startup" } else { "liveness" };
    Some(probe_fails(pod, about, kind, asked.unwrap_or(event), "kills its container"))
}

/// A probe that fails, why, and what that does.
fn probe_fails(pod: &Pod, about: &Object, kind: &'static str, event: &Event, does: &str) -> Fault {
    let containers = pod.containers.values().filter(|container| container.probes.contains_key(kind));
    let container = containers
        .clone()
        .find(|container| odd_port(container, kind).is_some())
        .or(containers.clone().next());
    let odd = container.and_then(|container| odd_port(container, kind));
    let asks = container.and_then(|container| container.probes.get(kind));
    let said = event.message.split_once("failed: ").map_or("", |(_, said)| said);
    let why = match (odd, asks) {
        (Some(odd), _) => odd,
        (None, Some(asks)) if is_other_protocol(said) => {
            format!("it asks by {asks}, which is not what the container speaks")
        }
        (None, Some(asks)) => format!("{asks}: {}", brief(said)),
        (None, None) => brief(said),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let fault = Fault::new(
        "probe",
        about.clone(),
        format!("{kind} probe fails and {does}{why}"),
        event.place.clone(),
    );
    fault.times(event.count).since(event.first)
}

/// Does the answer show that another protocol is spoken there?
fn is_other_protocol(said: &str) -> bool {
    const SIGNS: &[&str] = &[
        "malformed HTTP",
        "error reading server preface",
        "http2: frame",
        "first record does not look like a TLS handshake",
        "server gave HTTP response to HTTPS client",
        "Unimplemented",
        "unimplemented",
    ];
    SIGNS.iter().any(|sign| said.contains(sign))
}

/// A probe that asks a port which its container does not say it serves.
fn odd_port(container: &Container, kind: &str) -> Option<String> {
    let asks = container.probes.get(kind)?;
    let after = asks.rsplit_once(':').map(|(_, after)| after)?;
    let port = after.split('/').next()?;
    if container.ports.is_empty() || asks.starts_with("exec") || port.is_empty() {
        return None;
    }
    let known = container.ports.iter().any(|known| known.number.to_string() == port || known.name == port);
    let served: Vec<String> = container.ports.iter().map(|port| port.number.to_string()).collect();
    (!known).then(|| format!("it asks port {port}, and the container serves {}", served.join(", ")))
}

/// Containers that were started again a short while ago.
fn restarted(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    let within = if is_ready(pod) { OVER } else { RECENT };
    let recent = |when: Option<When>| when.is_some() && view.ago(when) <= within;
    let found = pod.containers.iter().find(|(_, container)| match &container.last {
        State::Terminated { at, code, reason, .. } => {
            container.restarts > 0 && recent(*at) && (*code != 0 || reason == "OOMKilled")
        }
        _ => false,
    });
    // If the newest time that is known is when it started, nobody tells how long ago that was.
    let told = |container: &Container| {
        let warned = |event: &Event| event.warning || event.reason == "Killing";
        container.started.is_none_or(|started| view.ago(Some(started)) >= STARTING)
            || view.events_of(object).any(|event| warned(event) && view.ago(event.last) <= within)
    };
    let found = found.filter(|(_, container)| !is_ready(pod) || told(container));
    let ended_now = pod.containers.iter().find(|(_, container)| match &container.state {
        State::Terminated { at, code, .. } => *code != 0 && (at.is_none() || recent(*at)),
        _ => false,
    });
    if found.is_none() && ended_now.is_none() && !(pod.restarts > 0 && recent(pod.restarted)) {
        return None;
    }
    if let Some((name, container)) = ended_now {
        let mut container = container.clone();
        std::mem::swap(&mut container.last, &mut container.state);
        return Some(crashed(view, object, pod, about, Some((name, &container))));
    }
    let named = found.map(|(name, container)| (name.as_str(), container));
    let fault = crashed(view, object, pod, about, named);
    // It is up again.
    let severity = if is_ready(pod) && fault.family != "probe" { Severity::High } else { fault.severity };
    Some(fault.severity(severity))
}

/// Pods that do not get as far as their containers.
fn stuck(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    const MOUNTS: &[&str] = &["FailedMount", "FailedAttachVolume", "FailedMapVolume"];
    if pod.status == "Running" && pod.ready.is_none_or(|(ready, _)| ready > 0) {
        return None;
    }
    let mount = latest(view, object, |event| MOUNTS.contains(&event.reason.as_str()));
    if let Some(event) = mount.filter(|event| view.ago(event.last) <= RECENT) {
        let missing = event.message.contains("not found");
        let setting = ["configmap", "secret"]
            .iter()
            .any(|kind| event.message.to_lowercase().contains(&format!("{kind} \"")));
        let family = if missing && setting { "settings" } else { "storage" };
        let what = format!("volume cannot be mounted: {}", brief(&event.message));
        return Some(
            Fault::new(family, about.clone(), what, event.place.clone())
                .times(event.count)
                .since(event.first),
        );
    }
    let sandbox = latest(view, object, |event| event.reason == "FailedCreatePodSandBox");
    sandbox.map(|event| {
        let what = format!("pod sandbox cannot be made: {}", brief(&event.message));
        let fault = Fault::new("unavailable", about.clone(), what, event.place.clone());
        // If it is the node, that is told of the node.
        fault.severity(Severity::High).times(event.count).since(event.first)
    })
}

/// Pods that run and are not ready.
fn unready(view: &View<'_>, object: &Object, pod: &Pod, about: &Object) -> Option<Fault> {
    let (ready, all) = pod.ready?;
    if pod.status != "Running" || ready >= all {
        return None;
    }
    let asked = latest(view, object, |event| {
        event.reason == "Unhealthy" && event.message.starts_with("Readiness probe")
    });
    if let Some(event) = asked.filter(|event| view.ago(event.last) <= RECENT) {
        return Some(probe_fails(pod, about, "readiness", event, "keeps requests from its pod"));
    }
    let odd =
        pod.containers.values().find_map(|container| Some((odd_port(container, "readiness")?, container)));
    if let Some((why, container)) = odd {
        let what = format!("readiness probe fails and keeps requests from its pod: {why}");
        return Some(Fault::new("probe", about.clone(), what, container.place.clone()));
    }
    if pod.since.is_some_and(|since| view.ago(Some(since)) < STARTING) {
        return None;
    }
    let what = format!("pod is not ready: {ready} of {all} containers are");
    Some(Fault::new("unavailable", about.clone(), what, pod.place.clone()).severity(Severity::High))
}
