//! `--sort`, `--limit` and `--top`: which rows are shown, and in which order.

use std::cmp::Ordering;

use super::args::RankArgs;
use super::near;
use crate::model::Error;

/// A value to sort by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Number(f64),
    Word(String),
    /// Rows without a value come last, whatever the order.
    None,
}

impl Key {
    pub(super) fn count(count: u64) -> Key {
        Key::Number(count as f64)
    }

    pub(super) fn number(number: Option<f64>) -> Key {
        number.map_or(Key::None, Key::Number)
    }

    pub(super) fn word(word: Option<&str>) -> Key {
        word.map_or(Key::None, |word| Key::Word(word.to_owned()))
    }

    /// Of a value that makes a group.
    pub(super) fn json(value: &serde_json::Value) -> Key {
        match value {
            serde_json::Value::Null => Key::None,
            serde_json::Value::Number(number) => Key::number(number.as_f64()),
            serde_json::Value::String(text) => Key::Word(text.clone()),
            other => Key::Word(other.to_string()),
        }
    }
}

/// A way to turn an order round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Numbers from the greatest, words from A.
    Natural,
    Ascending,
    Descending,
}

/// Puts rows in the order that was typed, and keeps as many as were asked for: at most `usual` where nothing was
/// said. `by_count` is the column that `--top` looks at by itself. Rows that are equal stay as they stood.
pub(super) fn rank<T>(
    rows: &mut Vec<T>,
    args: &RankArgs,
    (by_count, usual): (&str, Option<usize>),
    columns: &[String],
    key: impl Fn(&T, &str) -> Key,
) -> Result<(), Error> {
    let typed = args.sort.as_deref().or(args.top.map(|_| by_count));
    if let Some(typed) = typed {
        let (column, turn) = column(typed, columns)?;
        let mut keyed: Vec<(Key, T)> = rows.drain(..).map(|row| (key(&row, column), row)).collect();
        keyed.sort_by(|(a, _), (b, _)| order(a, b, turn));
        rows.extend(keyed.into_iter().map(|(_, row)| row));
    }
    let most = match args.limit.or(args.top).or(usual) {
        None | Some(0) => usize::MAX,
        Some(most) => most,
    };
    rows.truncate(most);
    Ok(())
}

/// The column that is meant, and the way round.
fn column<'t>(typed: &'t str, columns: &[String]) -> Result<(&'t str, Turn), Error> {
    let (name, turn) = match typed.rsplit_once(':') {
        Some((name, "asc")) => (name, Turn::Ascending),
        Some((name, "desc")) => (name, Turn::Descending),
        _ => (typed, Turn::Natural),
    };
    if columns.iter().any(|column| column == name) {
        return Ok((name, turn));
    }
    let meant = near::did_you_mean(name, columns.iter().map(String::as_str));
    Err(Error::usage(format!("--sort: there is no column `{name}`"))
        .hinted(meant.unwrap_or_else(|| format!("columns: {}", columns.join(" ")))))
}

fn order(a: &Key, b: &Key, turn: Turn) -> Ordering {
    let turned = |order: Ordering, descends: bool| if descends { order.reverse() } else { order };
    match (a, b) {
        (Key::None, Key::None) => Ordering::Equal,
        (Key::None, _) => Ordering::Greater,
        (_, Key::None) => Ordering::Less,
        (Key::Number(a), Key::Number(b)) => turned(a.total_cmp(b), turn != Turn::Ascending),
        (Key::Word(a), Key::Word(b)) => turned(a.cmp(b), turn == Turn::Descending),
        (Key::Number(_), Key::Word(_)) => Ordering::Less,
        (Key::Word(_), Key::Number(_)) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(args: &RankArgs) -> Result<String, Error> {
        let mut rows = vec![("a", 2.0), ("b", 9.0), ("c", f64::NAN), ("d", 2.0)];
        let columns = ["count".to_owned(), "name".to_owned()];
        let key = |(name, count): &(&str, f64), column: &str| match column {
            "count" => Key::number(Some(*count).filter(|count| !count.is_nan())),
            _ => Key::word(Some(name)),
        };
        rank(&mut rows, args, ("count", Some(3)), &columns, key)?;
        Ok(rows.iter().map(|(name, _)| *name).collect())
    }

    #[test]
    fn rows_are_put_in_order_and_equal_ones_stay() {
        let args = |sort: Option<&str>, limit: Option<usize>, top: Option<usize>| RankArgs {
            sort: sort.map(str::to_owned),
            limit,
            top,
        };
        for (sort, limit, top, wanted) in [
            (None, None, None, "abc"),
            (None, Some(0), None, "abcd"),
            (Some("count"), None, None, "bad"),
            (Some("count:asc"), Some(4), None, "adbc"),
            (Some("name:desc"), Some(0), None, "dcba"),
            (None, None, Some(2), "ba"),
            (Some("name"), None, Some(1), "a"),
        ] {
            assert_eq!(ranked(&args(sort, limit, top)).as_deref(), Ok(wanted), "{sort:?} {limit:?} {top:?}");
        }
        let error = ranked(&args(Some("cuont"), None, None)).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean count?"));
    }
}
