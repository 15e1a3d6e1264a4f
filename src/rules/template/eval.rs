//! Runs a template: walks the tree, keeps variables, and stops what would not end.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use regex::Regex;

use super::parse::{Command, Node, Operand, Pipe, Template};
use super::value::{Sample, Value};
use super::{Context, functions, time};

/// Templates may call each other this deep.
const MAX_CALLS: usize = 50;
/// Nodes that may be executed.
const MAX_STEPS: u64 = 200_000;
/// Bytes that may be written.
const MAX_OUTPUT: usize = 1 << 20;

/// Prometheus puts definitions of variables before each template, and its messages count their columns, too.
const PROLOGUE: usize = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
{{$externalURL := .ExternalURL}}{{$value := .Value}}"
    .len();

/// One execution of a template.
pub(super) struct Run<'r> {
    template: &'r Template,
    context: &'r Context<'r>,
    variables: Vec<(String, Value)>,
    out: String,
    steps: u64,
    calls: usize,
    /// The template that is being executed, for messages.
    name: String,
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
    let mut run = Run {
        template,
        context,
        variables,
        out: String::new(),
        steps: 0,
        calls: 0,
        name: template.name.clone(),
        patterns: HashMap::new(),
    };
    run.list(&template.main, &dot)
        .map_err(|message| format!("error executing template {}: {message}", template.name))?;
    Ok(run.out)
}

impl Run<'_> {
    /// The time of evaluation, in milliseconds.
    pub(super) fn at(&self) -> i64 {
        self.context.at
    }

    /// The address of the Prometheus server.
    pub(super) fn external_url(&self) -> &str {
        self.context.external_url
    }

    /// Runs a query.
    pub(super) fn query(&mut self, expr: &str) -> Result<Value, String> {
        let result = (self.context.query)(expr)?;
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
        let compiled = Regex::new(pattern).map_err(|_| format!("{pattern:?} is no regular expression"))?;
        let compiled = Rc::new(compiled);
        self.patterns.insert(pattern.to_owned(), Rc::clone(&compiled));
        Ok(compiled)
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(format!("the template takes more than {MAX_STEPS} steps"));
        }
        if self.out.len() > MAX_OUTPUT {
            return Err(format!("the template writes more than {MAX_OUTPUT} bytes"));
        }
        Ok(())
    }

    fn list(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            match self.node(node, dot)? {
                Flow::Through => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Through)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, String> {
        self.step()?;
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    let text = value.print();
                    self.out.push_str(&text);
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
        let template = self.template;
        let Some(body) = template.definitions.get(name) else {
            return Err(format!("template: {}: template {name:?} not defined", self.name));
        };
        let value = pipe.map_or(Ok(Value::Nil), |pipe| self.pipe(pipe, dot))?;
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(format!("exceeded maximum template depth ({MAX_CALLS})"));
        }
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), value.clone())]);
        let caller = std::mem::replace(&mut self.name, name.to_owned());
        self.list(body, &value)?;
        self.variables = outer;
        self.name = caller;
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
            Value::Labels(labels) => {
                labels.iter().map(|(name, value)| (Value::text(name), Value::text(value))).collect()
            }
            Value::Map(map) => map.iter().map(|(name, value)| (Value::text(name), value.clone())).collect(),
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
        let Some(function) = functions::find(name) else {
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
        let source = &self.template.source;
        let before = source.get(..from).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = match before.rfind('\n') {
            Some(at) => before.len() - at - 1,
            None => before.len() + PROLOGUE,
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
        Value::Time(nanos) => return time_method(*nanos, name, args).map_or_else(missing, Ok),
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

/// The methods of Go's time that make sense here.
fn time_method(nanos: i64, name: &str, args: &[Value]) -> Option<Value> {
    let (year, month, day, hour, minute, second, fraction) = crate::model::Timestamp(nanos).civil();
    Some(match (name, args) {
        ("Format", [Value::Text(layout)]) => Value::text(time::layout(nanos, layout)),
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
        ("Weekday", []) => Value::text(time::weekday_name(time::weekday(nanos))),
        ("YearDay", []) => Value::Int(time::year_day(nanos)),
        ("UTC" | "Local", []) => Value::Time(nanos),
        ("String", []) => Value::text(time::print(nanos)),
        _ => return None,
    })
}
