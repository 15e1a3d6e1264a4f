//! Entries as views: what is wanted of them is stated before a byte is read, and only that is looked at.

use super::desk::{self, Desk};
use super::{Level, RecentFrame, RecentKeys, RecentSecond, Span, Timestamp, Value};

/// What a field means, whatever its name is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Role {
    /// When it happened.
    Ts,
    /// How bad it says it is.
    Level,
    /// What it says.
    Message,
    /// The part of the program that says it.
    Logger,
    /// The service that says it.
    Service,
    /// The machine or container.
    Host,
    /// The request it belongs to.
    RequestId,
    /// The distributed trace it belongs to.
    TraceId,
    /// The span within the trace.
    SpanId,
    /// On whose behalf.
    User,
    /// How long it took.
    Duration,
    /// The outcome as a code (HTTP) or a word.
    Status,
    /// The thread.
    Thread,
}

impl Role {
    /// All roles; a role's slot is its place in this list.
    pub const ALL: [Role; 13] = [
        Role::Ts,
        Role::Level,
        Role::Message,
        Role::Logger,
        Role::Service,
        Role::Host,
        Role::RequestId,
        Role::TraceId,
        Role::SpanId,
        Role::User,
        Role::Duration,
        Role::Status,
        Role::Thread,
    ];

    /// The name in conditions, options and JSON output.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Ts => "ts",
            Role::Level => "level",
            Role::Message => "message",
            Role::Logger => "logger",
            Role::Service => "service",
            Role::Host => "host",
            Role::RequestId => "request_id",
            Role::TraceId => "trace_id",
            Role::SpanId => "span_id",
            Role::User => "user",
            Role::Duration => "duration",
            Role::Status => "status",
            Role::Thread => "thread",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Where the role's value is found in [`Slots`].
    pub const fn slot(self) -> Slot {
        Slot(self as u16)
    }
}

/// The place of a wanted value in [`Slots`]: roles first, then the fields in the order they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

impl Slot {
    /// The bit of a role's slot; none for a field's.
    const fn bit(self) -> u16 {
        if self.0 < Role::ALL.len() as u16 { 1 << self.0 } else { 0 }
    }

    /// The role this slot belongs to, if it is a role's.
    pub fn role(self) -> Option<Role> {
        Role::ALL.get(usize::from(self.0)).copied()
    }
}

/// What a command wants of every entry: known before the scan starts, so that nothing else is extracted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    roles: u16,
    fields: Vec<String>,
}

impl Needs {
    /// Nothing yet.
    pub fn none() -> Self {
        Needs::default()
    }

    /// Asks for a role; gives the slot where its value will be.
    pub fn role(&mut self, role: Role) -> Slot {
        self.roles |= 1 << role.slot().0;
        role.slot()
    }

    /// Asks for a raw field by its path (`pool_status.active`); gives the slot where its value will be.
    pub fn field(&mut self, path: &str) -> Slot {
        let index = self.fields.iter().position(|known| known == path).unwrap_or_else(|| {
            self.fields.push(path.to_owned());
            self.fields.len() - 1
        });
        Slot((Role::ALL.len() + index) as u16)
    }

    /// Asks for a name as conditions and options mean it: a role if it is one, else a field. `.name` is the
    /// field whatever the roles are.
    pub fn name(&mut self, name: &str) -> Slot {
        match (name.strip_prefix('.'), Role::from_name(name)) {
            (Some(field), _) => self.field(field),
            (None, Some(role)) => self.role(role),
            (None, None) => self.field(name),
        }
    }

    /// Is this role asked for?
    pub fn has(&self, role: Role) -> bool {
        self.roles & (1 << role.slot().0) != 0
    }

