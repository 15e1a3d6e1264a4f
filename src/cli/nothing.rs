//! What is said where there was nothing to look at: that nothing is wrong would be no answer.

use super::near::{did_you_mean, instead};
use super::session::Session;
use crate::model::{Account, Diagnostic, Role};
use crate::report::account::{counted, span};

/// Why no entry was looked at.
pub(super) fn sentence(session: &mut Session, asked: &[String], account: &Account) -> String {
    let there = account.entries + account.unparsed;
    if there == 0 {
        return "there was nothing to read.".to_owned();
    }
    let when =
        account.from.zip(account.to).map_or(String::new(), |(from, to)| format!(", {}", span(from, to)));
    explain(session, asked, account);
    format!("none of {} is what was asked for{when}.", counted(there, "entry", "entries"))
}

/// Says what may be the reason that nothing was found: a name that no entry has, a time that no entry is at.
pub(super) fn explain(session: &mut Session, asked: &[String], account: &Account) {
    for name in asked {
        if !names(session).contains(&name.as_str()) {
            absent(session, "--where", name);
        }
    }
    let Some((from, to)) = account.from.zip(account.to) else { return };
    if let Some(relative) = session.relative.take().filter(|relative| relative.at > to) {
        let typed = &relative.typed;
        let message = format!("--since {typed} counts from now: the data ends before, {}", span(from, to));
        let hint = format!("--since {} counts from the end of the data", relative.instead);
        session.diagnostics.push(Diagnostic::warning("", message).hinted(hint));
    }
}

/// Says which names of conditions were probably meant otherwise: no sample has them, and one that is near.
pub(super) fn misspelt(session: &mut Session, asked: &[String]) {
    for name in asked {
        let known = names(session);
        if known.contains(&name.as_str()) {
            continue;
        }
        if let Some(meant) = did_you_mean(name, known.into_iter()) {
            let message = format!("--where: no sample of the logs has a value of {name}; {meant}");
            session
                .diagnostics
                .push(Diagnostic::warning("", message).hinted("obs fields tells what there is"));
        }
    }
}

/// Says that no entry has a value of the name that an option gave, and which was probably meant.
pub(super) fn absent(session: &mut Session, option: &str, name: &str) {
    let is_field = session
        .inputs
        .logs
        .iter()
        .filter_map(|log| log.profile())
        .any(|p| p.keys.iter().any(|key| key == name));
    let others = names(session).into_iter().filter(|known| *known != name);
    let message = if is_field {
        format!("{option}: no entry has a number in {name}")
    } else {
        format!("{option}: no entry has a value of {name}{}", instead(name, others))
    };
    session.diagnostics.push(Diagnostic::warning("", message).hinted("obs fields tells what there is"));
}

/// The roles, and the fields that were seen.
fn names(session: &Session) -> Vec<&str> {
    let profiles = session.inputs.logs.iter().filter_map(|log| log.profile());
    let fields = profiles.flat_map(|profile| profile.keys.iter().map(String::as_str));
    Role::ALL.iter().map(|role| role.name()).chain(fields).collect()
}
