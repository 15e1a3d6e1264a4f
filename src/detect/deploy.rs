//! What somebody changed or began: versions, configuration, flags, scheduled jobs. Context, no failure.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A version went out.
pub static DEPLOY: Family = Family {
    name: "deploy",
    about: "versions that were deployed or started: context",
    what: "deploy or start of a version",
    severity: Severity::Low,
    nature: Nature::Context,
    least: Level::Debug,
    rises: false,
    phrases: &[
        says_but(3, &["starting", "version"], &["tls"]),
        says_but(3, &["starting", "v#"], &["tls"]),
        says_but(3, &["started", "version"], &["tls"]),
        says_but(2, &["starting", " #"], &["tls", "job", "batch", "transaction", "worker", "thread"]),
        says_but(
            2,
            &["started", " #"],
            &["tls", "job", "batch", "transaction", "worker", "thread", "seconds"],
        ),
        says(3, &["deploy"]),
        says(3, &["rollout"]),
        says(3, &["rolling out"]),
        says(3, &["rolled back"]),
        says(3, &["rollback to"]),
        says(3, &["release", "version"]),
        says(3, &["new version"]),
        says(3, &["now running version"]),
        says(3, &["image", "pulled"]),
        says(3, &["migration", "applied"]),
        says(3, &["applied migration"]),
        says(3, &["running migration"]),
        says(3, &["scaled", "replica"]),
        says_but(2, &["booting"], &["worker", "with pid"]),
        says(2, &["server listening", "version"]),
        says(3, &["release", "activated"]),
        says(3, &["to production", "promoted"]),
        says(3, &["upgraded from", "to"]),
        says(3, &["switched to version"]),
    ],
    unless: &["deployment.environment", "client build", "checkpoint", "vacuum", "backup"],
    most: Some(24),
    gauge: None,
};

/// Configuration or a flag changed.
pub static CONFIGURATION: Family = Family {
    name: "configuration",
    about: "configuration, feature flags and schemas that were changed: context",
    what: "configuration changed",
    severity: Severity::Low,
    nature: Nature::Context,
    least: Level::Debug,
    rises: false,
    phrases: &[
        says(3, &["config", "reloaded"]),
        says(3, &["configuration", "reloaded"]),
        says(3, &["config", "changed"]),
        says(3, &["configuration", "changed"]),
        says(3, &["config", "updated"]),
        says(3, &["configuration", "updated"]),
        says(3, &["config", "applied"]),
        says(3, &["configuration applied"]),
        says(3, &["received sighup"]),
        says(3, &["flag", "enabled"]),
        says(3, &["flag", "disabled"]),
        says(3, &["flag", "changed"]),
        says(3, &["flag", "switched"]),
        says(3, &["toggle", "switched"]),
        says(3, &["toggle", "changed"]),
        says(3, &["toggle", "enabled"]),
        says(3, &["parameter", "changed to"]),
        says(3, &["secret", "rotated"]),
        says(3, &["key", "rotated"]),
        says(3, &["settings", "changed"]),
        says(3, &["drop index"]),
        says(3, &["dropped index"]),
        says(3, &["index dropped"]),
        says(3, &["alter table"]),
        says(3, &["drop table"]),
        says(3, &["applying change"]),
        says(3, &["applied change"]),
        says(3, &["change applied"]),
        says(3, &["desired", "->"]),
        says(3, &["scaled down"]),
        says(3, &["scaling down"]),
        says(3, &["scaling in"]),
        says(3, &["terminated instance"]),
        says(3, &["terminating instance"]),
        says(3, &["rule", "activated"]),
        says(3, &["rules", "reloaded"]),
        says(3, &["rules", "updated"]),
        says(3, &["rules", "published"]),
        says(3, &["policy", "updated"]),
        says(3, &["policy", "changed"]),
        says(3, &["flag", "updated"]),
        says(3, &["cache", "flushed"]),
        says(3, &["cache", "purged"]),
        says(3, &["flushall"]),
        says(3, &["reloading config"]),
        says(3, &["config reload"]),
        says(3, &["flag", "set to"]),
        says(3, &["applied settings"]),
        says(3, &["settings applied"]),
        says(3, &["applied configuration"]),
    ],
    unless: &["unchanged", "not changed"],
    most: Some(24),
    gauge: None,
};

/// A scheduled job begins.
pub static JOB: Family = Family {
    name: "job",
    about: "scheduled jobs that begin and are no routine of the day: context",
    what: "a scheduled job starts",
    severity: Severity::Low,
    nature: Nature::Context,
    least: Level::Debug,
    rises: false,
    phrases: &[
        says(3, &[") cmd ("]),
        says(3, &["starting", "backup"]),
        says(3, &["started", "backup"]),
        says(3, &["backup", "begins"]),
        says(3, &["starting daily"]),
        says(3, &["starting weekly"]),
        says(3, &["starting nightly"]),
        says(3, &["nightly", "started"]),
        says(3, &["starting monthly"]),
        says(3, &["scheduled", "job", "start"]),
        says(3, &["cron", "start"]),
        says(3, &["cronjob", "created"]),
        says(3, &["starting reindex"]),
        says(3, &["reindex", "started"]),
        says(3, &["starting", "export"]),
        says(3, &["starting", "dump"]),
        says(3, &["starting", "batch"]),
        says(3, &["batch", "started"]),
        says(3, &["bulk", "started"]),
        says(3, &["starting bulk"]),
        says(3, &["job", "started"]),
        says(3, &["starting job"]),
    ],
    unless: &["finished"],
    // What comes again and again did no harm before.
    most: Some(3),
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{check, found};
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
            day.extend(
                (0..count).map(|i| (900 + i * 300, None, "(root) CMD (/usr/local/bin/full-backup.sh)")),
            );
            let found = found(&day);
            assert_eq!(found.iter().any(|finding| finding.detector == "job"), expected, "{count}");
        }
    }
}
