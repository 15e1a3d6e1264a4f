//! What to look for in the entries of one file: the wanted names as a table, made once before the scan.

use std::borrow::Cow;
use std::sync::Arc;

use super::columns::Columns;
use super::durations::{self, Told};
use super::envelope::meant;
use super::ids::{self, Shape};
use super::layout::Layout;
use super::severity::{Scale, level};
use super::wanted::{Node, OwnName, Target, own_names, recent, remember};
use super::wrapping::Wrapping;
use super::{LOG_FORMATS, LogFormat, Profile, body, names, text};
use crate::format::time::{Clock, time_alone};
use crate::model::{Level, Needs, Role, Slot, Slots, Text, Timestamp, Unit, Value};

/// The wanted names of one file, ready to be looked up by the bytes of a key.
#[derive(Clone, Debug)]
pub struct Plan {
    clock: Clock,
    needs: Needs,
    wanted: usize,
    nodes: Arc<Vec<Node>>,
    small_levels: SmallLevels,
    /// The level of entries that write none, where the file's vocabulary says so.
    unwritten: Option<Level>,
    /// The formats of the file's entries and of what they carry; empty if nobody has looked.
    formats: Vec<&'static dyn LogFormat>,
    columns: Option<Columns>,
    wrapping: Arc<Wrapping>,
    layout: Layout,
    /// Do messages of the file carry objects of JSON?
    carries: bool,
    /// Do messages of the file speak of requests, as web frameworks do?
    speaks: bool,
    /// How ids of requests are written that stand among the words of the file's entries.
    request_words: Vec<Shape>,
    /// Did a person say which fields name requests?
    maps_request_ids: bool,
    /// The plans of formats that a person described, which have names and zones of their own.
    own: Vec<(&'static str, Plan)>,
}

/// What levels below 10 mean in a file that does not name them: GELF's fall, Nextcloud's rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SmallLevels {
    Syslog,
    Rising,
    Unclear,
}

impl SmallLevels {
    fn of(seen: &[String]) -> Self {
        let has = |name: &str| seen.iter().any(|known| known == name);
        if seen.is_empty() || has("short_message") || has("facility") {
            SmallLevels::Syslog
        } else if has("reqId") && has("remoteAddr") {
            SmallLevels::Rising
        } else {
            SmallLevels::Unclear
        }
    }
}

/// The rank of a value that is there but cannot be read as its role.
const UNREADABLE: u8 = 250;

/// How many keys can be told apart by rank; names beyond share the last.
const RANKS: u8 = 200;

impl Plan {
    /// The plan for a file in which `seen` keys (paths with dots, the most frequent first) occur.
    pub fn new(needs: &Needs, clock: Clock, seen: &[String]) -> Self {
        let mut plan = Plan {
            clock,
            needs: needs.clone(),
            wanted: needs.wanted().count(),
            nodes: Arc::default(),
            small_levels: SmallLevels::of(seen),
            // Serilog's compact format leaves out the level of information.
            unwritten: seen.iter().any(|key| key == "@mt" || key == "@m").then_some(Level::Info),
            formats: Vec::new(),
            columns: None,
            wrapping: Arc::default(),
            layout: Layout::default(),
            carries: false,
            speaks: false,
            request_words: Vec::new(),
            maps_request_ids: false,
            own: Vec::new(),
        };
        let own = own_names(needs, seen);
        if let Some(nodes) = recent(needs, &own) {
            plan.nodes = nodes;
            return plan;
        }
        plan.nodes = Arc::new(vec![Node::default()]);
        plan.look_for(&own);
        remember(needs, &own, &plan.nodes);
        plan
    }

    /// Makes the table of wanted names; `own` are those of the file.
    fn look_for(&mut self, own: &[OwnName<&str>]) {
        for (index, path) in self.needs.fields().to_vec().iter().enumerate() {
            let slot = Slot((Role::ALL.len() + index) as u16);
            self.add_path(path, Target { slot, rank: 0, unit: None, scale: Scale::Bunyan });
        }
        for role in Role::ALL {
            if !self.needs.has(role) {
                continue;
            }
            let mut count = 0;
            for name in own.iter().filter(|name| name.role == role) {
                self.add_role(role, name.path, count.min(usize::from(RANKS)) as u8, name.unit);
                count += 1;
            }
            for (at, (name, unit)) in names::spellings(role).iter().enumerate() {
                let rank = (count + 1 + at).min(usize::from(RANKS)) as u8;
                self.add_role(role, name, rank, *unit);
            }
        }
        for node in Arc::make_mut(&mut self.nodes) {
            node.index();
        }
    }

