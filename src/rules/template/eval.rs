//! Runs a template: walks the tree, keeps variables, and stops what would not end.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::functions::{self, Dialect};
use super::parse::{Command, Definition, Node, Operand, Pipe, Template};
use super::time::{self, Moment};
use super::value::{Sample, Value};
use super::{Context, Query};

/// Templates may call each other this deep.
const MAX_CALLS: usize = 50;
/// Nodes that may be executed.
const MAX_STEPS: u64 = 50_000;
/// Queries that may be run.
const MAX_QUERIES: usize = 100;
/// Lists of nodes that may be inside one another, the templates that are called included.
const MAX_DEPTH: usize = 500;
/// Bytes that may be written.
const MAX_OUTPUT: usize = 1 << 20;

/// Prometheus puts definitions of variables before each template, and its messages count their columns, too.
const PROLOGUE: usize = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
{{$externalURL := .ExternalURL}}{{$value := .Value}}"
    .len();

/// What is around a template.
pub(super) struct World<'r> {
    pub dialect: Dialect,
    /// Templates of other files, by name.
    pub library: &'r BTreeMap<String, Definition>,
    /// The time of evaluation, in milliseconds.
    pub at: i64,
    /// The address of the server.
    pub external_url: &'r str,
    /// Runs a query.
    pub query: Option<&'r Query<'r>>,
    /// Is what is printed escaped for HTML?
    pub html: bool,
    /// Steps that may still be taken, by this template and others.
    pub steps: &'r Cell<u64>,
}

/// One execution of a template.
pub(super) struct Run<'r> {
    template: &'r Template,
    world: World<'r>,
    variables: Vec<(String, Value)>,
    out: String,
    steps: u64,
    calls: usize,
    queries: usize,
    depth: usize,
    /// The template that is being executed, for messages.
    name: String,
    /// The text that it is part of.
    source: Arc<str>,
    patterns: HashMap<String, Rc<Regex>>,
}

/// Why a list of nodes ended.
enum Flow {
    Through,
    Break,
    Continue,
}

/// The text a template makes of what it may speak of.
pub(super) fn execute(template: &Template, context: &Context<'_>) -> Result<String, String> {
    let map = |labels: &crate::model::Labels| {
        let pairs = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Value::Labels(Rc::new(pairs.collect()))
    };
    let data = BTreeMap::from([
        ("Labels", map(context.labels)),
        ("ExternalLabels", map(context.external_labels)),
        ("ExternalURL", Value::text(context.external_url)),
        ("Value", Value::Float(context.value)),
    ]);
    let variable = |name: &str, field: &str| (name.to_owned(), data[field].clone());
    let dot = Value::Data(Rc::new(data.clone()));
    let variables = vec![
        ("$".to_owned(), dot.clone()),
        variable("$labels", "Labels"),
        variable("$externalLabels", "ExternalLabels"),
        variable("$externalURL", "ExternalURL"),
        variable("$value", "Value"),
    ];
    let world = World {
        dialect: Dialect::Alerts,
        library: &BTreeMap::new(),
        at: context.at,
        external_url: context.external_url,
        query: Some(context.query),
        html: false,
        steps: context.steps,
    };
    run(template, world, variables, &dot)
        .map_err(|message| format!("error executing template {}: {message}", template.name))
}

/// The text a template makes of a value.
pub(super) fn execute_with(template: &Template, dot: &Value, world: World<'_>) -> Result<String, String> {
    run(template, world, vec![("$".to_owned(), dot.clone())], dot)
}

fn run(
    template: &Template,
    world: World<'_>,
    variables: Vec<(String, Value)>,
    dot: &Value,
) -> Result<String, String> {
    let mut run = Run {
        template,
        world,
        variables,
        out: String::new(),
        steps: 0,
        calls: 0,
        queries: 0,
        depth: 0,
        name: template.name.clone(),
        source: Arc::clone(&template.source),
        patterns: HashMap::new(),
    };
    run.list(&template.main, dot)?;
    if run.out.len() > MAX_OUTPUT {
        return Err(too_long());
    }
    Ok(run.out)
}

fn too_long() -> String {
    format!("the template writes more than {MAX_OUTPUT} bytes")
}

