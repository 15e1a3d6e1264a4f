//! What entries say, in their own words: the part by which a failure was known, as it stands in the file.

use super::hypothesis::Sign;
use crate::detect::Detector;
use crate::detect::failure::FAILURE;
use crate::timeline::observe::What;
use crate::timeline::observe::clip;
use crate::timeline::scene::Scene;

/// How long a quotation may be.
const LONGEST: usize = 70;

/// What an entry says by which a failure was known; what is told by its own words already needs no more.
pub(super) fn quoted(scene: &Scene<'_>, lead: &Sign) -> Option<String> {
    let kind = *lead.kinds.first().filter(|_| !lead.what.contains('“'))?;
    if scene.kinds[kind].0.what != What::Template {
        return None;
    }
    match crate::detect::named(scene, lead.detector) {
        Some(detector) if !detector.words().is_empty() => Some(told_by(scene, kind, lead.detector)),
        // What is known by the grammar of its words alone is best told by them.
        Some(detector) if detector.name() == FAILURE.name() => Some(gist(scene, kind)),
        _ => None,
    }
}

/// The part of what a kind of entry says in which a detector found its words.
pub(super) fn told_by(scene: &Scene<'_>, kind: usize, detector: &str) -> String {
    let words = crate::detect::named(scene, detector).map_or_else(Vec::new, Detector::words);
    let (kind, signal) = &scene.kinds[kind];
    let part = kind.text.split('|').find(|part| words.iter().any(|word| part.contains(word)));
    let part = part.unwrap_or(&kind.text).trim();
    let raw = String::from_utf8_lossy(&signal.example.text);
    spoken(part, &raw).unwrap_or_else(|| clip(part, LONGEST))
}

/// The first words of what a kind of entry says, with what its fields say of the error, as they stand in the file.
pub(super) fn gist(scene: &Scene<'_>, kind: usize) -> String {
    let (kind, signal) = &scene.kinds[kind];
    let raw = String::from_utf8_lossy(&signal.example.text);
    let own = |part: &str| as_it_stands(part, &raw).unwrap_or_else(|| part.to_owned());
    let mut said = own(&kind.gist());
    for part in kind.text.split(" | ").skip(1).filter(|part| !part.is_empty()) {
        let more = own(part);
        if said.contains(&more) || said.chars().count() + more.chars().count() > 2 * LONGEST {
            break;
        }
        said.push_str(": ");
        said.push_str(&more);
    }
    said
}

/// A text in the letters of an entry: as long as it is where no value is masked in it, else up to where it ends there.
fn as_it_stands(text: &str, raw: &str) -> Option<String> {
    let opens = [' ', ':', '=', ',', '(', '[', '{'];
    if text.contains('#') {
        return spoken(text, raw).map(|said| said.trim_end_matches(opens).to_owned());
    }
    let at = raw.to_ascii_lowercase().find(text)?;
    raw.get(at..at + text.len()).map(str::to_owned)
}

/// Where a masked text stands in an entry, with its values and in its own letters: from where it begins, or else from
/// its longest words without a value.
fn spoken(masked: &str, raw: &str) -> Option<String> {
    const FEWEST: usize = 4;
    let lower = raw.to_ascii_lowercase();
    let mut parts = masked.split('#').map(|part| part.trim_matches([' ', ':', '-', '(', '"', '=']));
    let first = parts.clone().next().filter(|part| part.len() >= FEWEST);
    let part = first.or_else(|| parts.by_ref().max_by_key(|part| part.len()))?;
    let at = (part.len() >= FEWEST).then(|| lower.find(part)).flatten()?;
    let rest = raw.get(at..)?;
    let end = rest.find(['"', '\n', '\\', '“']).unwrap_or(rest.len());
    Some(clip(rest[..end].trim_end(), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_where_it_ended() {
        for (text, raw, expected) in [
            ("giving up on this one", r#"Giving up on this one {"id": 7}"#, Some("Giving up on this one")),
            ("gave up after # s", "Gave up after 5 s {", Some("Gave up after 5 s")),
            ("gone", "nothing of that", None),
        ] {
            assert_eq!(as_it_stands(text, raw).as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn entries_are_quoted_as_they_stand() {
        for (masked, raw, expected) in [
            (
                "starting shop v# using java #",
                r#"{"msg":"Starting Shop v1.52.0 using Java 21","x":1}"#,
                Some("Starting Shop v1.52.0 using Java 21"),
            ),
            (
                "# # eth#: nic link is down",
                "[1.2] bnx2x 0000:04 eth2: NIC Link is Down",
                Some("NIC Link is Down"),
            ),
            ("timeout\u{e9} # of #", "nothing of that", None),
            ("# #", "1 2", None),
        ] {
            assert_eq!(spoken(masked, raw).as_deref(), expected, "{raw}");
        }
    }
}
