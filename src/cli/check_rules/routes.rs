//! Who would be told of an alert, and the tree of routes by which that is found.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::Form;
use crate::cli::out;
use crate::model::{Error, Labels, Timestamp};
use crate::report::{Cell, Column, Page, Report, Section, Table, Untrusted};
use crate::rules::alertmanager::config::Config as Alertmanager;
use crate::rules::duration;
use crate::rules::file::RuleFile;

/// Who would be told.
#[derive(Debug, Serialize)]
pub(super) struct Routes {
    /// In the order of the routes, once for each route that ends there.
    pub receivers: Vec<String>,
    /// Those of them that would be muted then, and why.
    muted: Vec<(String, String)>,
    /// Why each of them would be muted, if it would.
    #[serde(skip)]
    reasons: Vec<Option<String>>,
}

/// Who would be told of an alert with these labels: by Alertmanager's routes, and by those of the short form.
pub(super) fn told(
    labels: &Labels,
    at: Option<Timestamp>,
    alertmanager: Option<&Alertmanager>,
    files: &[RuleFile],
) -> Routes {
    let mut routes = Routes { receivers: Vec::new(), muted: Vec::new(), reasons: Vec::new() };
    if let Some(config) = alertmanager {
        for route in config.matching(labels) {
            let receiver = &config.routes[route].receiver;
            let why = at.and_then(|at| config.muted(route, at.millis()));
            if let Some(why) = &why {
                routes.muted.push((receiver.clone(), why.clone()));
            }
            routes.receivers.push(receiver.clone());
            routes.reasons.push(why);
        }
    }
    for channel in
        files.iter().filter_map(|file| file.short.as_ref()).flat_map(|short| short.channels(labels))
    {
        if !routes.receivers.contains(&channel) {
            routes.receivers.push(channel);
            routes.reasons.push(None);
        }
    }
    routes
}

impl Routes {
    /// Writes who would be told, on one line as `amtool config routes test` does.
    pub(super) fn write(&self, form: Form, page: Page) -> Result<(), Error> {
        let each = || self.receivers.iter().zip(&self.reasons);
        if form == Form::Table {
            let told = each().map(|(receiver, why)| match why {
                Some(why) => format!("{receiver} (muted by {why})"),
                None => receiver.clone(),
            });
            let text: Untrusted = told.collect::<Vec<_>>().join(",").into();
            return out::write_text(format!("{}\n", text.line()).as_bytes());
        }
        let mut table = Table::new(vec![Column::text("receiver"), Column::text("muted by")]);
        for (receiver, why) in each() {
            table.row(vec![Cell::text(receiver.as_str()), Cell::text(why.as_deref().unwrap_or(""))]);
        }
        let mut report = Report::new();
        report.push(Section::Table(table));
        out::write_report(form, page, &report, ("obs.check-rules-receivers/1", self))
    }
}

/// The marks before a route that is the last of its siblings, and before one that is not; what stands below them.
const LAST: (&str, &str) = ("└── ", "    ");
const MORE: (&str, &str) = ("├── ", "│   ");

/// Writes the tree of routes as `amtool config routes show` does; with labels only the routes that alerts with these
/// labels go to, and the way there.
pub(super) fn write_tree(
    form: Form,
    page: Page,
    config: &Alertmanager,
    labels: Option<&Labels>,
) -> Result<(), Error> {
    let matching = labels.map(|labels| config.matching(labels));
    let shown =
        |route: usize| matching.as_ref().is_none_or(|found| found.iter().any(|at| leads(config, route, *at)));
    if form != Form::Table {
        let mut table = Table::new(vec![Column::text("route"), Column::text("receiver")]);
        for route in (0..config.routes.len()).filter(|route| shown(*route)) {
            let of = &config.routes[route];
            table.row(vec![Cell::text(slug(config, route)), Cell::text(of.receiver.as_str())]);
        }
        let mut report = Report::new();
        report.push(Section::Table(table));
        let tree = if config.routes.is_empty() { Json::Null } else { route_json(config, 0, &shown) };
        return out::write_report(
            form,
            page,
            &report,
            ("obs.check-rules-routes/1", &json!({ "routes": tree })),
        );
    }
    let title = if labels.is_some() { "Matching routes:" } else { "Routing tree:" };
    let mut lines = vec![title.to_owned(), ".".to_owned()];
    if !config.routes.is_empty() {
        let tree = Tree { config, shown: &shown, matching: matching.as_deref() };
        tree.branch(0, "", true, &mut lines);
    }
    let text: Vec<String> = lines.into_iter().map(|line| Untrusted::from(line).line()).collect();
    out::write_text(format!("{}\n", text.join("\n")).as_bytes())
}

/// Is `below` the route itself or one below it?
fn leads(config: &Alertmanager, route: usize, below: usize) -> bool {
    route == below || config.routes[route].children.iter().any(|&child| leads(config, child, below))
}

struct Tree<'t> {
    config: &'t Alertmanager,
    shown: &'t dyn Fn(usize) -> bool,
    /// The routes that alerts go to, if it is asked where some go.
    matching: Option<&'t [usize]>,
}

impl Tree<'_> {
    fn branch(&self, route: usize, indent: &str, is_last: bool, lines: &mut Vec<String>) {
        let (mark, below) = if is_last { LAST } else { MORE };
        let of = &self.config.routes[route];
        let goes_on = if of.goes_on && self.matching.is_none() { "  continue: true" } else { "" };
        let ends_here = self.matching.is_none_or(|matching| matching.contains(&route));
        let receiver = if ends_here { format!("  receiver: {}", of.receiver) } else { String::new() };
        lines.push(format!("{indent}{mark}{}{goes_on}{receiver}", slug(self.config, route)));
        let children: Vec<usize> = of.children.iter().copied().filter(|child| (self.shown)(*child)).collect();
        for (place, child) in children.iter().enumerate() {
            self.branch(*child, &format!("{indent}{below}"), place + 1 == children.len(), lines);
        }
    }
}

/// What a route asks of alerts.
fn slug(config: &Alertmanager, route: usize) -> String {
    let matchers = &config.routes[route].matchers;
    if matchers.is_empty() {
        return "default-route".to_owned();
    }
    let mut matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    matchers.sort();
    format!("{{{}}}", matchers.join(","))
}

fn route_json(config: &Alertmanager, route: usize, shown: &dyn Fn(usize) -> bool) -> Json {
    let of = &config.routes[route];
    let children = of.children.iter().filter(|child| shown(**child));
    json!({
        "receiver": of.receiver,
        "matchers": of.matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "continue": of.goes_on,
        "group_by": of.group_by,
        "group_wait": duration::text(of.group_wait),
        "group_interval": duration::text(of.group_interval),
        "repeat_interval": duration::text(of.repeat_interval),
        "mute_time_intervals": of.mute,
        "active_time_intervals": of.active,
        "routes": children.map(|child| route_json(config, *child, shown)).collect::<Vec<_>>(),
    })
}