impl Run<'_> {
    /// The time of evaluation, in milliseconds.
    pub(super) fn at(&self) -> i64 {
        self.world.at
    }

    /// The address of the Prometheus server.
    pub(super) fn external_url(&self) -> &str {
        self.world.external_url
    }

    /// Runs a query.
    pub(super) fn query(&mut self, expr: &str) -> Result<Value, String> {
        let Some(query) = self.world.query else { return Err("there is nothing to query".to_owned()) };
        self.queries += 1;
        if self.queries > MAX_QUERIES {
            return Err(format!("the template runs more than {MAX_QUERIES} queries"));
        }
        let result = query(expr)?;
        let samples = result.into_iter().map(|(labels, value)| {
            let pairs = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Value::Sample(Rc::new(Sample { labels: Rc::new(pairs.collect()), value }))
        });
        Ok(Value::List(Rc::new(samples.collect())))
    }

    /// A compiled pattern.
    pub(super) fn pattern(&mut self, pattern: &str) -> Result<Rc<Regex>, String> {
        if let Some(known) = self.patterns.get(pattern) {
            return Ok(Rc::clone(known));
        }
        // Templates of a rule file come from anywhere; a pattern must not cost more than the rest of them.
        let compiled = RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let compiled = Rc::new(compiled.map_err(|_| format!("{pattern:?} is no regular expression"))?);
        self.patterns.insert(pattern.to_owned(), Rc::clone(&compiled));
        Ok(compiled)
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps_of(1)
    }

    fn steps_of(&mut self, count: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(count);
        let left = self.world.steps.get();
        self.world.steps.set(left.saturating_sub(count));
        if left < count {
            return Err("the templates of a rule or message take too many steps in all".to_owned());
        }
        if self.steps > MAX_STEPS {
            return Err(format!("the template takes more than {MAX_STEPS} steps"));
        }
        if self.out.len() > MAX_OUTPUT {
            return Err(too_long());
        }
        Ok(())
    }

    fn list(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("exceeded maximum template depth ({MAX_DEPTH} nested blocks)"));
        }
        let mut flow = Flow::Through;
        for node in nodes {
            flow = self.node(node, dot)?;
            if !matches!(flow, Flow::Through) {
                break;
            }
        }
        self.depth -= 1;
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, String> {
        self.step()?;
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    let text = value.print();
                    if self.world.html && !is_safe(pipe) {
                        self.out.push_str(&functions::html(&text));
                    } else {
                        self.out.push_str(&text);
                    }
                }
            }
            Node::If(pipe, then, otherwise) | Node::With(pipe, then, otherwise) => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let inner = if matches!(node, Node::With(..)) { &value } else { dot };
                let flow = if value.truth() { self.list(then, inner) } else { self.list(otherwise, dot) };
                self.variables.truncate(known);
                return flow;
            }
            Node::Range(pipe, body, otherwise) => return self.range(pipe, body, otherwise, dot),
            Node::Call(name, pipe) => self.call(name, pipe.as_ref(), dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Through)
    }

    fn call(&mut self, name: &str, pipe: Option<&Pipe>, dot: &Value) -> Result<(), String> {
        let own = self.template.definitions.get(name);
        let Some(definition) = own.or_else(|| self.world.library.get(name)).cloned() else {
            return Err(format!("template: {}: template {name:?} not defined", self.name));
        };
        let value = pipe.map_or(Ok(Value::Nil), |pipe| self.pipe(pipe, dot))?;
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(format!("exceeded maximum template depth ({MAX_CALLS})"));
        }
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), value.clone())]);
        let caller = std::mem::replace(&mut self.name, name.to_owned());
        let source = std::mem::replace(&mut self.source, definition.source);
        self.list(&definition.body, &value)?;
        self.variables = outer;
        self.name = caller;
        self.source = source;
        self.calls -= 1;
        Ok(())
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Value) -> Result<Flow, String> {
        let known = self.variables.len();
        // The variables of a range are set for each item, not to the whole.
        let bare = Pipe { variables: Vec::new(), assigns: false, commands: pipe.commands.clone() };
        let value = self.pipe(&bare, dot)?;
        let items: Vec<(Value, Value)> = match &value {
            Value::List(items) => {
                items.iter().enumerate().map(|(i, item)| (Value::Int(i as i64), item.clone())).collect()
            }
            Value::Labels(labels) | Value::Pairs(labels) => {
                labels.iter().map(|(name, value)| (Value::text(name), Value::text(value))).collect()
            }
            Value::Sorted(pairs) => {
                let pair = |pair: &(String, String)| Value::Pair(Rc::new(pair.clone()));
                pairs.iter().enumerate().map(|(i, one)| (Value::Int(i as i64), pair(one))).collect()
            }
            Value::Alerts(alerts) => {
                alerts.iter().enumerate().map(|(i, alert)| (Value::Int(i as i64), alert.clone())).collect()
            }
            Value::Map(map) => map.iter().map(|(name, value)| (Value::text(name), value.clone())).collect(),
            Value::Int(count) if pipe.variables.len() > 1 => {
                let message = format!("can't use {count} to iterate over more than one variable");
                return Err(self.fail(pipe, &message));
            }
            Value::Int(count) => {
                (0..(*count).min(MAX_STEPS as i64)).map(|i| (Value::Int(i), Value::Int(i))).collect()
            }
            Value::Nil => Vec::new(),
            other => {
                return Err(self.fail(pipe, &format!("range can't iterate over {}", other.print())));
            }
        };
        if items.is_empty() {
            let flow = self.list(otherwise, dot);
            self.variables.truncate(known);
            return flow;
        }
        for (key, item) in items {
            self.step()?;
            match (pipe.variables.as_slice(), pipe.assigns) {
                ([one], false) => self.variables.push((one.clone(), item.clone())),
                ([one, two], false) => {
                    self.variables.push((one.clone(), key));
                    self.variables.push((two.clone(), item.clone()));
                }
                ([one], true) => self.assign(one, item.clone()),
                ([one, two], true) => {
                    self.assign(one, key);
                    self.assign(two, item.clone());
                }
                _ => {}
            }
            let flow = self.list(body, &item)?;
            self.variables.truncate(known);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        Ok(Flow::Through)
    }

    fn assign(&mut self, name: &str, value: Value) {
        if let Some((_, place)) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            *place = value;
        }
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut value = None;
        for command in &pipe.commands {
            self.step()?;
            value = Some(self.command(command, value.take(), dot)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone());
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, last: Option<Value>, dot: &Value) -> Result<Value, String> {
        let (first, rest) = (&command.operands[0], &command.operands[1..]);
        let result = match first {
            Operand::Function(name) => return self.function(name, command, rest, last, dot),
            Operand::Field(fields) => {
                let args = self.arguments(rest, last, dot)?;
                Self::fields(dot.clone(), fields, &args)
            }
            Operand::Variable(name, fields) => {
                let args = self.arguments(rest, last, dot)?;
                let value = self.variable(name);
                Self::fields(value, fields, &args)
            }
            Operand::Nested(pipe, fields) => {
                let value = self.pipe(pipe, dot)?;
                let args = self.arguments(rest, last, dot)?;
                Self::fields(value, fields, &args)
            }
            _ if !rest.is_empty() || last.is_some() => Err("can't give argument to non-function".to_owned()),
            Operand::Nil => Err("nil is not a command".to_owned()),
            plain => Ok(constant(plain, dot)),
        };
        result.map_err(|message| self.fail_at(command, &message))
    }

    fn arguments(
        &mut self,
        rest: &[Operand],
        last: Option<Value>,
        dot: &Value,
    ) -> Result<Vec<Value>, String> {
        let mut args = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            args.push(self.operand(operand, dot)?);
        }
        args.extend(last);
        Ok(args)
    }

    fn function(
        &mut self,
        name: &str,
        command: &Command,
        rest: &[Operand],
        last: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let Some(function) = functions::find(self.world.dialect, name) else {
            return Err(self.fail_at(command, &format!("{name:?} is not a defined function")));
        };
        let given = rest.len() + usize::from(last.is_some());
        if given < function.least || given > function.most {
            let wanted = match (function.least, function.most) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("wrong number of args for {name}: want {wanted} got {given}");
            return Err(self.fail_at(command, &message));
        }
        if name == "and" || name == "or" {
            // The first that decides ends it; the others are not evaluated.
            let mut value = Value::Nil;
            for operand in rest {
                value = self.operand(operand, dot)?;
                if value.truth() == (name == "or") {
                    return Ok(value);
                }
            }
            return Ok(last.unwrap_or(value));
        }
        let args = self.arguments(rest, last, dot)?;
        self.steps_of(args.iter().map(Value::weight).sum())?;
        (function.call)(self, &args).map_err(|message| {
            let message = if message.starts_with("wrong type") {
                message
            } else {
                format!("error calling {name}: {message}")
            };
            self.fail_at(command, &message)
        })
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        match operand {
            Operand::Field(fields) => Self::fields(dot.clone(), fields, &[]),
            Operand::Variable(name, fields) => {
                let value = self.variable(name);
                Self::fields(value, fields, &[])
            }
            Operand::Nested(pipe, fields) => {
                let value = self.pipe(pipe, dot)?;
                Self::fields(value, fields, &[])
            }
            Operand::Function(name) => {
                let span = (0, 0);
                let command = Command { operands: vec![operand.clone()], span };
                self.function(name, &command, &[], None, dot)
            }
            plain => Ok(constant(plain, dot)),
        }
    }

    fn variable(&self, name: &str) -> Value {
        self.variables.iter().rev().find(|(known, _)| known == name).map_or(Value::Nil, |(_, v)| v.clone())
    }

    /// Follows fields; the last one gets the arguments, if it is a method.
    fn fields(mut value: Value, fields: &[String], args: &[Value]) -> Result<Value, String> {
        if fields.is_empty() && !args.is_empty() {
            return Err("can't give argument to non-function".to_owned());
        }
        for (i, name) in fields.iter().enumerate() {
            let args = if i + 1 == fields.len() { args } else { &[] };
            value = field(&value, name, args)?;
        }
        Ok(value)
    }

    fn fail(&self, pipe: &Pipe, message: &str) -> String {
        match pipe.commands.first() {
            Some(command) => self.fail_at(command, message),
            None => message.to_owned(),
        }
    }

    /// The message with the place in the template, once.
    fn fail_at(&self, command: &Command, message: &str) -> String {
        if message.starts_with("template: ") {
            return message.to_owned();
        }
        let (from, to) = command.span;
        let source = &self.source;
        let before = source.get(..from).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = match before.rfind('\n') {
            Some(at) => before.len() - at - 1,
            None if self.world.dialect == Dialect::Alerts => before.len() + PROLOGUE,
            None => before.len(),
        };
        let shown = source.get(from..to).unwrap_or("").trim();
        let name = &self.name;
        format!(
            "template: {}:{line}:{column}: executing {name:?} at <{shown}>: {message}",
            self.template.name
        )
    }
}

