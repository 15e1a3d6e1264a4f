//! What is said within the spans of traces: log entries that name a trace, by what they say apart from their values.

use super::phrase::phrase;
use super::template::readable;
use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Saved, Table, Travel};
use crate::model::{Entry, Level, Location, Needs, Role, TimeRange, Timestamp, stable_hash};
use crate::scan::{self, Inputs, ScanOptions, Selection};
use crate::traces;

/// A statement is known by so many words: behind them stands what it is about.
const WORDS: usize = 8;

/// An entry that names a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Said {
    /// A hash of the trace's id.
    pub trace: u64,
    /// Where it stands.
    pub location: Location,
    /// When it was said.
    pub ts: Timestamp,
    /// A hash of the span's id, as in [`traces::Row`]; 0 where none is named.
    pub span: u64,
    /// Its place in [`Within::statements`].
    pub statement: u32,
}

/// What entries have in common that say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Who says it.
    pub service: String,
    /// Is it as bad as an error?
    pub is_error: bool,
    /// Its first words.
    pub text: String,
}

/// Everything that was said within traces.
#[derive(Clone, Debug, Default)]
pub struct Within {
    /// What was said, in order.
    pub statements: Vec<Statement>,
    /// When, by trace and place.
    pub said: Vec<Said>,
}

impl Within {
    /// What was said within a trace, by its id.
    pub fn of(&self, trace: &[u8]) -> &[Said] {
        let trace = stable_hash(trace.iter().copied());
        let from = self.said.partition_point(|said| said.trace < trace);
        let count = self.said[from..].partition_point(|said| said.trace == trace);
        &self.said[from..from + count]
    }
}

struct Collected {
    share: u64,
    statements: Table<()>,
    said: Vec<Said>,
    key: Vec<u8>,
}

/// What stands between the parts of a statement in the table of them.
const SEPARATOR: u8 = 0;

/// The entries, spans apart, that name a trace; of one trace in `share`, chosen as [`traces::collect`] does.
pub fn collect(
    inputs: &Inputs,
    (mut needs, filter, range): (Needs, &Filter, TimeRange),
    share: u64,
    options: &ScanOptions,
) -> Within {
    for role in [Role::Ts, Role::TraceId, Role::SpanId, Role::Service, Role::Message, Role::Level] {
        needs.role(role);
    }
    let selection = Selection::new(needs, filter, range);
    let new = || Collected { share, statements: Table::default(), said: Vec::new(), key: Vec::new() };
    let (collected, _) = scan::fold(&inputs.logs, &selection, options, new);
    collected.settled()
}

impl Fold for Collected {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let (None, Some(ts)) = (slots.span, slots.ts) else { return };
        let Some(trace) = slots.role(Role::TraceId).key() else { return };
        let trace = stable_hash(trace.iter().copied());
        if !trace.is_multiple_of(self.share) {
            return;
        }
        let Some(message) = slots.role(Role::Message).key() else { return };
        self.key.clear();
        self.key.extend_from_slice(&slots.role(Role::Service).key().unwrap_or_default());
        self.key.push(SEPARATOR);
        self.key.push(u8::from(slots.level >= Some(Level::Error)));
        let text = self.key.len();
        phrase(&message, &mut self.key);
        self.key.truncate(text + beginning(&self.key[text..]).len());
        let statement = self.statements.number(&self.key, || ());
        let span = traces::hash_of_id(slots.role(Role::SpanId));
        self.said.push(Said { trace, location: entry.location, ts, span, statement });
    }

    fn merge(&mut self, mut other: Self) {
        let numbers: Vec<u32> = (0..other.statements.len())
            .map(|number| self.statements.number(other.statements.key_of(number as u32), || ()))
            .collect();
        for said in &mut other.said {
            said.statement = numbers[said.statement as usize];
        }
        self.said.append(&mut other.said);
    }
}

impl Travel for Collected {
    fn save(mut self, to: &mut Saved) {
        let ranks = self.statements.ranks();
        self.said.iter_mut().for_each(|said| said.statement = ranks[said.statement as usize]);
        self.said.sort_unstable();
        to.put(&(&self.statements, &self.said));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.statements, self.said) = from.take()?;
        let known = self.statements.len();
        if self.said.iter().all(|said| (said.statement as usize) < known) { Ok(()) } else { Err(Damaged) }
    }
}

/// The first words of a phrase; what has no letter, and what stands for a value, is none.
fn beginning(phrase: &[u8]) -> &[u8] {
    let mut words = 0;
    for end in memchr::memchr_iter(b' ', phrase).chain([phrase.len()]) {
        let start = phrase[..end].iter().rposition(|byte| *byte == b' ').map_or(0, |blank| blank + 1);
        words +=
            usize::from(phrase[start..end].iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80));
        if words == WORDS {
            return &phrase[..end];
        }
    }
    phrase
}

impl Collected {
    /// The statements numbered in their order, not in that of threads.
    fn settled(self) -> Within {
        let read = |number: usize| {
            let key = self.statements.key_of(number as u32);
            let service = memchr::memchr(SEPARATOR, key).unwrap_or(key.len());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let is_error = key.get(service + 1) == Some(&1);
            let said = readable(&text(key.get(service + 2..).unwrap_or_default()));
            Statement { service: text(&key[..service]), is_error, text: said }
        };
        let mut statements: Vec<(Statement, usize)> =
            (0..self.statements.len()).map(|number| (read(number), number)).collect();
        statements.sort();
        let mut renamed = vec![0; statements.len()];
        for (new, (_, old)) in statements.iter().enumerate() {
            renamed[*old] = new as u32;
        }
        let mut said = self.said;
        for said in &mut said {
            said.statement = renamed[said.statement as usize];
        }
        said.sort_unstable();
        Within { statements: statements.into_iter().map(|(statement, _)| statement).collect(), said }
    }
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_statement_is_its_first_words() {
        assert_eq!(beginning(b"a b c d e f g h i j"), b"a b c d e f g h");
        assert_eq!(beginning(b"<*> a [ b ] c : <*> d e f g h i j"), b"<*> a [ b ] c : <*> d e f g h");
        assert_eq!(beginning(b"order <*> saved"), b"order <*> saved");
        assert_eq!(beginning(b""), b"");
    }
}
