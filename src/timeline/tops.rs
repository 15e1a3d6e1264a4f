//! What most requests have, for pictures: the endpoints, users, hosts, agents and statuses that are most frequent in the
//! log in which requests are counted, and how many of each failed.

use serde::{Deserialize, Serialize};

use super::observe::Wants;
use crate::fold::{Bounded, Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Needs, Role, Slot};
use crate::outcome::asked::Asked;

/// More values of one kind than these are not told apart.
const MOST: usize = 20_000;

/// How much of a value is kept.
const LONGEST: usize = 200;

/// Fields that name who asked, and with what; the most exact first.
const HOSTS: &[&str] = &[
    "remote_addr",
    "client_ip",
    "clientip",
    "client.ip",
    "remote_ip",
    "remote_host",
    "c-ip",
    "ip",
    "client",
];
const AGENTS: &[&str] = &[
    "user_agent",
    "useragent",
    "http_user_agent",
    "userAgent",
    "user_agent.original",
    "cs(User-Agent)",
    "agent",
];

/// What is counted, in the order in which it is shown.
pub const KINDS: [&str; 5] = ["Endpoints", "Users", "Hosts", "Agents", "Statuses"];

/// How often something was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Entries that tell of requests.
    pub all: u64,
    /// Those of them that say that it failed.
    pub failed: u64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.all += other.all;
        self.failed += other.failed;
    }
}

/// Where the entries of a log have what is counted.
#[derive(Clone, Debug)]
pub struct Places {
    group: u32,
    endpoint: Asked,
    slots: [Vec<Slot>; 4],
    names: [Option<&'static str>; 5],
}

impl Places {
    /// Those of the logs of a group, whose fields have these names.
    pub fn new(group: u32, fields: &[&str], needs: &mut Needs) -> Places {
        let endpoint = Asked::new(fields, needs);
        let there = |names: &'static [&'static str]| -> Vec<&'static str> {
            names.iter().copied().filter(|name| fields.contains(name)).collect()
        };
        let (hosts, agents) = (there(HOSTS), there(AGENTS));
        let names =
            [Some("endpoint"), Some("user"), hosts.first().copied(), agents.first().copied(), Some("status")];
        let mut of = |names: &[&str]| names.iter().map(|name| needs.field(name)).collect::<Vec<_>>();
        let (hosts, agents) = (of(&hosts), of(&agents));
        let slots = [vec![needs.role(Role::User)], hosts, agents, vec![needs.role(Role::Status)]];
        Places { group, endpoint, slots, names }
    }

    /// By which name each kind is counted.
    pub fn names(&self) -> [Option<&'static str>; 5] {
        self.names
    }
}

/// The values of each kind, and how often each was seen.
#[derive(Clone, Debug)]
pub struct Tops<'w> {
    wants: &'w Wants,
    places: &'w Places,
    counts: [Bounded<Count>; 5],
    key: Vec<u8>,
}

impl<'w> Tops<'w> {
    /// Nothing yet.
    pub fn new(wants: &'w Wants, places: &'w Places) -> Self {
        Tops {
            wants,
            places,
            counts: std::array::from_fn(|_| Bounded::new(MOST, Count::add)),
            key: Vec::new(),
        }
    }

    /// Of each kind the values that were seen most, at most so many, and how many different ones there are.
    pub fn most(self, shown: usize) -> [(Vec<(String, Count)>, usize); 5] {
        self.counts.map(|counts| {
            let (table, _) = counts.settle();
            let mut rows = table.into_sorted();
            let all = rows.len();
            // Of equals that which comes first in the alphabet.
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(count.all));
            rows.truncate(shown);
            let text = |(key, count): (Vec<u8>, Count)| (String::from_utf8_lossy(&key).into_owned(), count);
            (rows.into_iter().map(text).collect(), all)
        })
    }
}

impl Fold for Tops<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let places = self.places;
        if self.wants.group(entry.location.file) != places.group || !slots.role(Role::Status).is_some() {
            return;
        }
        let count = Count { all: 1, failed: u64::from(self.wants.judge().says_failed(slots)) };
        self.key.clear();
        if places.endpoint.push(slots, &mut self.key) {
            self.counts[0].entry(&self.key).add(count);
        }
        for (counts, found) in self.counts[1..].iter_mut().zip(&places.slots) {
            let value = found.iter().find_map(|slot| slots.get(*slot).key());
            if let Some(value) = value.filter(|value| !value.is_empty() && **value != *b"-") {
                counts.entry(&value[..value.len().min(LONGEST)]).add(count);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.merge(theirs);
        }
    }
}

impl Travel for Tops<'_> {
    fn save(self, to: &mut Saved) {
        self.counts.into_iter().for_each(|counts| counts.save(to));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.counts.iter_mut().try_for_each(|counts| counts.load(from))
    }
}
