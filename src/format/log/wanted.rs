//! Tables of the names that are wanted of a file's entries, and those that were made last.

use std::sync::{Arc, Mutex, PoisonError};

use super::severity::Scale;
use super::{durations, names};
use crate::model::{Needs, Role, Slot, Unit};

/// The wanted keys of one object: those of the entry itself, or of a nested object in it.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Hashes of `keys` and their indices; `u16::MAX` is empty. Its length is a power of two.
    table: Vec<(u16, u16)>,
    pub(super) keys: Vec<Key>,
}

/// A wanted key: what its value is wanted for, and what is wanted inside it.
#[derive(Clone, Debug, Default)]
pub struct Key {
    pub(super) name: Box<[u8]>,
    /// Where the value goes.
    pub targets: Vec<Target>,
    /// The node of the nested object, if something in it is wanted.
    pub inside: Option<u16>,
}

/// A slot that a key's value is offered to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The slot.
    pub slot: Slot,
    /// How telling the key's name is for the role; 0 is the file's own usual name.
    pub rank: u8,
    /// The unit of a number, by the name; only for durations.
    pub unit: Option<Unit>,
    /// What a number means; only for levels.
    pub scale: Scale,
}

impl Node {
    /// The key of that name, if it is wanted.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<&Key> {
        self.find(name).and_then(|index| self.key(index))
    }

    /// The key of that number.
    #[inline]
    pub fn key(&self, index: u16) -> Option<&Key> {
        self.keys.get(usize::from(index))
    }

    /// The number of the key of that name, if it is wanted.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<u16> {
        let mask = self.table.len().wrapping_sub(1);
        if self.table.is_empty() {
            return None;
        }
        let hash = hash(name);
        let mut at = usize::from(hash) & mask;
        loop {
            let (of, index) = self.table[at & mask];
            let key = self.keys.get(usize::from(index))?;
            if of == hash && same(&key.name, name) {
                return Some(index);
            }
            at = (at + 1) & mask;
        }
    }

    pub(super) fn find_or_add(&mut self, name: &str) -> usize {
        if let Some(index) = self.find(name.as_bytes()) {
            return usize::from(index);
        }
        let index = self.keys.len();
        self.keys.push(Key { name: name.as_bytes().into(), ..Key::default() });
        if self.table.len() < 2 * self.keys.len() {
            self.index();
        } else {
            self.enter(index);
        }
        index
    }

    /// Builds the hash table, four times as large as needed so that most look-ups of other keys end at once.
    pub(super) fn index(&mut self) {
        self.table = vec![(0, u16::MAX); (self.keys.len() * 4).next_power_of_two()];
        for index in 0..self.keys.len() {
            self.enter(index);
        }
    }

    /// Puts a key into the table, which has room for it.
    fn enter(&mut self, index: usize) {
        let mask = self.table.len() - 1;
        let hash = hash(&self.keys[index].name);
        let mut at = usize::from(hash) & mask;
        while self.table[at].1 != u16::MAX {
            at = (at + 1) & mask;
        }
        self.table[at] = (hash, index as u16);
    }
}

/// The tables of wanted names that were made last: many files have the same names, and the same is wanted of them.
static RECENT: Mutex<Vec<Made>> = Mutex::new(Vec::new());

/// What was wanted, the file's own names for it, and the tables for both.
type Made = (Needs, Vec<OwnName<String>>, Arc<Vec<Node>>);

/// A name in a file that plays a role: which, how telling it is, and the unit that it tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OwnName<S> {
    pub(super) role: Role,
    pub(super) rank: u8,
    pub(super) path: S,
    pub(super) unit: Option<Unit>,
}

/// The names of a file that play wanted roles, the most telling first, of equal ones those that stand first in `seen`.
pub(super) fn own_names<'s>(needs: &Needs, seen: &'s [String]) -> Vec<OwnName<&'s str>> {
    let file_unit = names::unit_of_file(seen);
    let mut own = Vec::new();
    for path in seen {
        names::with_roles(path, |roles| {
            for (role, rank, unit) in roles.iter().filter(|(role, ..)| needs.has(*role)) {
                if *role != Role::Duration || !durations::is_part(path, seen) {
                    let (role, rank, unit) = (*role, *rank, unit.or(file_unit));
                    own.push(OwnName { role, rank, path: path.as_str(), unit });
                }
            }
        });
    }
    own.sort_by_key(|name| name.rank);
    own
}

/// How many tables are kept.
const KEPT: usize = 32;

pub(super) fn recent(needs: &Needs, own: &[OwnName<&str>]) -> Option<Arc<Vec<Node>>> {
    let same_name = |(one, other): (&OwnName<String>, &OwnName<&str>)| {
        (one.role, one.unit) == (other.role, other.unit) && one.path == other.path
    };
    let same = |(of, names, _): &&Made| {
        names.len() == own.len() && of == needs && names.iter().zip(own).all(same_name)
    };
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.iter().find(same).map(|(_, _, nodes)| Arc::clone(nodes))
}

pub(super) fn remember(needs: &Needs, own: &[OwnName<&str>], nodes: &Arc<Vec<Node>>) {
    let keep = |name: &OwnName<&str>| OwnName {
        path: name.path.to_owned(),
        role: name.role,
        rank: name.rank,
        unit: name.unit,
    };
    let own = own.iter().map(keep).collect();
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() >= KEPT {
        recent.remove(0);
    }
    recent.push((needs.clone(), own, Arc::clone(nodes)));
}

/// Are they equal? Short names are compared in registers: most look-ups of wanted keys end here.
#[inline]
fn same(name: &[u8], other: &[u8]) -> bool {
    let length = name.len();
    if length != other.len() {
        return false;
    }
    match (name.first_chunk::<8>(), other.first_chunk::<8>(), name.last_chunk::<8>(), other.last_chunk::<8>())
    {
        (Some(a), Some(b), Some(c), Some(d)) if length <= 16 => a == b && c == d,
        _ if length < 8 => name.iter().zip(other).all(|(a, b)| a == b),
        _ => name == other,
    }
}

/// A hash from length, first, middle and last byte: enough to tell the few keys of a log apart.
#[inline]
fn hash(name: &[u8]) -> u16 {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return 0 };
    let middle = name[name.len() / 2];
    // At most 255 * (5 + 23 + 71), and what is left for the length.
    (name.len() as u16 & 0x7FFF) ^ (u16::from(*first) * 5 + u16::from(*last) * 23 + u16::from(middle) * 71)
}
