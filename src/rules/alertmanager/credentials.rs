//! What Alertmanager wants to know of each integration before it starts: keys, addresses and URLs. None of them is
//! ever used here; that one is missing, or given twice, can be told all the same.

use crate::rules::fields::{Fields, Reader};
use crate::rules::yaml::Node;

/// Something that an integration has to have.
struct Need {
    /// The integration.
    kind: &'static str,
    /// One of these fields has it …
    fields: &'static [&'static str],
    /// … or one of these of `global`.
    global: &'static [&'static str],
    /// What Alertmanager says otherwise.
    otherwise: &'static str,
}

const fn need(
    kind: &'static str,
    fields: &'static [&'static str],
    global: &'static [&'static str],
    otherwise: &'static str,
) -> Need {
    Need { kind, fields, global, otherwise }
}

const NEEDS: &[Need] = &[
    need(
        "opsgenie",
        &["api_key", "api_key_file"],
        &["opsgenie_api_key", "opsgenie_api_key_file"],
        "no global OpsGenie API Key set either inline or in a file (api_key)",
    ),
    need(
        "slack",
        &["api_url", "api_url_file", "app_token", "app_token_file"],
        &["slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"],
        "no global Slack API URL set either inline or in a file (api_url)",
    ),
    need(
        "victorops",
        &["api_key", "api_key_file"],
        &["victorops_api_key", "victorops_api_key_file"],
        "no global VictorOps API Key set (api_key)",
    ),
    need("victorops", &["routing_key"], &[], "missing Routing key in VictorOps config (routing_key)"),
    need(
        "pagerduty",
        &["routing_key", "routing_key_file", "service_key", "service_key_file"],
        &[],
        "missing service or routing key in PagerDuty config (routing_key, service_key)",
    ),
    need("webhook", &["url", "url_file"], &[], "one of url or url_file must be configured"),
    need("email", &["to"], &[], "missing to address in email config (to)"),
    need("email", &["smarthost"], &["smtp_smarthost"], "no global SMTP smarthost set (smarthost)"),
    need("email", &["from"], &["smtp_from"], "no global SMTP from set (from)"),
    need(
        "pushover",
        &["user_key", "user_key_file"],
        &[],
        "one of user_key or user_key_file must be configured",
    ),
    need("pushover", &["token", "token_file"], &[], "one of token or token_file must be configured"),
    need(
        "sns",
        &["target_arn", "topic_arn", "phone_number"],
        &[],
        "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config",
    ),
    need(
        "telegram",
        &["bot_token", "bot_token_file"],
        &["telegram_bot_token", "telegram_bot_token_file"],
        "missing bot_token or bot_token_file on telegram_config",
    ),
    need("telegram", &["chat_id", "chat_id_file"], &[], "missing chat_id on telegram_config"),
    need(
        "wechat",
        &["api_secret", "api_secret_file"],
        &["wechat_api_secret", "wechat_api_secret_file"],
        "no global Wechat Api Secret set (api_secret)",
    ),
    need("wechat", &["corp_id"], &["wechat_api_corp_id"], "no global Wechat CorpID set (corp_id)"),
    need(
        "discord",
        &["webhook_url", "webhook_url_file"],
        &[],
        "one of webhook_url or webhook_url_file must be configured",
    ),
    need(
        "msteams",
        &["webhook_url", "webhook_url_file"],
        &[],
        "one of webhook_url or webhook_url_file must be configured",
    ),
    need(
        "msteamsv2",
        &["webhook_url", "webhook_url_file"],
        &[],
        "one of webhook_url or webhook_url_file must be configured",
    ),
    need("webex", &["room_id"], &[], "missing room_id on webex_config"),
    need("webex", &["http_config"], &["http_config"], "missing webex http_config.authorization"),
    need("jira", &["api_url"], &["jira_api_url"], "no global Jira Cloud URL set (api_url)"),
    need("jira", &["project"], &[], "missing project in jira_config"),
    need("jira", &["issue_type"], &[], "missing issue_type in jira_config"),
    need(
        "rocketchat",
        &["token", "token_file"],
        &["rocketchat_token", "rocketchat_token_file"],
        "no global Rocketchat Token set either inline or in a file (token)",
    ),
    need(
        "rocketchat",
        &["token_id", "token_id_file"],
        &["rocketchat_token_id", "rocketchat_token_id_file"],
        "no global Rocketchat TokenID set either inline or in a file (token_id)",
    ),
];

/// Endings of the names of fields that hold an address of the web.
const URLS: [&str; 3] = ["url", "api_url", "webhook_url"];

/// Looks at `global`.
pub(super) fn check_global(reader: &mut Reader, fields: &Fields<'_>) {
    let Some(global) = fields.get("global").and_then(Node::map) else { return };
    given_twice(reader, global);
    for (key, value) in global {
        let name = key.text().unwrap_or("");
        if name.ends_with("_url") {
            url(reader, name, value);
        } else if name == "smtp_smarthost" {
            address(reader, value);
        }
    }
}

