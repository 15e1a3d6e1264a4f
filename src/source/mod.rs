//! Bytes in: finds the files of the paths given, opens them, maps or decodes them.
//!
//! ```text
//! paths ─walk→ Found ─open→ Opened ─┬─ Content::Mapped(Map)     bytes in memory, shared by any number of threads
//!                                    └─ Content::Stream(Stream)  decoded or piped bytes, read once
//! ```
//! Nothing is ever written or extracted. Trouble is a [`Diagnostic`](crate::model::Diagnostic), never a panic,
//! and every byte before the trouble is handed on.

mod archive;
mod decode;
pub mod faults;
mod journal;
mod kept;
mod kind;
mod map;
mod open;
mod order;
mod part;
mod pick;
mod stream;
mod tail;
mod text;
mod walk;

pub use archive::Member;
pub use kept::{Kept, Stamp};
pub use kind::{Kind, kind};
pub use map::Map;
pub use open::{Content, OpenOptions, Opened, is_same_file, open, open_raw};
pub use part::{Age, Part, Perhaps, is_folder_of_parts, part_of};
pub use pick::Picks;
pub use stream::{Stream, cause};
pub use tail::{FileId, Grown, Reach, Tail};
pub use text::{Purpose, cancel_texts_with, glob, read_text, read_text_as, texts_read};
pub use walk::{Found, WalkOptions, Walked, walk};
