//! Joins entries by request id: the story of one request, and of all.
//!
//! Two passes. The first keeps some 60 bytes a request: how many entries, when they begin and end, how it
//! ended. The second looks again, for the entries of those requests that will be shown.

mod extent;
mod graph;
mod lanes;
mod links;
mod requests;
mod skew;
mod spans;
mod story;

pub use graph::{Edge, Graph, Node, graph};
pub use lanes::{Lane, lanes};
pub use links::{Linked, Links, links};
pub use requests::{Asked, Request, Requests, Totals, requests};
pub use skew::{Skew, skews};
pub use spans::graph_of_spans;
pub use story::{Gap, Moment, Story, linked_story, stories};
