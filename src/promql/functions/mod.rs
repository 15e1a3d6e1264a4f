//! The functions of PromQL: one table, and one file for each family.

use super::ast::Kind;

/// A function of PromQL.
pub struct Function {
    /// The name in expressions.
    pub name: &'static str,
    /// The kinds of its arguments.
    pub arguments: &'static [Kind],
    /// How many of the last arguments may be left out.
    pub optional: usize,
    /// May the last argument be repeated?
    pub repeats: bool,
    /// What it gives.
    pub gives: Kind,
    /// Is it allowed with the option `experimental` only?
    pub experimental: bool,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    /// The least and the most arguments; `None` for any number.
    pub fn counts(&self) -> (usize, Option<usize>) {
        let least = self.arguments.len() - self.optional;
        (least, (!self.repeats).then_some(self.arguments.len()))
    }

    /// The kind of an argument.
    pub fn argument(&self, at: usize) -> Kind {
        self.arguments.get(at).or(self.arguments.last()).copied().unwrap_or(Kind::Scalar)
    }

    /// Name, arguments and result: `round(instant vector, [scalar]) instant vector`.
    pub fn signature(&self) -> String {
        let (least, most) = self.counts();
        let mut arguments: Vec<String> = (0..self.arguments.len())
            .map(|i| match i < least {
                true => self.argument(i).name().to_owned(),
                false => format!("[{}]", self.argument(i).name()),
            })
            .collect();
        if most.is_none() {
            arguments.push("…".to_owned());
        }
        format!("{}({}) gives {}", self.name, arguments.join(", "), self.gives.name())
    }
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All functions, by name.
pub static FUNCTIONS: &[Function] = &[];
