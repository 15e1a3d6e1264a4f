//! Two names in one: `shop_bank`, `shop->bank` as columns of what one calls the other.

use std::collections::BTreeSet;

/// What stands between the two; an arrow says so by itself.
const ARROWS: [&str; 4] = ["->", "→", "=>", "-->"];

/// What may as well stand within a name.
const SEPARATORS: [&str; 8] = ["__", "_", "|", "~", ":", "/", "-", "."];

/// Fewer names without arrows are no table of pairs.
const FEWEST: usize = 3;

/// Caller and called of each name, if all of them are such pairs. Without an arrow the evidence is that the same names
/// stand on both sides: `cart_cpu`, `web_cpu` are owners and what is measured of them.
pub fn pairs(names: &[&str]) -> Option<Vec<(String, String)>> {
    let arrows = ARROWS.iter().find_map(|arrow| split(names, arrow));
    arrows.or_else(|| SEPARATORS.iter().filter_map(|mark| split(names, mark)).find(|pairs| is_table(pairs)))
}

/// All names cut in two where `mark` stands; `None` if it stands elsewhere than once between two names.
fn split(names: &[&str], mark: &str) -> Option<Vec<(String, String)>> {
    let is_name = |name: &str| name.len() > 1 && name.contains(|c: char| c.is_alphabetic());
    let cut = |name: &&str| {
        let (one, other) = name.split_once(mark)?;
        let (one, other) = (one.trim(), other.trim());
        (is_name(one) && is_name(other) && !other.contains(mark)).then(|| (one.to_owned(), other.to_owned()))
    };
    let found: Option<Vec<_>> = names.iter().map(cut).collect();
    found.filter(|pairs| !pairs.is_empty())
}

fn is_table(pairs: &[(String, String)]) -> bool {
    let callers: BTreeSet<&String> = pairs.iter().map(|(caller, _)| caller).collect();
    pairs.len() >= FEWEST && pairs.iter().any(|(_, called)| callers.contains(called))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_told_by_names_on_both_sides_or_by_arrows() {
        for (names, expected) in [
            (&["shop_bank", "shop_stock", "stock_db1"][..], Some(("stock", "db1"))),
            (&["shop -> bank"], Some(("shop", "bank"))),
            (&["web-shop_bank", "bank_ledger", "web-shop_ledger"], Some(("web-shop", "ledger"))),
            (&["cart_cpu", "cart_mem", "web_cpu", "web_mem"], None),
            (&["heap_used", "heap_free"], None),
            (&["shop_bank", "bank_shop"], None),
            (&["time_to_first_byte", "a_b", "b_c"], None),
            (&[], None),
        ] {
            let last = pairs(names).and_then(|pairs| pairs.last().cloned());
            let expected = expected.map(|(one, other)| (one.to_owned(), other.to_owned()));
            assert_eq!(last, expected, "{names:?}");
        }
    }
}