    /// The fields asked for, in slot order.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        Role::ALL.len() + self.fields.len()
    }

    /// The slots asked for.
    pub fn wanted(&self) -> impl Iterator<Item = Slot> {
        let fields = self.fields.len() as u16;
        let roles = Role::ALL.into_iter().filter(|&role| self.has(role)).map(Role::slot);
        roles.chain((0..fields).map(|index| Slot(Role::ALL.len() as u16 + index)))
    }
}

/// The wanted values of one entry. Made once per chunk and cleared for each entry.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    /// The time, if the entry has one that can be trusted.
    pub ts: Option<Timestamp>,
    /// The level.
    pub level: Option<Level>,
    /// The duration, in milliseconds.
    pub duration: Option<f64>,
    /// What the entry says as a span, if it is one.
    pub span: Option<Span<'a>>,
    values: Vec<Value<'a>>,
    ranks: Vec<u8>,
    /// The second of the last entry that has one.
    pub recent: RecentSecond,
    /// How the keys of entries followed each other.
    pub recent_keys: RecentKeys,
    /// How the last entry began whose time was all that was wanted.
    pub recent_frame: RecentFrame,
    /// Is the entry known to have one line only? For whoever fills the slots to say before each entry.
    pub one_line: bool,
    /// The roles, a bit each, whose values were found among the words of a message.
    loose: u16,
    /// The slots that something was put in since they were cleared, a bit each; those from 63 on share the last.
    used: u64,
    /// Slots for what stands around what these are filled from.
    spare: Option<Box<Slots<'a>>>,
    /// Where the next bytes that had to be made are put.
    place: Option<&'a desk::Place>,
}

/// The rank of a slot that nothing was offered for.
const UNFILLED: u8 = u8::MAX;
/// The bit that slots share for which there are not enough bits.
const SHARED: usize = 63;

impl<'a> Slots<'a> {
    /// Empty slots for what `needs` asks for.
    pub fn new(needs: &Needs) -> Self {
        let slots = needs.slots();
        Slots {
            ts: None,
            level: None,
            duration: None,
            span: None,
            values: vec![Value::Absent; slots],
            ranks: vec![UNFILLED; slots],
            recent: RecentSecond::default(),
            recent_keys: RecentKeys::default(),
            recent_frame: RecentFrame::default(),
            one_line: false,
            loose: 0,
            used: 0,
            spare: None,
            place: None,
        }
    }

