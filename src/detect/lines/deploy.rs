//! Lines by which the signatures of this family (deploy) are known, and lines that look like it.

use crate::detect::tests::{check, found};
use crate::model::Level;

#[test]
fn changes_by_people_are_context() {
    check(
        "deploy",
        &[
            "info: release 2025.3.1 activated",
            "info: Starting TariffStoreApplication v1.52.0 using Java 21.0.2 with PID 1 (version: 1.52.0, commit: d3980f1)",
            "info: deployment checkout-7f9c rolled out",
            "info: booting sessions",
        ],
        &["order failed", "info: Booting worker with pid: 12"],
    );
    check(
        "configuration",
        &[
            "info: feature flag 'fast-path' set to true",
            "info: reloading configuration",
            "info: Applied settings from consul: pool.max=5",
            "info: received SIGHUP, reloading configuration files",
            "info: feature flag night-rate enabled",
            "info: applying change CHG-8812: pool=core desired 24 -> 3",
            "info: ruleset 2019-07-02.4 activated: 1 rule added",
        ],
        &["order failed"],
    );
    for (count, expected) in [(1, true), (9, false)] {
        let mut day: Vec<(i64, Option<Level>, &str)> =
            (0..1200).map(|i| (i * 3, Some(Level::Info), "order received")).collect();
        day.extend((0..count).map(|i| (900 + i * 300, None, "(root) CMD (/usr/local/bin/full-backup.sh)")));
        let found = found(&day);
        assert_eq!(found.iter().any(|finding| finding.detector == "job"), expected, "{count}");
    }
}
