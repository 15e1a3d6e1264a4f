//! Where lines of text have their times, counted line by line.

use super::layout::Layout;

/// Among fewer lines a number behind a word is not taken for a time, though every line has one.
const FEW: usize = 8;

/// Where lines of text have their times.
#[derive(Default)]
pub(super) struct Places {
    pub(super) lines: usize,
    pub(super) after_words: [usize; 16],
    /// How many of these are numbers that may be something else.
    pub(super) doubtful: [usize; 16],
    /// How many have a time of day alone after so many words.
    pub(super) bare: [usize; 3],
    /// How many have a date behind a time of day that begins the line.
    pub(super) late: usize,
}

impl Places {
    /// The layout of these lines. Among lines of other formats (`all` lines there are) text has to have times
    /// often, or at once, to be read by them.
    pub(super) fn layout(&self, first_is_timed: bool, all: usize) -> Layout {
        let mut after_words = self.after_words;
        for (count, doubtful) in after_words.iter_mut().zip(self.doubtful) {
            // Where they are times, every line has one.
            if doubtful * 2 > *count && (*count * 10 < self.lines * 9 || self.lines < FEW) {
                *count = 0;
            }
        }
        // Among times of day alone a date behind one is spoken of.
        if self.late * 10 <= self.bare.iter().sum() {
            after_words[0] = after_words[0].saturating_sub(self.late);
        }
        let timed: usize = after_words.iter().sum();
        let bare = (0_u8..).zip(self.bare).max_by_key(|(words, count)| (*count, std::cmp::Reverse(*words)));
        if let Some((words, count)) = bare
            && count > 0
            // Where every line has a time of day, a banner or an exception may speak of a date.
            && timed * 10 <= count
            && count * 2 >= self.lines
            && count * 20 >= all
        {
            return Layout::bare(words);
        }
        let enough = timed > 0 && (first_is_timed || timed * 20 >= all.min(self.lines.max(1)));
        if enough { Layout::learn(&after_words, self.lines) } else { Layout::learn(&[], 0) }
    }
}
