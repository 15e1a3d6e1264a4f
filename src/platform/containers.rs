//! Containers as `docker inspect`, `podman inspect` and `crictl inspect` print them.

use serde_json::Value;

use super::cluster::{Bare, Cluster, State};
use super::manifest::Source;
use super::object::{Kind, Object};

/// The containers of a document, if it is one of them.
pub(super) fn list(value: &Value) -> Option<Vec<&Value>> {
    let items: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        value => vec![value],
    };
    (!items.is_empty() && items.iter().all(|item| is_container(item))).then_some(items)
}

/// Does a text, without its blanks, look as if it began one?
pub(super) fn begins(flat: &str) -> bool {
    let docker =
        (flat.starts_with("[{\"Id\":\"") || flat.starts_with("{\"Id\":\"")) && flat.contains("\"State\":{\"");
    docker || (flat.starts_with("{\"status\":{") && flat.contains("\"state\":\"CONTAINER_"))
}

fn is_container(value: &Value) -> bool {
    let docker = value.get("Id").is_some() && value.pointer("/State/Status").is_some_and(Value::is_string);
    docker || text(value, "/status/state").starts_with("CONTAINER_")
}

fn text<'v>(value: &'v Value, at: &str) -> &'v str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

/// Puts containers into a cluster; says how many there are.
pub(super) fn put(items: &[&Value], source: &Source<'_>, into: &mut Cluster) -> usize {
    for item in items {
        let (name, container) =
            if item.get("Id").is_some() { docker(item, into) } else { of_runtime(item, into) };
        let object = Object::new(Kind::Container, "", &name);
        let place = source.place(&object, format!("{name}: {}", said(&container)));
        into.containers.insert(object, Bare { place, ..container });
    }
    items.len()
}

/// What is shown of a container.
fn said(container: &Bare) -> String {
    match &container.state {
        State::Terminated { reason, code, .. } if reason.is_empty() => format!("exit code {code}"),
        State::Terminated { reason, code, .. } => format!("{reason}, exit code {code}"),
        State::Waiting { reason, .. } => reason.clone(),
        State::Running => String::from("running"),
        State::Unknown => String::from("not known"),
    }
}

fn docker(value: &Value, into: &mut Cluster) -> (String, Bare) {
    let name = text(value, "/Name").trim_start_matches('/');
    let name = if name.is_empty() { text(value, "/Id") } else { name };
    let flag = |at: &str| value.pointer(at).and_then(Value::as_bool) == Some(true);
    let number = |at: &str| value.pointer(at).and_then(Value::as_i64);
    let ended = into
        .date(text(value, "/State/FinishedAt"))
        .filter(|_| !text(value, "/State/FinishedAt").starts_with("0001"));
    let state = match text(value, "/State/Status") {
        "running" | "paused" => State::Running,
        "restarting" => State::Waiting {
            reason: String::from("restarting"),
            message: text(value, "/State/Error").to_owned(),
        },
        "exited" | "dead" | "stopped" => State::Terminated {
            reason: String::from(if flag("/State/OOMKilled") { "OOMKilled" } else { "" }),
            code: number("/State/ExitCode").unwrap_or(0),
            message: text(value, "/State/Error").to_owned(),
            at: ended,
        },
        _ => State::Unknown,
    };
    let checks = value
        .pointer("/State/Health/Log")
        .or(value.pointer("/State/Healthcheck/Log"))
        .and_then(Value::as_array);
    let output = checks.and_then(|log| log.last()).map_or("", |last| text(last, "/Output"));
    let health = [text(value, "/State/Health/Status"), text(value, "/State/Healthcheck/Status")];
    let limit = number("/HostConfig/Memory").filter(|limit| *limit > 0);
    let container = Bare {
        image: text(value, "/Config/Image").to_owned(),
        state,
        restarts: number("/RestartCount").unwrap_or(0).max(0) as u32,
        unhealthy: health.contains(&"unhealthy").then(|| output.trim().to_owned()),
        limit: limit.map(|limit| format!("{} MiB", limit / 1_048_576)),
        killed: flag("/State/OOMKilled"),
        started: into
            .date(text(value, "/State/StartedAt"))
            .filter(|_| !text(value, "/State/StartedAt").starts_with("0001")),
        ..Bare::default()
    };
    (name.to_owned(), container)
}

/// A container as a runtime of Kubernetes tells it.
fn of_runtime(value: &Value, into: &mut Cluster) -> (String, Bare) {
    let status = |at: &str| text(value, &format!("/status{at}"));
    let reason = status("/reason");
    let state = match status("/state") {
        "CONTAINER_RUNNING" => State::Running,
        "CONTAINER_EXITED" => State::Terminated {
            // `Completed` and `Error` say no more than the code.
            reason: String::from(if reason == "OOMKilled" { reason } else { "" }),
            code: value.pointer("/status/exitCode").and_then(Value::as_i64).unwrap_or(0),
            message: status("/message").to_owned(),
            at: into.date(status("/finishedAt")),
        },
        _ => State::Unknown,
    };
    let container = Bare {
        image: status("/image/image").to_owned(),
        state,
        // The first attempt has the number 0.
        restarts: value.pointer("/status/metadata/attempt").and_then(Value::as_u64).unwrap_or(0) as u32,
        killed: reason == "OOMKilled",
        started: into.date(status("/startedAt")),
        ..Bare::default()
    };
    (status("/metadata/name").to_owned(), container)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_have_states() {
        let docker = serde_json::json!([{"Id": "ab12", "Name": "/crane", "RestartCount": 4,
            "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": true, "Error": "", "StartedAt": "2025-11-28T08:00:00Z", "FinishedAt": "2025-11-28T08:10:00.5Z"},
            "Config": {"Image": "crane:9"}, "HostConfig": {"Memory": 134_217_728}}]);
        let runtime = serde_json::json!({"status": {"id": "x", "metadata": {"name": "pilot", "attempt": 2}, "state": "CONTAINER_EXITED", "exitCode": 1, "reason": "Error", "finishedAt": "2025-11-28T08:10:00Z"}, "info": {}});
        let mut cluster = Cluster::default();
        for value in [&docker, &runtime] {
            let text = value.to_string();
            assert!(begins(&text), "{text}");
            put(&list(value).unwrap(), &Source::new(0, &text, 0), &mut cluster);
        }
        let crane = &cluster.containers[&Object::new(Kind::Container, "", "crane")];
        assert_eq!((crane.killed, crane.restarts, crane.limit.as_deref()), (true, 4, Some("128 MiB")));
        let pilot = &cluster.containers[&Object::new(Kind::Container, "", "pilot")];
        assert!(matches!(pilot.state, State::Terminated { code: 1, .. }));
        assert_eq!(list(&serde_json::json!([{"Id": 3}])), None);
    }
}
