//! Rules beside the labels of the server that runs them.

use super::{Check, Findings};
use crate::model::Labels;
use crate::rules::file::Rule;
use crate::rules::template;

pub(super) fn check(rule: &Rule, external: &Labels, findings: &mut Findings<'_>) {
    for (name, _) in rule.labels.iter().filter(|(name, _)| external.shared(name).is_some()) {
        let message = format!("label {name} is one of the server's external labels, too");
        findings.add(
            Check::ExternalLabel,
            message,
            Some("call it something else, or leave it to the server"),
        );
    }
    let annotations = rule.alerting().map_or(&[][..], |alerting| &alerting.annotations);
    let texts = rule.labels.iter().map(|pair| ("label", pair));
    let texts = texts.chain(annotations.iter().map(|pair| ("annotation", pair)));
    for (what, (name, text)) in texts.filter(|(_, (_, text))| text.contains("{{")) {
        let Ok(parsed) = template::parse(name, text) else { continue };
        let mentioned = template::mentions::external_labels(&parsed);
        for label in mentioned.into_iter().filter(|label| external.shared(label).is_none()) {
            let message =
                format!("{what} {name:?} uses $externalLabels.{label}, which the server does not set");
            findings.add(Check::ExternalLabel, message, Some("set it in global.external_labels"));
        }
    }
}
