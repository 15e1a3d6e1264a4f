//! Tables of who calls whom: a row for each pair (`source,target,weight`), or a square of who is in the row and who in
//! the column.

use super::metric::csv::{delimiter, fields};

/// Names of the columns of the one who calls and the one who is called.
const PAIRS: [(&str, &str); 10] = [
    ("source", "target"),
    ("source", "destination"),
    ("src", "dst"),
    ("src", "dest"),
    ("from", "to"),
    ("caller", "callee"),
    ("client", "server"),
    ("parent", "child"),
    ("upstream", "downstream"),
    ("consumer", "provider"),
];

/// Columns beside the two that say how often or of which kind, and never when.
const BESIDE: [&str; 10] =
    ["weight", "count", "calls", "value", "label", "type", "kind", "protocol", "id", "callcount"];

/// Who calls, and who is called.
pub type Edge = (String, String);

/// Is a file that starts like this a table of who calls whom?
pub fn recognises(head: &[u8]) -> bool {
    let mut lines = lines(head);
    let Some(first) = lines.next() else { return false };
    let Some(delimiter) = delimiter(first) else { return false };
    let Some(names) = fields(first, delimiter) else { return false };
    if pair(&names).is_some() {
        return lines
            .next()
            .and_then(|row| fields(row, delimiter))
            .is_some_and(|row| row.len() == names.len());
    }
    // The last row may be cut.
    let rows: Vec<Vec<String>> = lines.filter_map(|row| fields(row, delimiter)).collect();
    let whole = rows.iter().filter(|row| row.len() == names.len());
    is_square(&names)
        && whole.clone().next().is_some()
        && whole.clone().count() + 1 >= rows.len()
        && whole.clone().all(|row| is_row(&names, row))
}

/// The edges of a table, in its order.
pub fn read(bytes: &[u8]) -> Vec<Edge> {
    let mut lines = lines(bytes);
    let Some(delimiter) = lines.next().and_then(delimiter) else { return Vec::new() };
    let mut rows = self::lines(bytes).filter_map(|line| fields(line, delimiter));
    let Some(names) = rows.next() else { return Vec::new() };
    let rows = rows.filter(|row| row.len() == names.len());
    if let Some((caller, called)) = pair(&names) {
        let edge = |row: Vec<String>| (row[caller].clone(), row[called].clone());
        return rows.map(edge).filter(|(caller, called)| !caller.is_empty() && !called.is_empty()).collect();
    }
    let mut edges = Vec::new();
    for row in rows {
        let called = names.iter().zip(&row).skip(1).filter(|(_, cell)| weight(cell).is_some_and(|w| w > 0.0));
        edges.extend(called.map(|(name, _)| (row[0].clone(), name.clone())));
    }
    edges
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty())
}

/// The columns of the caller and the called, if nothing else is told than how often and of which kind.
fn pair(names: &[String]) -> Option<(usize, usize)> {
    let names: Vec<String> =
        names.iter().map(|name| name.to_ascii_lowercase().replace(['_', ' '], "")).collect();
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    let (caller, called) = PAIRS.iter().find_map(|(caller, called)| Some((at(caller)?, at(called)?)))?;
    let is_known = |(column, name): (usize, &String)| {
        column == caller || column == called || name.is_empty() || BESIDE.contains(&name.as_str())
    };
    names.iter().enumerate().all(is_known).then_some((caller, called))
}

/// Does the first line name nodes behind an empty or named corner?
fn is_square(names: &[String]) -> bool {
    names.len() > 2 && names[1..].iter().all(|name| weight(name).is_none() && !name.is_empty())
}

/// Is a row that of one of the nodes, with a weight for each?
fn is_row(names: &[String], row: &[String]) -> bool {
    names[1..].contains(&row[0]) && row[1..].iter().all(|cell| weight(cell).is_some())
}

/// What a cell says of an edge; an empty one says that there is none.
fn weight(cell: &str) -> Option<f64> {
    if cell.is_empty() { Some(0.0) } else { cell.parse().ok().filter(|weight: &f64| weight.is_finite()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_pairs_and_squares_are_edges() {
        for (text, expected) in [
            ("Source,Target,Weight\nshop,bank,1\nbank,ledger,2\n", "shop>bank bank>ledger"),
            ("from;to\nshop;bank\n", "shop>bank"),
            (",shop,bank,db 1\nshop,0.0,1.0,0.0\nbank,0,0,1\ndb 1,,,\n", "shop>bank bank>db 1"),
        ] {
            assert!(recognises(text.as_bytes()), "{text}");
            let edges: Vec<String> =
                read(text.as_bytes()).iter().map(|(one, other)| format!("{one}>{other}")).collect();
            assert_eq!(edges.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn other_tables_are_none() {
        for text in [
            "",
            "source,target\n",
            "time,source,target,value\n1703385000,a,b,1\n",
            "from,to,subject\na@b.c,d@e.f,hello\n",
            ",a,b\n0,1,2\n1,3,4\n",
            "name,cpu,memory\na,1,2\n",
            "shop calls bank\n",
            // Two long lines of something else.
            "{\"a\": [{\"b\": 1}, {\"c\": 2}, {\"d\": 3}]}\n{\"a\": [{\"b\": 1}]}\n",
            "one, two, three of a sentence\nfour, five\n",
        ] {
            assert!(!recognises(text.as_bytes()), "{text}");
        }
    }
}
