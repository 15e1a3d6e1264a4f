//! Alerts as evidence: what was told of whom. What ran out or broke comes before what is felt; of those that feel the
//! same, the one that changed most.

use super::pods::brief;
use super::{Fault, View};
use crate::platform::object::Alert;
use crate::platform::{Kind, Object};
use crate::signatures::platform::alert_nature;
use crate::signatures::{Nature, Severity};

/// What alerts say, one fault for each object that they are about.
pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut told: Vec<((bool, u8), f64, Fault)> = Vec::new();
    for alert in &view.cluster.alerts {
        let said = alert.words.iter().map(|words| (alert_nature(words), change(words), words.as_str()));
        let best = said.max_by(|a, b| {
            (class(a.0), a.1).partial_cmp(&(class(b.0), b.1)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some((nature, times, _)) = best else { continue };
        let same: Vec<String> = alert
            .words
            .iter()
            .filter(|words| alert_nature(words) == nature)
            .map(|words| brief(words))
            .collect();
        let over = alert.spells.last().is_some_and(|spell| spell.to.is_some());
        let said = format!("alert{}: {}", if over { ", over by now" } else { "" }, same.join("; "));
        let fault = Fault::new("alert", about(view, alert), said, alert.place.clone());
        told.push(((!over, class(nature)), times, fault.nature(nature).at_times(&alert.spells)));
    }
    told.sort_by(|a, b| (b.0, b.1).partial_cmp(&(a.0, a.1)).unwrap_or(std::cmp::Ordering::Equal));
    let faults = told
        .into_iter()
        .enumerate()
        .map(|(at, (.., fault))| fault.severity(if at == 0 { Severity::High } else { Severity::Medium }));
    faults.collect()
}

/// What explains more is greater.
fn class(nature: Nature) -> u8 {
    match nature {
        Nature::Resource => 3,
        Nature::Fault => 2,
        Nature::Symptom => 1,
        Nature::Context => 0,
    }
}

/// Whose an alert is.
fn about(view: &View<'_>, alert: &Alert) -> Object {
    let object = Object::new(alert.kind.unwrap_or(Kind::Service), &alert.namespace, &alert.about);
    if object.kind == Kind::Pod { view.owners.top(&object) } else { object }
}

/// How many times as much as it was, by `A -> B` in its words: `4.8 ms -> 84 ms`. What is shown as nothing is less than
/// half of its last digit.
fn change(words: &str) -> f64 {
    let times = words.match_indices("->").filter_map(|(at, arrow)| {
        let (before, whole) = last_number(&words[..at])?;
        let (after, _) = first_number(&words[at + arrow.len()..])?;
        Some(after / before.max(whole / 2.0))
    });
    times.fold(1.0, f64::max)
}

/// The last number of a text, and what one in its last digit is.
fn last_number(text: &str) -> Option<(f64, f64)> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = text[..end].rfind(|c: char| !c.is_ascii_digit() && c != '.').map_or(0, |at| at + 1);
    number(&text[start..end])
}

fn first_number(text: &str) -> Option<(f64, f64)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let end =
        text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |at| start + at);
    number(&text[start..end])
}

fn number(text: &str) -> Option<(f64, f64)> {
    let text = text.trim_end_matches('.');
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    Some((text.parse().ok()?, 10.0_f64.powi(-(digits as i32))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_from_words() {
        assert_eq!(change("p90 of crane: 4.00 ms -> 84.00 ms"), 21.0);
        assert_eq!(change("berth 0.00 -> 6.00"), 1_200.0);
        assert_eq!(change("p50: 1.0 -> 2.0 | p90: 1.0 -> 9.0"), 9.0);
        assert_eq!(change("is slow"), 1.0);
        assert_eq!(change("-> ->"), 1.0);
    }
}
