//! Containers outside of a cluster: killed, ended with an error, started again and again, unhealthy.

use super::pods::brief;
use super::{Fault, View};
use crate::platform::cluster::{Bare, State};
use crate::platform::{Object, When};
use crate::signatures::platform::exit_code;
use crate::signatures::{Nature, Severity};

/// From how many starts on a container does not stay up.
const STARTS: u32 = 3;

/// What is wrong with containers.
pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    view.cluster.containers.iter().flat_map(|(object, container)| faults_of(object, container)).collect()
}

fn faults_of(object: &Object, container: &Bare) -> Vec<Fault> {
    let again = match container.restarts {
        0 => String::new(),
        n => format!("; it was started again {n} times"),
    };
    let limit = container.limit.as_ref().map_or_else(String::new, |limit| format!("; its limit is {limit}"));
    let fault = |family, what: String, since: Option<When>| {
        Fault::new(family, object.clone(), what, container.place.clone()).since(since)
    };
    let mut faults = Vec::new();
    match &container.state {
        _ if container.killed => {
            let at = if let State::Terminated { at, .. } = container.state { at } else { None };
            let what = format!("container was killed: out of memory{limit}{again}");
            faults.push(fault("out-of-memory", what, at).nature(Nature::Resource));
        }
        State::Waiting { message, .. } => {
            let why = if message.is_empty() { String::new() } else { format!(" ({})", brief(message)) };
            faults.push(fault(
                "crash",
                format!("container ends again and again{why}{again}"),
                container.started,
            ));
        }
        State::Terminated { message, code, at, .. } if *code != 0 || !message.is_empty() => {
            let said = exit_code(*code).map_or_else(String::new, |said| format!(": {said}"));
            let why = if message.is_empty() { String::new() } else { format!("; {}", brief(message)) };
            let what = format!("container ended with exit code {code}{said}{why}{again}");
            // Who stops a container ends it with one of these.
            let asked = matches!(*code, 130 | 137 | 143) && message.is_empty() && container.restarts == 0;
            let severity = if asked { Severity::Low } else { Severity::Critical };
            faults.push(fault("crash", what, *at).severity(severity));
        }
        _ if container.restarts >= STARTS => {
            let what = format!("container was started again {} times", container.restarts);
            faults.push(fault("crash", what, container.started).severity(Severity::High));
        }
        _ => {}
    }
    if let Some(output) = &container.unhealthy {
        let why = if output.is_empty() { String::new() } else { format!(": {}", brief(output)) };
        faults.push(fault("probe", format!("container is unhealthy{why}"), None).severity(Severity::High));
    }
    faults
}
