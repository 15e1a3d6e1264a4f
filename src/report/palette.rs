//! The colours of a terminal: two sets of them, and what a user says otherwise.

/// What a piece of text means, not how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Nothing special.
    #[default]
    Plain,
    /// What to read first.
    Strong,
    /// It is well.
    Good,
    /// It deserves a look.
    Warn,
    /// It is broken.
    Bad,
    /// Beside the point.
    Dim,
    /// What was searched for.
    Match,
    /// The name of a file.
    File,
    /// The number of a line.
    Line,
    /// One of several series in a picture.
    Series(u8),
}

/// The parameters of the terminal's SGR sequences by what text means; empty for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    strong: &'static str,
    good: &'static str,
    warn: &'static str,
    bad: &'static str,
    dim: &'static str,
    matched: &'static str,
    file: &'static str,
    line: &'static str,
    series: [&'static str; 6],
}

/// For light text on a dark ground: only the eight colours that every terminal lets its user choose.
pub const DARK: Palette = Palette {
    strong: "1",
    good: "32",
    warn: "33",
    bad: "31",
    dim: "2",
    matched: "1;31",
    file: "35",
    line: "32",
    series: ["36", "35", "33", "32", "34", "31"],
};

/// For dark text on a light ground, on which yellow and cyan cannot be read.
pub const LIGHT: Palette = Palette {
    strong: "1",
    good: "38;5;28",
    warn: "38;5;130",
    bad: "38;5;124",
    dim: "38;5;242",
    matched: "1;38;5;124",
    file: "38;5;90",
    line: "38;5;28",
    series: ["38;5;25", "38;5;90", "38;5;130", "38;5;28", "38;5;18", "38;5;124"],
};

/// The names of what can be coloured.
pub const NAMES: &str = "strong good warn bad dim match file line series0 … series5";

impl Palette {
    /// The same with what `said` says, such as `match=30;43:dim=38;5;245`.
    ///
    /// # Errors
    /// The part that cannot be read.
    pub fn with(mut self, said: &str) -> Result<Palette, String> {
        for part in said.split(':').filter(|part| !part.is_empty()) {
            let (name, color) = part.split_once('=').ok_or_else(|| part.to_owned())?;
            if !color.bytes().all(|b| b.is_ascii_digit() || b == b';') {
                return Err(part.to_owned());
            }
            let place = match name {
                "strong" => &mut self.strong,
                "good" => &mut self.good,
                "warn" => &mut self.warn,
                "bad" => &mut self.bad,
                "dim" => &mut self.dim,
                "match" => &mut self.matched,
                "file" => &mut self.file,
                "line" => &mut self.line,
                _ => {
                    let number = name.strip_prefix("series").and_then(|number| number.parse::<usize>().ok());
                    let place = number.and_then(|number| self.series.get_mut(number));
                    place.ok_or_else(|| part.to_owned())?
                }
            };
            // Said once a run, and used to its end.
            *place = Box::leak(color.to_owned().into_boxed_str());
        }
        Ok(self)
    }

    /// The parameters for a style.
    pub(super) const fn sgr(&self, style: Style) -> &'static str {
        match style {
            Style::Plain => "",
            Style::Strong => self.strong,
            Style::Good => self.good,
            Style::Warn => self.warn,
            Style::Bad => self.bad,
            Style::Dim => self.dim,
            Style::Match => self.matched,
            Style::File => self.file,
            Style::Line => self.line,
            Style::Series(n) => self.series[n as usize % 6],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_goes_before_what_is_usual() {
        let palette = DARK.with("match=30;43:series2=38;5;99").unwrap();
        assert_eq!(palette.sgr(Style::Match), "30;43");
        assert_eq!(palette.sgr(Style::Series(8)), "38;5;99");
        assert_eq!(palette.sgr(Style::Bad), "31");
        for (said, wrong) in [
            ("match", "match"),
            ("dim=\u{1b}[", "dim=\u{1b}["),
            ("pink=1", "pink=1"),
            ("series9=1", "series9=1"),
        ] {
            assert_eq!(DARK.with(said), Err(wrong.to_owned()));
        }
    }
}
