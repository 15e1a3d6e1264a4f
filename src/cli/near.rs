//! Names that a mistyped one was probably meant to be.

use std::collections::BTreeSet;

/// Names that are compared have at most so many letters.
const LONGEST: usize = 200;

/// Names that are offered.
const OFFERED: usize = 3;

/// The names that are near to `name`, the nearest first: a few letters apart, or with it in them.
pub(super) fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let names: BTreeSet<&str> = names.collect();
    let distance = |known: &str| strsim::osa_distance(&known.to_lowercase(), &name.to_lowercase());
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|known| known.len().max(name.len()) <= LONGEST)
        .map(|known| (distance(known), known))
        .filter(|(distance, known)| {
            *distance <= 1 + name.len() / 4 && *distance < name.len().max(2)
                || known.contains(name) && name.len() > 2
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED).map(|(_, known)| known).collect()
}

/// The name that has most in common with `name`: the most of its words, parted by underscores and dots, then the fewest
/// letters that differ.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let words = |name: &'_ str| -> BTreeSet<String> {
        name.split(['_', '.', ':']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let wanted = words(name);
    let rank = |known: &&'n str| {
        let common = words(known).intersection(&wanted).count();
        (common, std::cmp::Reverse(strsim::osa_distance(known, name)), std::cmp::Reverse(*known))
    };
    names
        .filter(|known| known.len().max(name.len()) <= LONGEST && !words(known).is_disjoint(&wanted))
        .max_by_key(rank)
}

/// `did you mean level?`, if one of the names is near.
pub(super) fn did_you_mean<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let near = near(name, names);
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// `; did you mean …?`, or the names that are there.
pub(super) fn instead<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.collect();
    if let Some(meant) = did_you_mean(name, names.iter().copied()) {
        return format!("; {meant}");
    }
    let listed: Vec<&str> = names.iter().copied().take(8).collect();
    let more = names.len().saturating_sub(listed.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("; there are {}{more}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_offered_and_what_is_not_is_not() {
        let names = ["level", "service", "status", "user", "active_connections"];
        let near = |name: &str| near(name, names.into_iter()).join(" ");
        for (typed, wanted) in [
            ("levl", "level"),
            ("servce", "service"),
            ("Staus", "status"),
            ("conn", "active_connections"),
            ("gateway", ""),
            ("x", ""),
        ] {
            assert_eq!(near(typed), wanted, "{typed}");
        }
        let metrics = ["node_load1", "node_procs_running", "node_procs_blocked", "up"];
        assert_eq!(nearest("node_procs_states", metrics.into_iter()), Some("node_procs_blocked"));
        assert_eq!(nearest("zzz", metrics.into_iter()), None);
        assert_eq!(instead("levl", names.into_iter()), "; did you mean level?");
        assert!(instead("zzzz", names.into_iter()).starts_with("; there are active_connections, level"));
    }
}