    /// Empty slots beside these, for what stands around what these are filled from; to be put back when they have been
    /// used.
    pub fn take_spare(&mut self, needs: &Needs) -> Box<Slots<'a>> {
        let mut spare = self.spare.take().unwrap_or_else(|| Box::new(Slots::new(needs)));
        spare.clear();
        spare.place = self.place;
        spare
    }

    /// Puts back what [`Slots::take_spare`] gave.
    pub fn put_spare(&mut self, spare: Box<Slots<'a>>) {
        self.place = spare.place;
        self.spare = Some(spare);
    }

    /// Keeps bytes that have to be made on `desk` from now on.
    pub fn use_desk(&mut self, desk: &'a Desk) {
        if self.place.is_none() {
            self.place = Some(desk.place());
        }
    }

    /// Keeps bytes that had to be made, so that values can be views into them. `None` without a desk.
    pub fn keep(&mut self, bytes: Vec<u8>) -> Option<&'a [u8]> {
        let (kept, next) = desk::keep(self.place?, bytes);
        self.place = Some(next);
        Some(kept)
    }

    /// Forgets the values of the entry before.
    pub fn clear(&mut self) {
        self.ts = None;
        self.level = None;
        self.duration = None;
        self.span = None;
        self.loose = 0;
        if self.used >> SHARED != 0 {
            self.values.fill(Value::Absent);
            self.ranks.fill(UNFILLED);
            self.used = 0;
        }
        // Few of many are filled, and this is done for every entry.
        while self.used != 0 {
            let at = self.used.trailing_zeros() as usize;
            self.values[at] = Value::Absent;
            self.ranks[at] = UNFILLED;
            self.used &= self.used - 1;
        }
    }

    /// When the span ended that the entry is, if it is one.
    pub fn span_end(&self) -> Option<Timestamp> {
        let nanos = self.duration.filter(|ms| (0.0..1e12).contains(ms)).map(|ms| (ms * 1e6) as i64)?;
        self.span.and(self.ts).map(|ts| Timestamp(ts.0.saturating_add(nanos)))
    }

    /// The value in a slot; [`Value::Absent`] if it was not found or not asked for.
    pub fn get(&self, slot: Slot) -> Value<'a> {
        self.values.get(usize::from(slot.0)).copied().unwrap_or_default()
    }

    /// The value of a role.
    pub fn role(&self, role: Role) -> Value<'a> {
        self.get(role.slot())
    }

    /// Offers a value for a slot. Of several, the one of the lowest rank stays (a field's most usual name has
    /// rank 0), of equals the first. Says whether this one stayed.
    pub fn offer(&mut self, slot: Slot, rank: u8, value: Value<'a>) -> bool {
        let at = usize::from(slot.0);
        let (Some(place), Some(known)) = (self.values.get_mut(at), self.ranks.get_mut(at)) else {
            return false;
        };
        let better = rank < *known;
        if better {
            self.used |= 1 << at.min(SHARED);
            *place = value;
            *known = rank;
            self.loose &= !slot.bit();
        }
        better
    }

    /// Says that the value of this slot was found among the words of a message, where a name may be that of anything.
    pub fn found_among_words(&mut self, slot: Slot) {
        self.loose |= slot.bit();
    }

    /// Was the role's value found among the words of a message?
    pub fn is_loose(&self, role: Role) -> bool {
        self.loose & role.slot().bit() != 0
    }

    /// Is there a value in the slot that no other can take the place of?
    pub fn is_settled(&self, slot: Slot) -> bool {
        self.ranks.get(usize::from(slot.0)) == Some(&0)
    }

    /// Forgets what was offered for a slot, so that the next offer counts.
    pub fn vacate(&mut self, slot: Slot) {
        if let Some(rank) = self.ranks.get_mut(usize::from(slot.0)) {
            *rank = UNFILLED;
        }
    }

    /// Puts a value into a slot, whatever was there.
    pub fn set(&mut self, slot: Slot, value: Value<'a>) {
        let at = usize::from(slot.0);
        if let Some(place) = self.values.get_mut(at) {
            *place = value;
            self.loose &= !slot.bit();
            self.used |= 1 << at.min(SHARED);
        }
    }
}

/// Where an entry starts. Ordered as the files are read. Line numbers are known within a chunk while it is
/// scanned, and within the file once every chunk before it has been counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Location {
    /// The file's index in the scan.
    pub file: u32,
    /// The chunk's index in the file.
    pub chunk: u32,
    /// Lines between the start of the chunk and the entry's first line.
    pub line: u32,
}

/// One logical entry: a first line and its continuation lines.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e, 'a> {
    /// Where it starts.
    pub location: Location,
    /// Bytes between the start of the (decompressed) file and the entry.
    pub offset: u64,
    /// The entry's bytes, continuation lines included, without the last line's end.
    pub raw: &'a [u8],
    /// Did a format understand it? If not it counts as unparsed.
    pub understood: bool,
    /// What was asked for.
    pub slots: &'e Slots<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_role_unless_a_dot_says_otherwise() {
        let mut needs = Needs::none();
        assert_eq!(needs.name("status"), Role::Status.slot());
        assert_eq!(needs.name(".status"), Slot(13));
        assert_eq!(needs.name("pool_status.active"), Slot(14));
        assert_eq!(needs.name(".status"), Slot(13));
        assert_eq!(needs.fields(), ["status", "pool_status.active"]);
        assert_eq!(needs.wanted().collect::<Vec<_>>(), [Role::Status.slot(), Slot(13), Slot(14)]);
    }
}
