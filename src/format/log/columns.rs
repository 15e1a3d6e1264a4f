//! Columns that are named at the head of a file: which there are, and how a line is cut into them.

use super::named::Word;
use super::words::bare;
use crate::model::Value;

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Columns {
    /// The format that has them.
    #[serde(deserialize_with = "super::named::one_word::deserialize")]
    pub format: Word,
    /// Their names, in the order of the line.
    pub names: Vec<String>,
    /// The byte between them.
    pub separator: u8,
    /// What is written where there is no value, beside `-` and nothing.
    pub unset: Vec<u8>,
    /// The columns of the date and of the time of day, or one of both twice.
    pub time: (usize, usize),
}

impl Columns {
    /// Cuts a line into its columns; the last one takes what is left over. Quotes hold separators together.
    pub(super) fn cut<'a, 'c>(&'c self, line: &'a [u8]) -> Cut<'a, 'c> {
        Cut { columns: self, line: Some(line), index: 0 }
    }

    /// The column at `index` of a line.
    pub(super) fn get<'a>(&self, line: &'a [u8], index: usize) -> Option<&'a [u8]> {
        self.cut(line).nth(index).map(|(_, text)| text)
    }

    /// A column's text with its type.
    pub(super) fn typed<'a>(&self, text: &'a [u8]) -> Value<'a> {
        if text == self.unset { Value::Null } else { bare(text) }
    }

    /// The bytes of a line from its date to its time, where they stand side by side.
    pub(super) fn date_and_time<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let (date, time) = self.time;
        let from = self.get(line, date)?;
        let to = if time == date { from } else { self.get(line, time)? };
        let start = from.as_ptr() as usize - line.as_ptr() as usize;
        let end = to.as_ptr() as usize - line.as_ptr() as usize + to.len();
        line.get(start..end)
    }
}

/// The columns of one line.
#[derive(Debug)]
pub(super) struct Cut<'a, 'c> {
    columns: &'c Columns,
    line: Option<&'a [u8]>,
    index: usize,
}

impl<'a, 'c> Iterator for Cut<'a, 'c> {
    type Item = (&'c str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.columns.names.get(self.index)?;
        let line = self.line?;
        self.index += 1;
        let separator = self.columns.separator;
        if line.first() == Some(&b'"') && self.columns.format != "zeek" {
            let mut end = 1;
            let mut closed = false;
            // A doubled quote is one of the text.
            while let Some(found) = memchr::memchr(b'"', line.get(end..)?) {
                end += found + 1;
                if line.get(end) != Some(&b'"') {
                    closed = true;
                    break;
                }
                end += 1;
            }
            if !closed {
                self.line = None;
                return Some((name, &line[1..]));
            }
            let text = &line[1..end - 1];
            let rest = line.get(end..).filter(|rest| !rest.is_empty());
            self.line = rest.map(|rest| rest.strip_prefix(&[separator]).unwrap_or(rest));
            return Some((name, text));
        }
        let end = memchr::memchr(separator, line);
        self.line = end.map(|end| &line[end + 1..]);
        Some((name, &line[..end.unwrap_or(line.len())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_separators_outside_of_quotes() {
        let columns = Columns {
            format: "csv",
            names: ["a", "b", "c"].map(str::to_owned).into(),
            separator: b',',
            unset: Vec::new(),
            time: (0, 0),
        };
        let cut = |line: &str| -> Vec<String> {
            columns.cut(line.as_bytes()).map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect()
        };
        assert_eq!(cut("1,2,3"), ["1", "2", "3"]);
        assert_eq!(cut("1,\"x, \"\"y\"\"\",3"), ["1", "x, \"\"y\"\"", "3"]);
        assert_eq!(cut("1,\"open"), ["1", "open"]);
        assert_eq!(cut("\""), [""]);
        assert_eq!(cut(""), [""]);
        assert_eq!(columns.get(b"1,2,3", 2), Some(&b"3"[..]));
    }
}
