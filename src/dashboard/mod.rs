//! Dashboards as Grafana exports them, answered from files: what each panel asks, and what the data says to it.
//!
//! A [`Dashboard`] is read from any schema ([`read`]); its variables get their values from the data ([`variables`]);
//! each panel's queries are written out and evaluated ([`answer`]); the answers are transformed ([`transform`]) and drawn
//! as sections of a report ([`draw`]).

pub mod adhoc;
pub mod answer;
pub mod arithmetic;
pub mod board;
pub mod bounds;
pub mod choice;
pub mod draw;
pub mod expression;
pub mod fields;
pub mod frame;
pub mod interpolate;
pub mod kinds;
pub mod legend;
pub mod moment;
pub mod read;
pub mod reduce;
pub mod timing;
pub mod transform;
pub mod units;
pub mod variables;

pub use answer::{Answered, Asked, AskedPanel, Reasons, Status};
pub use board::{Dashboard, Language, Panel, Query, Row, Variable, VariableKind};
pub use choice::Choice;
pub use timing::Timing;
