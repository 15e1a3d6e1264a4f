//! Which files of a directory are read: globs, types of files, hidden files, and what `.ignore` files leave out.
//!
//! The rules are ripgrep's, with one exception: `.gitignore` is not asked. It names what is not kept in a repository,
//! and logs are the first thing on that list.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};

/// Files in which a directory says what tools that search it leave out; what the later says goes before.
const IGNORE_FILES: [&str; 2] = [".ignore", ".rgignore"];

/// What is picked of the files in directories and archives. What was named itself is always read.
#[derive(Clone, Debug)]
pub struct Picks {
    globs: Override,
    types: Types,
    /// Are hidden files read?
    pub hidden: bool,
    /// Are files read that `.ignore` files leave out?
    pub ignored: bool,
}

impl Default for Picks {
    fn default() -> Self {
        Picks { globs: Override::empty(), types: Types::empty(), hidden: false, ignored: false }
    }
}

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// It was not asked for.
    NotPicked,
    /// Its name begins with a dot.
    Hidden,
    /// An `.ignore` file says so.
    Ignored,
}

impl Picks {
    /// Files that one of the globs names (those that begin with `!` are not read), and those of the types.
    ///
    /// # Errors
    /// What is wrong with a glob, or that there is no such type.
    pub fn new(globs: &[String], types: &[String], not_types: &[String]) -> Result<Picks, String> {
        let mut overrides = OverrideBuilder::new("");
        for glob in globs {
            overrides.add(glob).map_err(|error| format!("the glob `{glob}` cannot be read: {error}"))?;
        }
        let mut builder = TypesBuilder::new();
        builder.add_defaults();
        for name in types {
            builder.select(name);
        }
        for name in not_types {
            builder.negate(name);
        }
        Ok(Picks {
            globs: overrides.build().map_err(|error| error.to_string())?,
            types: if types.is_empty() && not_types.is_empty() {
                Types::empty()
            } else {
                builder.build().map_err(|error| error.to_string())?
            },
            ..Picks::default()
        })
    }

    /// The names of all types.
    pub fn types() -> Vec<String> {
        let mut builder = TypesBuilder::new();
        builder.add_defaults();
        builder.definitions().into_iter().map(|definition| definition.name().to_owned()).collect()
    }

    /// Is a file or directory left out, and why? `rules` are what the directories above it say.
    pub(super) fn leave_out(&self, path: &Path, is_directory: bool, rules: &Rules) -> Option<LeftOut> {
        match self.globs.matched(path, is_directory) {
            Match::Whitelist(_) => return None,
            Match::Ignore(_) => return Some(LeftOut::NotPicked),
            Match::None => {}
        }
        let own = if self.ignored { Match::None } else { rules.matched(path, is_directory) };
        match own {
            Match::Ignore(()) => return Some(LeftOut::Ignored),
            Match::Whitelist(()) => return None,
            Match::None => {}
        }
        if !is_directory && self.types.matched(path, false).is_ignore() {
            return Some(LeftOut::NotPicked);
        }
        (!self.hidden && is_hidden(path)).then_some(LeftOut::Hidden)
    }

    /// Is a member of an archive left out? Folders that would be hidden count, too.
    pub(super) fn leaves_out_member(&self, name: &str) -> bool {
        let mut inside = PathBuf::new();
        let parts = Path::new(name).components().filter(|part| matches!(part, Component::Normal(_)));
        let mut hidden = false;
        for part in parts {
            inside.push(part);
            hidden |= is_hidden(&inside);
        }
        match self.globs.matched(&inside, false) {
            Match::Whitelist(_) => false,
            Match::Ignore(_) => true,
            Match::None => self.types.matched(&inside, false).is_ignore() || (hidden && !self.hidden),
        }
    }

    /// Does this ask for all there is?
    pub(super) fn is_everything(&self) -> bool {
        self.hidden && self.ignored && self.globs.is_empty() && self.types.is_empty()
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// What the `.ignore` files of the directories say, by directory.
#[derive(Debug, Default)]
pub(super) struct Rules {
    of: HashMap<PathBuf, Gitignore>,
}

impl Rules {
    /// Reads what a directory says, if one of these names in it says something.
    pub(super) fn read(&mut self, directory: &Path, names: &[std::ffi::OsString]) {
        let said: Vec<_> =
            IGNORE_FILES.iter().filter(|known| names.iter().any(|name| name == *known)).collect();
        if said.is_empty() {
            return;
        }
        let mut builder = GitignoreBuilder::new(directory);
        for name in said {
            // A line that is no glob says nothing; the others hold.
            let _ = builder.add(directory.join(name));
        }
        if let Ok(rules) = builder.build() {
            self.of.insert(directory.to_owned(), rules);
        }
    }

    /// What the nearest directory says that says anything.
    fn matched(&self, path: &Path, is_directory: bool) -> Match<()> {
        if self.of.is_empty() {
            return Match::None;
        }
        let above = path.ancestors().skip(1).filter_map(|directory| self.of.get(directory));
        let said = above.map(|rules| rules.matched(path, is_directory)).find(|said| !said.is_none());
        said.map_or(Match::None, |said| said.map(|_| ()))
    }
}