fn constant(operand: &Operand, dot: &Value) -> Value {
    match operand {
        Operand::Dot => dot.clone(),
        Operand::Bool(truth) => Value::Bool(*truth),
        Operand::Int(number) => Value::Int(*number),
        Operand::Float(number) => Value::Float(*number),
        Operand::Text(text) => Value::text(text),
        _ => Value::Nil,
    }
}

/// A field or a method of a value.
fn field(value: &Value, name: &str, args: &[Value]) -> Result<Value, String> {
    let missing = || Err(format!("can't evaluate field {name} in type {}", value.type_name()));
    let found = match value {
        Value::Data(fields) => match fields.get(name) {
            Some(value) => value.clone(),
            None => return missing(),
        },
        Value::Labels(labels) => Value::text(labels.get(name).map_or("", String::as_str)),
        Value::Map(map) => map.get(name).cloned().unwrap_or(Value::Nil),
        Value::Sample(sample) => match name {
            "Labels" => Value::Labels(Rc::clone(&sample.labels)),
            "Value" => Value::Float(sample.value),
            _ => return missing(),
        },
        Value::Time(moment) => return time_method(*moment, name, args).map_or_else(missing, Ok),
        Value::Pairs(pairs) => return pairs_method(pairs, name, args),
        Value::Sorted(pairs) => match name {
            "Names" => Value::List(Rc::new(pairs.iter().map(|(name, _)| Value::text(name)).collect())),
            "Values" => Value::List(Rc::new(pairs.iter().map(|(_, value)| Value::text(value)).collect())),
            "String" => Value::text(value.print_nested()),
            _ => return missing(),
        },
        Value::Pair(pair) => match name {
            "Name" => Value::text(&pair.0),
            "Value" => Value::text(&pair.1),
            _ => return missing(),
        },
        Value::Alerts(alerts) => {
            let status = match name {
                "Firing" => "firing",
                "Resolved" => "resolved",
                _ => return missing(),
            };
            let has = |alert: &&Value| matches!(field(alert, "Status", &[]), Ok(Value::Text(text)) if *text == *status);
            Value::List(Rc::new(alerts.iter().filter(has).cloned().collect()))
        }
        Value::Duration(nanos) => match name {
            "Hours" => Value::Float(*nanos as f64 / 3.6e12),
            "Minutes" => Value::Float(*nanos as f64 / 6e10),
            "Seconds" => Value::Float(*nanos as f64 / 1e9),
            "Milliseconds" => Value::Int(*nanos / 1_000_000),
            "Microseconds" => Value::Int(*nanos / 1_000),
            "Nanoseconds" => Value::Int(*nanos),
            "String" => Value::text(time::duration(*nanos)),
            _ => return missing(),
        },
        Value::Nil => return Err(format!("nil pointer evaluating interface {{}}.{name}")),
        _ => return missing(),
    };
    if args.is_empty() { Ok(found) } else { Err(format!("{name} is not a method but has arguments")) }
}