/// Looks at an integration.
pub(super) fn check(reader: &mut Reader, kind: &str, integration: &Node, global: Option<&Node>) {
    let pairs = integration.map().unwrap_or_default();
    let has = |node: &Node, names: &[&str]| {
        names
            .iter()
            .any(|name| node.get(name).is_some_and(|value| !value.is_null() && value.text() != Some("")))
    };
    for need in NEEDS.iter().filter(|need| need.kind == kind) {
        if !has(integration, need.fields) && !global.is_some_and(|global| has(global, need.global)) {
            reader.problem(integration.place, need.otherwise);
        }
    }
    given_twice(reader, pairs);
    for (key, value) in pairs {
        match key.text().unwrap_or("") {
            name if URLS.contains(&name) => url(reader, name, value),
            "smarthost" => address(reader, value),
            _ => {}
        }
    }
}

/// A secret stands in the configuration or in a file, not in both.
fn given_twice(reader: &mut Reader, pairs: &[(Node, Node)]) {
    let is_given = |name: &str| {
        pairs
            .iter()
            .any(|(key, value)| key.text() == Some(name) && value.text().is_some_and(|text| !text.is_empty()))
    };
    for (key, _) in pairs {
        let Some(name) = key.text().and_then(|name| name.strip_suffix("_file")) else { continue };
        if is_given(name) && is_given(&format!("{name}_file")) {
            reader.problem(key.place, format!("at most one of {name} & {name}_file must be configured"));
        }
    }
}

/// An address of the web has a scheme and a host. What is a template, or hidden, is not looked at.
fn url(reader: &mut Reader, name: &str, value: &Node) {
    let Some(text) = value.text().filter(|text| !text.is_empty()) else { return };
    if text.contains("{{") || matches!(text, "<secret>") {
        return;
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if !matches!(scheme, "http" | "https") {
        reader.problem(value.place, format!("unsupported scheme {scheme:?} for URL ({name})"));
    } else if rest.split(['/', '?', '#']).next().is_none_or(str::is_empty) {
        reader.problem(value.place, format!("missing host for URL ({name})"));
    }
}

/// `host:port`.
fn address(reader: &mut Reader, value: &Node) {
    let Some(text) = value.text().filter(|text| !text.is_empty()) else { return };
    let message = match text.rsplit_once(':') {
        None => format!("address {text}: missing port in address"),
        Some((_, "")) => format!("address {text:?}: port cannot be empty"),
        Some((host, _)) if host.contains(':') && !host.starts_with('[') => {
            format!("address {text}: too many colons in address")
        }
        Some(_) => return,
    };
    reader.problem(value.place, message);
}

#[cfg(test)]
mod tests {
    use super::super::config::parse;

    fn problems(global: &str, receiver: &str) -> Vec<String> {
        let text =
            format!("global: {global}\nroute: {{receiver: a}}\nreceivers:\n- {{name: a, {receiver}}}\n");
        parse(&text).problems.iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn what_alertmanager_refuses_is_refused() {
        for (global, receiver, expected) in [
            ("{}", "opsgenie_configs: [{}]", "no global OpsGenie API Key set"),
            ("{opsgenie_api_key: x}", "opsgenie_configs: [{}]", ""),
            (
                "{}",
                "opsgenie_configs: [{api_key: x, api_key_file: y}]",
                "at most one of api_key & api_key_file",
            ),
            ("{}", "slack_configs: [{channel: a}]", "no global Slack API URL set"),
            ("{slack_api_url: 'http://a/b'}", "slack_configs: [{channel: a}]", ""),
            ("{}", "slack_configs: [{api_url: 'a/b'}]", "unsupported scheme"),
            ("{}", "webhook_configs: [{url: 'http://'}]", "missing host for URL"),
            ("{}", "webhook_configs: [{}]", "one of url or url_file must be configured"),
            ("{}", "pagerduty_configs: [{}]", "missing service or routing key"),
            ("{smtp_from: a, smtp_smarthost: host}", "email_configs: [{to: b}]", "missing port in address"),
            ("{smtp_from: a, smtp_smarthost: 'host:25'}", "email_configs: [{to: b}]", ""),
            ("{smtp_smarthost: 'host:25'}", "email_configs: [{to: b}]", "no global SMTP from set"),
            ("{}", "telegram_configs: [{bot_token: x}]", "missing chat_id"),
            ("{}", "sns_configs: [{}]", "Target ARN, Topic ARN, or Phone Number"),
            ("{}", "discord_configs: [{}]", "one of webhook_url or webhook_url_file"),
            ("{victorops_api_key: x}", "victorops_configs: [{}]", "missing Routing key"),
        ] {
            let found = problems(global, receiver);
            match expected {
                "" => assert!(found.is_empty(), "{global} {receiver}: {found:?}"),
                expected => {
                    assert!(
                        found.len() == 1 && found[0].contains(expected),
                        "{global} {receiver}: {found:?}"
                    );
                }
            }
        }
    }
}