    /// The plan with what the samples of its file said about it.
    #[must_use]
    pub fn of(mut self, profile: &Profile) -> Self {
        self.formats.clone_from(&profile.formats);
        self.columns.clone_from(&profile.columns);
        self.wrapping = Arc::new(profile.wrapping.clone());
        self.layout = profile.layout;
        if self.needs.has(Role::RequestId) && !self.maps_request_ids && !profile.counters.is_empty() {
            self.put_counters_last(profile);
        }
        self.carries = profile.carries;
        self.speaks = profile.speaks;
        if self.needs.has(Role::Duration) {
            profile.units.iter().for_each(|told| self.count_in(told));
        }
        if self.needs.has(Role::RequestId) && !profile.request_ids.is_empty() && !self.maps_request_ids {
            for (rank, field) in profile.request_ids.fields.iter().enumerate() {
                self.add_role(Role::RequestId, field, rank.min(usize::from(RANKS)) as u8, None);
            }
            for node in Arc::make_mut(&mut self.nodes) {
                node.index();
            }
            self.request_words.clone_from(&profile.request_ids.words);
        }
        self
    }

    /// Ids that count requests are looked at where no other names them; those that count anew in each process only where
    /// nothing else in the other files goes by the same numbers.
    fn put_counters_last(&mut self, profile: &Profile) {
        let rank = |path: &&String| {
            let roles = names::roles_of(path);
            let rank = roles.iter().find(|(role, ..)| *role == Role::RequestId).map(|(_, rank, _)| *rank);
            rank.map(|rank| (profile.counters.contains(path), rank))
        };
        let mut own: Vec<_> = profile.keys.iter().filter_map(|path| Some((rank(&path)?, path))).collect();
        own.retain(|((counts, _), _)| !(*counts && profile.counts_anew));
        own.sort_by_key(|(rank, _)| *rank);
        self.forget(Role::RequestId);
        for (rank, (_, path)) in own.iter().enumerate() {
            self.add_role(Role::RequestId, path, rank.min(usize::from(RANKS)) as u8, None);
        }
        for node in Arc::make_mut(&mut self.nodes) {
            node.index();
        }
    }

    /// Looks for a role no more.
    fn forget(&mut self, role: Role) {
        for key in Arc::make_mut(&mut self.nodes).iter_mut().flat_map(|node| &mut node.keys) {
            key.targets.retain(|target| target.slot != role.slot());
        }
    }

    /// Reads the numbers of a field in the unit that the file told.
    fn count_in(&mut self, told: &Told) {
        let last = told.field.rsplit('.').next().unwrap_or_default();
        let nodes = Arc::make_mut(&mut self.nodes);
        for key in nodes.iter_mut().flat_map(|node| &mut node.keys) {
            if *key.name == *told.field.as_bytes() || *key.name == *last.as_bytes() {
                for target in key.targets.iter_mut().filter(|target| target.slot == Role::Duration.slot()) {
                    target.unit = Some(told.unit);
                }
            }
        }
    }

