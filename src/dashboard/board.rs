//! A dashboard as it is meant, whatever schema it was written in: variables, rows, panels, queries.

use serde_json::Value;

/// A dashboard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dashboard {
    /// The file that it was read from, as it is shown.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Its id, which links use; may be empty.
    pub uid: String,
    /// Variables, in the order in which they are shown.
    pub variables: Vec<Variable>,
    /// Rows of panels; those before the first row are in one without a title.
    pub rows: Vec<Row>,
}

/// A row of panels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its title; `None` for panels that are in no row.
    pub title: Option<String>,
    /// The variable for whose values it is repeated.
    pub repeat: Option<String>,
    /// Is it shown folded?
    pub collapsed: bool,
    /// Its panels, in the order in which they are read.
    pub panels: Vec<Panel>,
}

/// A panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Its number in the dashboard.
    pub id: i64,
    /// The line of the file in which it begins, where that is known.
    pub line: Option<u64>,
    /// Its title, variables not yet replaced.
    pub title: String,
    /// What it is about, as its author says; may be empty.
    pub description: String,
    /// Its type, in today's words: `timeseries`, `stat`.
    pub kind: String,
    /// Where it stands.
    pub grid: Grid,
    /// The variable for whose values it is repeated.
    pub repeat: Option<String>,
    /// How many of its repetitions stand beside each other at most; none where they stand below each other.
    pub beside: Option<u32>,
    /// What it asks.
    pub queries: Vec<Query>,
    /// What is done with the answers, as it is written.
    pub transformations: Vec<Value>,
    /// How values are shown: `defaults` and `overrides`, as they are written in today's schema.
    pub fields: Value,
    /// How the panel as a whole is drawn, in today's schema.
    pub options: Value,
    /// How many points it wants at most.
    pub max_points: Option<i64>,
    /// The shortest step.
    pub interval: Option<String>,
    /// It looks at so much before the end, whatever the dashboard's range is.
    pub time_from: Option<String>,
    /// It looks at the time so much before.
    pub time_shift: Option<String>,
    /// What it stands for, where that is not known.
    pub absent: Option<Absent>,
}

/// What a panel only refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A panel of a library, by its name.
    Library(String),
    /// A class of panels that a template's other file describes.
    Class(String),
}

/// Where a panel stands: columns from 0 to 24, rows of 30 pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Columns from the left.
    pub x: u32,
    /// Rows from the top.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What a panel asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Its name in the panel: `A`.
    pub reference: String,
    /// What is asked, variables not yet replaced.
    pub text: String,
    /// In which language.
    pub language: Language,
    /// How series are named: `{{instance}}`, `__auto`, or nothing.
    pub legend: String,
    /// At the end of the time only, not over it?
    pub instant: bool,
    /// Both of it? Then a table shows the end, a graph the time.
    pub both: bool,
    /// `time_series`, `table` or `heatmap`.
    pub format: String,
    /// The shortest step.
    pub interval: Option<String>,
    /// How many steps are taken as one.
    pub factor: f64,
    /// Is it asked, but not shown?
    pub hidden: bool,
}

/// The language of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// PromQL, which is evaluated.
    #[default]
    PromQl,
    /// What another panel of the dashboard asks.
    Panel(i64),
    /// What Grafana's server computes from other answers, as it is written.
    Expression(Value),
    /// Another one, by its name.
    Other(String),
}

/// A variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variable {
    /// The name by which it is used: `$name`.
    pub name: String,
    /// Where its values come from.
    pub kind: VariableKind,
    /// Which part of each value counts: `/pattern/`; empty for all of it.
    pub regex: String,
    /// In which order values stand.
    pub sort: Sort,
    /// May several be chosen?
    pub multi: bool,
    /// May all be chosen?
    pub include_all: bool,
    /// What stands for all of them, instead of a list.
    pub all_value: Option<String>,
    /// What was chosen when the dashboard was saved.
    pub current: Vec<String>,
}

/// Where the values of a variable come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// From the data: `label_values(up, job)`.
    Query(String),
    /// From another language's data.
    Foreign(String),
    /// A list: `a, b, name : value`.
    Custom(String),
    /// One value.
    Constant(String),
    /// Durations, one of which may be found by the range: so many steps, none shorter than this.
    Interval {
        /// `1m,10m,1h`.
        values: String,
        /// How many steps the range has at most, and the shortest step.
        auto: Option<(i64, String)>,
    },
    /// A data source of this type.
    Source(String),
    /// What was typed.
    Text(String),
    /// Conditions for every query.
    Filters(Vec<AdHoc>),
    /// Labels by which every query groups.
    Groups(Vec<String>),
    /// Something else, by its name.
    Other(String),
}

impl Default for VariableKind {
    fn default() -> Self {
        VariableKind::Constant(String::new())
    }
}

/// A condition for every query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdHoc {
    /// The label.
    pub key: String,
    /// `=`, `!=`, `=~`, `!~`.
    pub operator: String,
    /// Its value.
    pub value: String,
}

/// The order of a variable's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// How values are compared.
    pub by: SortBy,
    /// The greatest first?
    pub descending: bool,
}

/// How values of a variable are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// As they came.
    #[default]
    Nothing,
    /// By letters.
    Letters,
    /// By the first number in them.
    Number,
    /// By letters, great or small.
    AnyCase,
    /// By letters, and numbers in them as numbers.
    Natural,
}

impl Dashboard {
    /// All panels, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}