/// Is it said that what this prints is HTML already?
fn is_safe(pipe: &Pipe) -> bool {
    let last = pipe.commands.last().and_then(|command| command.operands.first());
    matches!(last, Some(Operand::Function(name)) if name == "safeHtml" || name == "html")
}

/// The methods of labels in notifications; else the label of that name.
fn pairs_method(pairs: &Rc<BTreeMap<String, String>>, name: &str, args: &[Value]) -> Result<Value, String> {
    let texts = |texts: Vec<&String>| Value::List(Rc::new(texts.into_iter().map(Value::text).collect()));
    Ok(match (name, args) {
        ("SortedPairs", []) => Value::Sorted(Rc::new(sorted(pairs))),
        ("Names", []) => texts(sorted_ref(pairs).into_iter().map(|(name, _)| name).collect()),
        ("Values", []) => texts(sorted_ref(pairs).into_iter().map(|(_, value)| value).collect()),
        ("String", []) => Value::text(Value::Sorted(Rc::new(sorted(pairs))).print_nested()),
        ("Remove", [Value::List(names)]) => {
            let named = |name: &String| {
                names.iter().any(|known| matches!(known, Value::Text(text) if **text == **name))
            };
            let kept = pairs.iter().filter(|(name, _)| !named(name));
            Value::Pairs(Rc::new(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
        }
        ("Remove", _) => return Err("Remove wants a list of names".to_owned()),
        (name, []) => Value::text(pairs.get(name).map_or("", String::as_str)),
        _ => return Err(format!("{name} is not a method but has arguments")),
    })
}

/// By name, `alertname` first.
fn sorted_ref(pairs: &BTreeMap<String, String>) -> Vec<(&String, &String)> {
    let (mut first, rest): (Vec<_>, Vec<_>) = pairs.iter().partition(|(name, _)| *name == "alertname");
    first.extend(rest);
    first
}

fn sorted(pairs: &BTreeMap<String, String>) -> Vec<(String, String)> {
    sorted_ref(pairs).into_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The methods of Go's time that make sense here.
fn time_method(moment: Moment, name: &str, args: &[Value]) -> Option<Value> {
    let (year, month, day, hour, minute, second, fraction) = moment.civil();
    let nanos = moment.nanos();
    Some(match (name, args) {
        ("Format", [Value::Text(layout)]) => Value::text(time::layout(moment, layout)),
        ("Unix", []) => Value::Int(nanos.div_euclid(1_000_000_000)),
        ("UnixMilli", []) => Value::Int(nanos.div_euclid(1_000_000)),
        ("UnixNano", []) => Value::Int(nanos),
        ("Year", []) => Value::Int(i64::from(year)),
        ("Month", []) => Value::text(time::month_name(month)),
        ("Day", []) => Value::Int(i64::from(day)),
        ("Hour", []) => Value::Int(i64::from(hour)),
        ("Minute", []) => Value::Int(i64::from(minute)),
        ("Second", []) => Value::Int(i64::from(second)),
        ("Nanosecond", []) => Value::Int(i64::from(fraction)),
        ("Weekday", []) => Value::text(time::weekday_name(moment.weekday())),
        ("YearDay", []) => Value::Int(moment.year_day()),
        ("UTC" | "Local", []) => Value::Time(moment.in_zone(chrono_tz::Tz::UTC)),
        ("String", []) => Value::text(time::print(moment)),
        ("IsZero", []) => Value::Bool(moment.is_zero()),
        ("Sub", [Value::Time(other)]) => Value::Duration(nanos.saturating_sub(other.nanos())),
        ("Add", [Value::Duration(length)]) => Value::Time(moment.later(*length)),
        ("Before", [Value::Time(other)]) => Value::Bool(nanos < other.nanos()),
        ("After", [Value::Time(other)]) => Value::Bool(nanos > other.nanos()),
        ("Equal", [Value::Time(other)]) => Value::Bool(nanos == other.nanos()),
        _ => return None,
    })
}