    /// The id of a request that stands among the words of `entry`, where that is how the file tells them.
    pub(super) fn request_word<'a>(&self, entry: &'a [u8]) -> Option<&'a [u8]> {
        self.request_words.iter().find_map(|shape| shape.find(&entry[..entry.len().min(body::WITHIN)]))
    }

    /// May ids of requests stand among the words of entries?
    pub(super) fn has_request_words(&self) -> bool {
        !self.request_words.is_empty()
    }

    /// The plan with plans for those of these formats that a person described; what is mapped for all formats comes before
    /// what a description says.
    #[must_use]
    pub(super) fn with_own(
        mut self,
        formats: &[&'static dyn LogFormat],
        seen: &[String],
        map: &[(Role, Vec<String>)],
    ) -> Self {
        let described = formats.iter().filter(|format| !format.roles().is_empty() || format.zone().is_some());
        self.own = described
            .map(|format| {
                let clock = Clock { zone: format.zone().unwrap_or(self.clock.zone), ..self.clock };
                let mut plan = Plan::new(&self.needs, clock, seen).mapped(format.roles()).mapped(map);
                plan.formats.clone_from(&self.formats);
                plan.layout = self.layout;
                plan.wrapping = Arc::clone(&self.wrapping);
                (format.name(), plan)
            })
            .collect();
        self
    }

    /// The plan for the format of this name: its own, if it has one.
    pub(super) fn own(&self, name: &str) -> &Plan {
        self.own.iter().find(|(of, _)| *of == name).map_or(self, |(_, plan)| plan)
    }

    /// The plan with these columns.
    #[must_use]
    pub(super) fn with_columns(mut self, columns: Option<Columns>) -> Self {
        self.columns = columns;
        self
    }

    /// The plan with what the file's lines are wrapped in.
    #[must_use]
    pub(super) fn with_wrapping(mut self, wrapping: Wrapping) -> Self {
        self.wrapping = Arc::new(wrapping);
        self
    }

    /// What the file's lines are wrapped in.
    pub(super) fn wrapping(&self) -> &Wrapping {
        &self.wrapping
    }

    /// What the file's header says about its columns.
    pub(super) fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Do messages of the file carry objects of JSON?
    pub(super) fn carries(&self) -> bool {
        self.carries
    }

    /// Do messages of the file speak of requests, as web frameworks do?
    pub(super) fn speaks(&self) -> bool {
        self.speaks
    }

    /// Where the file's text has its times.
    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// The format of a line that an entry of a format at `layer` carries.
    pub(super) fn format_within(&self, layer: u8, line: &[u8]) -> &'static dyn LogFormat {
        let known = if self.formats.is_empty() { LOG_FORMATS } else { &self.formats };
        // The columns that a file's head names are those of its own lines.
        let may = |format: &dyn LogFormat| format.layer() < layer && !format.is_table();
        let reads = |format: &&&'static dyn LogFormat| may(**format) && format.starts(line, self);
        if let Some(format) = known.iter().find(reads) {
            return *format;
        }
        // What several programs wrote may be in a format that no sample showed.
        let strange = self.wrapping.is_shared()
            && line.first().is_some_and(u8::is_ascii_graphic)
            && !text::Text.starts(line, self);
        let found = LOG_FORMATS.iter().filter(|_| strange).find(reads);
        found.copied().unwrap_or(&text::Text)
    }

    /// Is anything wanted that text says only in its message?
    pub(super) fn wants_body(&self) -> bool {
        const IN_BODY: [Role; 6] =
            [Role::RequestId, Role::TraceId, Role::SpanId, Role::User, Role::Duration, Role::Status];
        !self.needs.fields().is_empty() || IN_BODY.iter().any(|role| self.needs.has(*role))
    }

    /// Adds fields that play roles which no name plays: what the file's lines carry may well have names.
    #[must_use]
    pub(super) fn behaving(mut self, fields: &[(Role, Vec<String>)]) -> Self {
        // The table is shared with other files as long as nothing is added.
        if !fields.iter().any(|(role, _)| self.needs.has(*role)) {
            return self;
        }
        for (role, fields) in fields {
            if self.needs.has(*role) {
                for field in fields {
                    self.add_role(*role, field, 0, None);
                }
            }
        }
        for node in Arc::make_mut(&mut self.nodes) {
            node.index();
        }
        self
    }

    /// Maps a role to fields by the user's word: they come before all other names.
    #[must_use]
    pub fn mapped(mut self, map: &[(Role, Vec<String>)]) -> Self {
        if !map.iter().any(|(role, _)| self.needs.has(*role)) {
            return self;
        }
        for (role, fields) in map {
            if !self.needs.has(*role) {
                continue;
            }
            self.maps_request_ids |= *role == Role::RequestId;
            self.forget(*role);
            for (rank, field) in fields.iter().enumerate() {
                let unit = Unit::of_name(field).map(|(unit, _)| unit);
                self.add_role(*role, field, rank as u8, unit);
            }
        }
        for node in Arc::make_mut(&mut self.nodes) {
            node.index();
        }
        self
    }

    /// The file's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is wanted.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// How many slots are wanted: when that many have been filled with rank 0, reading can stop.
    pub fn wanted(&self) -> usize {
        self.wanted
    }

    /// The keys wanted of the entry itself.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// The keys wanted of a nested object.
    pub fn node(&self, index: u16) -> &Node {
        &self.nodes[usize::from(index)]
    }

    /// Offers `value` to a slot and reads it as the slot's role. Says whether the slot is now filled for good.
    pub fn offer<'a>(&self, slots: &mut Slots<'a>, target: Target, value: Value<'a>) -> bool {
        let role = target.slot.role();
        let value = match value {
            Value::Nested(_) if role.is_some() => only_item(value),
            value => value,
        };
        let value = match value {
            Value::Text(text)
                if matches!(role, Some(Role::RequestId | Role::TraceId)) && text.raw.len() >= 32 =>
            {
                as_plain_id(text, slots)
            }
            // journald writes a message that is no plain text as the list of its bytes.
            Value::Nested([b'[', ..]) if role == Some(Role::Message) => match meant(value) {
                Some(Cow::Owned(text)) => slots.keep(text).map_or(value, Value::plain),
                _ => value,
            },
            value => value,
        };
        match value {
            // An id that is empty is none.
            Value::Text(text) if text.raw.is_empty() && role.is_some_and(is_id) => return false,
            Value::Absent | Value::Null => {
                slots.offer(target.slot, UNREADABLE, value);
                return false;
            }
            Value::Nested(raw) if role == Some(Role::Ts) && instant(raw).is_some() => {
                let taken = slots.offer(target.slot, target.rank, value);
                if taken {
                    slots.ts = instant(raw);
                }
                return taken && target.rank == 0;
            }
            Value::Nested(raw) if role == Some(Role::Duration) && durations::of_object(raw).is_some() => {
                let taken = slots.offer(target.slot, target.rank, value);
                if taken {
                    slots.duration = durations::of_object(raw);
                }
                return taken && target.rank == 0;
            }
            // An object is no value of a role: `service` may hold one in which `name` is meant.
            Value::Nested(_) if role.is_some() => {
                slots.offer(target.slot, UNREADABLE, value);
                return false;
            }
            _ => {}
        }
        match role {
            Some(Role::Ts) => {
                let ts = self.clock.value_near(value, &mut slots.recent);
                let joined = if ts.is_none() { self.joined(slots, value) } else { None };
                let rank = match (ts, joined) {
                    (Some(_), _) => target.rank,
                    // A whole time comes before two halves.
                    (None, Some(_)) => RANKS,
                    (None, None) => UNREADABLE,
                };
                let ts = ts.or(joined);
                let taken = slots.offer(target.slot, rank, value);
                if taken && ts.is_some() {
                    slots.ts = ts;
                }
                taken && rank == 0
            }
            Some(Role::Level) => {
                let level = level(value, target.scale);
                let rank = if level.is_some() { target.rank } else { UNREADABLE };
                let taken = slots.offer(target.slot, rank, value);
                if taken && level.is_some() {
                    slots.level = level;
                }
                taken && rank == 0
            }
            Some(Role::Duration) => {
                let millis = value.millis(target.unit.unwrap_or(Unit::Millis));
                let rank = if millis.is_some() { target.rank } else { UNREADABLE };
                let taken = slots.offer(target.slot, rank, value);
                if taken && millis.is_some() {
                    slots.duration = millis;
                }
                taken && rank == 0
            }
            _ => slots.offer(target.slot, target.rank, value) && target.rank == 0,
        }
    }

    /// The instant that a date and a time of day mean together which two fields tell: one of them has been offered before.
    fn joined(&self, slots: &Slots<'_>, value: Value<'_>) -> Option<Timestamp> {
        let (Value::Text(one), Value::Text(other)) = (slots.role(Role::Ts), value) else { return None };
        let (one, other) = (one.raw.trim_ascii(), other.raw.trim_ascii());
        let (date, time) = if time_alone(one).is_some() { (other, one) } else { (one, other) };
        let is_date = (6..=20).contains(&date.len()) && time_alone(date).is_none();
        (is_date && slots.ts.is_none() && time_alone(time).is_some())
            .then(|| self.clock.value(Value::plain(&[date, b" ", time].concat())))?
    }

    /// Offers `value` to every slot that wants a field of this name. Returns how many are filled for good.
    pub fn offer_named<'a>(&self, slots: &mut Slots<'a>, name: &[u8], value: Value<'a>) -> usize {
        let Some(key) = self.root().get(name) else { return 0 };
        key.targets.iter().filter(|target| self.offer(slots, **target, value)).count()
    }

    /// The level of an entry that writes none: the server's fault tells it, else the file's vocabulary.
    pub(super) fn unwritten_level(&self, slots: &Slots<'_>) -> Option<Level> {
        if body::is_server_fault(slots.role(Role::Status)) { Some(Level::Error) } else { self.unwritten }
    }

    /// Offers a value that a message holds: what the frame around the message says about time, level and
    /// message comes first.
    pub(super) fn offer_loose<'a>(&self, slots: &mut Slots<'a>, name: &[u8], value: Value<'a>) {
        const FRAME: [Role; 5] = [Role::Ts, Role::Level, Role::Message, Role::Logger, Role::Thread];
        let Some(key) = self.root().get(name) else { return };
        for target in &key.targets {
            // A number in a message is a priority of something else sooner than a level.
            let number = match value {
                Value::Text(text) => text.raw.first().is_some_and(u8::is_ascii_digit),
                value => value.number().is_some(),
            };
            if number && target.slot.role() == Some(Role::Level) {
                continue;
            }
            let framed = target.slot.role().is_some_and(|role| FRAME.contains(&role));
            let before = slots.get(target.slot);
            if !(framed && before.is_some()) {
                self.offer(slots, *target, value);
                if slots.get(target.slot) != before {
                    slots.found_among_words(target.slot);
                }
            }
        }
    }

    /// Offers a value that only counts where there is none yet: what a wrapper knows about the line in it.
    pub(super) fn offer_missing<'a>(&self, slots: &mut Slots<'a>, name: &[u8], value: Value<'a>) {
        let Some(key) = self.root().get(name) else { return };
        for target in &key.targets {
            let missing = match target.slot.role() {
                Some(Role::Ts) => slots.ts.is_none(),
                Some(Role::Level) => slots.level.is_none(),
                Some(Role::Duration) => slots.duration.is_none(),
                _ => !slots.get(target.slot).is_some(),
            };
            if missing {
                slots.vacate(target.slot);
                self.offer(slots, *target, value);
            }
        }
    }

    fn add_role(&mut self, role: Role, path: &str, rank: u8, unit: Option<Unit>) {
        let scale = if role == Role::Level { self.scale(path) } else { Scale::Bunyan };
        self.add_path(path, Target { slot: role.slot(), rank, unit, scale });
    }

    /// What numbers in a field of this name mean as levels.
    fn scale(&self, path: &str) -> Scale {
        match names::normal(path).as_str() {
            "priority" => Scale::Syslog,
            "severitynumber" => Scale::Otel,
            "levelno" => Scale::Python,
            "severitylevel" => Scale::Rising,
            _ => match self.small_levels {
                SmallLevels::Syslog => Scale::Bunyan,
                SmallLevels::Rising => Scale::Rising,
                SmallLevels::Unclear => Scale::Tens,
            },
        }
    }

    /// Adds a path as one key with dots in it, as nested keys, and as keys down to one with dots in it.
    fn add_path(&mut self, path: &str, target: Target) {
        self.add_key(0, path, target);
        let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
        if parts.len() < 2 {
            return;
        }
        let mut node = 0;
        for (depth, part) in parts[..parts.len() - 1].iter().enumerate() {
            if depth > 0 {
                self.add_key(node, &parts[depth..].join("."), target);
            }
            let nodes = Arc::make_mut(&mut self.nodes);
            let at = nodes[node].find_or_add(part);
            let next = nodes.len() as u16;
            let inside = *nodes[node].keys[at].inside.get_or_insert(next);
            if inside == next {
                nodes.push(Node::default());
            }
            node = usize::from(inside);
        }
        self.add_key(node, parts[parts.len() - 1], target);
    }

    fn add_key(&mut self, node: usize, name: &str, target: Target) {
        let nodes = Arc::make_mut(&mut self.nodes);
        let at = nodes[node].find_or_add(name);
        let targets = &mut nodes[node].keys[at].targets;
        match targets.iter_mut().find(|known| known.slot == target.slot) {
            Some(known) if known.rank <= target.rank => {}
            Some(known) => *known = target,
            None => targets.push(target),
        }
    }
}

