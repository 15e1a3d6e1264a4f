//! Who calls whom, as tables of edges and the labels of metrics tell.

use std::collections::{BTreeMap, BTreeSet};

/// Calls between services, by their names.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    called: BTreeMap<String, BTreeSet<String>>,
}

impl Calls {
    /// One calls the other; who calls itself tells nothing.
    pub fn add(&mut self, caller: &str, called: &str) {
        if caller != called {
            self.called.entry(caller.to_owned()).or_default().insert(called.to_owned());
        }
    }

    /// Adds what others tell.
    pub fn merge(&mut self, other: Calls) {
        for (caller, called) in other.called {
            self.called.entry(caller).or_default().extend(called);
        }
    }

    /// Does nobody call anybody?
    pub fn is_empty(&self) -> bool {
        self.called.is_empty()
    }

    /// Does it call somebody, or is it called?
    pub fn knows(&self, name: &str) -> bool {
        self.called.contains_key(name) || self.called.values().any(|called| called.contains(name))
    }

    /// Does one call the other, maybe through others, and is not called by it?
    pub fn reaches(&self, caller: &str, called: &str) -> bool {
        self.below(caller).contains(called) && !self.below(called).contains(caller)
    }

    /// Those whom one calls itself.
    pub fn called(&self, caller: &str) -> impl Iterator<Item = &str> {
        self.called.get(caller).into_iter().flatten().map(String::as_str)
    }

    /// Everybody whom one calls, and whom those call.
    pub fn below(&self, caller: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![caller];
        while let Some(next) = open.pop() {
            for called in self.called.get(next).into_iter().flatten() {
                if found.insert(called.as_str()) {
                    open.push(called);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_called_on_the_way_is_below() {
        let mut calls = Calls::default();
        for (caller, called) in [("edge", "shop"), ("shop", "bank"), ("bank", "shop"), ("bank", "bank")] {
            calls.add(caller, called);
        }
        let below = |name: &str| calls.below(name).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(below("edge"), "bank shop");
        assert_eq!(below("bank"), "bank shop");
        assert_eq!(below("nobody"), "");
    }
}