/// Do values of this role name something?
fn is_id(role: Role) -> bool {
    matches!(role, Role::RequestId | Role::TraceId | Role::SpanId | Role::User)
}

/// The id that the text means, as all write it.
fn as_plain_id<'a>(text: Text<'a>, slots: &mut Slots<'a>) -> Value<'a> {
    match ids::plain_id(text.raw) {
        Some(Cow::Borrowed(id)) => Value::plain(id),
        Some(Cow::Owned(id)) => slots.keep(id).map_or(Value::Text(text), Value::plain),
        None => Value::Text(text),
    }
}

/// The string of a list that holds nothing else, as the headers of a request are written.
fn only_item(value: Value<'_>) -> Value<'_> {
    if let Value::Nested([b'[', b'"', inner @ .., b'"', b']']) = value
        && !inner.iter().any(|b| matches!(b, b'"' | b'\\'))
    {
        return Value::plain(inner);
    }
    value
}

/// `{"epochSecond":1709633411,"nanoOfSecond":123000000}`: an instant as Java writes it; `seconds` and `nanos` as
/// protocol buffers do; `{"date":"2024-03-05 10:10:11.123456","timezone":"Europe/Berlin"}` as PHP does.
pub(super) fn instant(raw: &[u8]) -> Option<Timestamp> {
    let (mut seconds, mut nanos) = (None, 0);
    let (mut date, mut zone) = (None, None);
    let number = |value: Value<'_>| match value {
        Value::Number(raw) => std::str::from_utf8(raw).ok()?.parse::<i64>().ok(),
        _ => None,
    };
    // Damage inside: what was read of it counts.
    let _ = super::json::each_field(raw, |key, value| match key.raw {
        b"epochSecond" | b"seconds" => seconds = number(value),
        b"nanoOfSecond" | b"nanos" => nanos = number(value).unwrap_or(0),
        b"date" => date = value.text().map(Cow::into_owned),
        b"timezone" => zone = value.text().map(Cow::into_owned),
        _ => {}
    });
    if let (Some(date), Some(zone)) = (date, zone) {
        return Clock::default().value(Value::plain(format!("{date} {zone}").as_bytes()));
    }
    Timestamp::new(seconds.filter(|seconds| *seconds > 0)?, u32::try_from(nanos).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_own_names_come_first() {
        let mut needs = Needs::none();
        needs.role(Role::RequestId);
        let field = needs.field("pool.active");
        let plan = Plan::new(&needs, Clock::default(), &["trace_id".into(), "reqId".into()]);
        let mut slots = Slots::new(&needs);
        assert_eq!(plan.offer_named(&mut slots, b"correlationId", Value::plain(b"c")), 0);
        assert_eq!(plan.offer_named(&mut slots, b"trace_id", Value::plain(b"t")), 0);
        assert_eq!(plan.offer_named(&mut slots, b"reqId", Value::plain(b"r")), 1);
        assert_eq!(slots.role(Role::RequestId), Value::plain(b"r"));
        assert_eq!(plan.offer_named(&mut slots, b"pool.active", Value::Number(b"3")), 1);
        assert_eq!(slots.get(field), Value::Number(b"3"));
        assert!(plan.root().get(b"pool").is_some_and(|key| key.inside.is_some()));
        assert!(plan.root().get(b"nothing").is_none() && plan.root().get(b"").is_none());
    }

    #[test]
    fn the_users_word_comes_before_all_names() {
        let mut needs = Needs::none();
        needs.role(Role::RequestId);
        let plan = Plan::new(&needs, Clock::default(), &["reqId".into()])
            .mapped(&[(Role::RequestId, vec!["order".to_owned()])]);
        let mut slots = Slots::new(&needs);
        plan.offer_named(&mut slots, b"reqId", Value::plain(b"r"));
        plan.offer_named(&mut slots, b"order", Value::plain(b"o"));
        assert_eq!(slots.role(Role::RequestId), Value::plain(b"o"));
    }
}
