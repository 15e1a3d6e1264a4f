//! Names of months and weekdays, in the languages in which machines are run.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Months by their names and abbreviations, in lower case, without a closing dot. A word means the same month
/// in every language that has it.
const MONTHS: [&str; 12] = [
    "jan january januar janvier janv enero ene gennaio gen janeiro januari jänner stycznia sty января янв ocak oca ledna ιαν ianuarie ian січня січ يناير ינואר tammikuuta tammi leden januára",
    "feb february februar février févr fév fevr febrero febbraio fevereiro fev februari lutego lut февраля фев февр şubat şub února φεβ februarie лютого лют فبراير פברואר helmikuuta helmi únor februára",
    "mar march märz mär mrz mars marzo março maart mrt marts marca марта мар mart března μαρ martie березня бер مارس מרץ maaliskuuta maalis březen márc március",
    "apr april avril avr abril abr aprile kwietnia kwi апреля апр nisan nis dubna απρ aprilie квітня кві أبريل אפריל huhtikuuta huhti duben ápr április",
    "may mai mayo maggio mag maio mei maj maja мая май mayıs května μαΐ μάι травня тра مايو מאי toukokuuta touko květen máj május",
    "jun june juni juin junio giugno giu junho czerwca cze июня июн haziran haz června ιουν iunie iun червня чер يونيو יוני kesäkuuta kesä červen jún június",
    "jul july juli juillet juil julio luglio lug julho lipca lip июля июл temmuz tem července ιουλ iulie iul липня лип يوليو יולי heinäkuuta heinä červenec júl július",
    "aug august août aoû aout agosto ago augustus augusti sierpnia sie августа авг ağustos ağu srpna αυγ серпня أغسطس אוגוסט elokuuta elo srpen agt agu ags",
    "sep september sept septembre septiembre set settembre setembro września wrz сентября сен сент eylül eyl září σεπ septembrie вересня вер سبتمبر ספטמבר syyskuuta syys szept",
    "oct october oktober okt octobre octubre ottobre ott outubro out października paź октября окт ekim eki října οκτ octombrie жовтня жов أكتوبر אוקטובר lokakuuta loka říjen októ október",
    "nov november novembre noviembre novembro listopada lis ноября ноя нояб kasım kas νοε noiembrie листопада نوفمبر נובמבר marraskuuta marras",
    "dec december dezember dez décembre déc diciembre dic dicembre dezembro desember des grudnia gru декабря дек aralık ara prosince δεκ decembrie грудня гру ديسمبر דצמבר joulukuuta joulu prosinec",
];

/// Weekdays by their abbreviations and names, in lower case: they only have to be passed over.
const WEEKDAYS: &str = "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday \
    mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag lun mar mer jeu ven sam dim \
    lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo \
    mié jue vie sáb dom gio sab seg ter qua qui sex zo ma woe wo don vr za пн вт ср чт пт сб вс нд δευ τρί τετ πέμ παρ σάβ κυρ tues thur thurs";

/// The month that each name means.
static NAMES: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
    let numbered = (1..).zip(MONTHS);
    numbered.flat_map(|(month, names)| names.split(' ').map(move |name| (name, month))).collect()
});

/// The weekdays, to be looked up.
static DAYS: LazyLock<HashSet<&str>> = LazyLock::new(|| WEEKDAYS.split_ascii_whitespace().collect());

/// The longest name, in bytes.
const LONGEST: usize = 20;

/// Asks for a word in small letters; what is ASCII needs no memory for that.
fn in_small_letters<T>(word: &[u8], ask: impl Fn(&str) -> T) -> Option<T> {
    if word.is_ascii() {
        let mut small = [0; LONGEST];
        let small = small.get_mut(..word.len())?;
        small.copy_from_slice(word);
        small.make_ascii_lowercase();
        return Some(ask(std::str::from_utf8(small).ok()?));
    }
    Some(ask(&std::str::from_utf8(word).ok()?.to_lowercase()))
}

/// The month that the word at the start of `bytes` names, and the word's length, a closing dot included.
pub(super) fn month(bytes: &[u8]) -> Option<(u32, usize)> {
    if let Some(month) = bytes.get(..3).and_then(english)
        && !bytes.get(3).is_some_and(|b| is_letter(*b) || *b == b'.')
    {
        return Some((month, 3));
    }
    let length = word(bytes);
    if !(2..=LONGEST).contains(&length) {
        return None;
    }
    let month = in_small_letters(&bytes[..length], |name| NAMES.get(name).copied())??;
    let dot = usize::from(bytes.get(length) == Some(&b'.'));
    Some((month, length + dot))
}

/// English abbreviations, which nearly all logs use.
fn english(name: &[u8]) -> Option<u32> {
    let lower = [name[0] | 0x20, name[1] | 0x20, name[2] | 0x20];
    Some(match &lower {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// The length of a weekday's name at the start of `bytes` with the signs and blanks after it.
pub(super) fn weekday(bytes: &[u8]) -> Option<usize> {
    let length = word(bytes);
    if !(2..=LONGEST).contains(&length) {
        return None;
    }
    // A date or a month comes next, so that most words need not be looked up.
    if !matches!(bytes.get(length), Some(b',' | b'.' | b' ')) {
        return None;
    }
    let known = match bytes.get(..length)? {
        b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun" => true,
        name => in_small_letters(name, |name| DAYS.contains(name))?,
    };
    let mut at = length;
    while matches!(bytes.get(at), Some(b',' | b'.' | b' ')) && at < length + 3 {
        at += 1;
    }
    (known && at > length).then_some(at)
}

/// The length of the word at the start of `bytes`: letters, and all that is not ASCII.
fn word(bytes: &[u8]) -> usize {
    bytes.iter().take(24).take_while(|b| is_letter(**b)).count()
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || b >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_one_month() {
        let mut all: Vec<&str> = MONTHS.iter().flat_map(|names| names.split(' ')).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn months_and_weekdays_in_many_languages() {
        for (text, expected) in [
            ("Dec 24", Some((12, 3))),
            ("DEC-", Some((12, 3))),
            ("December 24", Some((12, 8))),
            ("déc. 2023", Some((12, 5))),
            ("Dez. 2023", Some((12, 4))),
            ("août 2023", Some((8, 5))),
            ("ДЕК 2023", Some((12, 6))),
            ("Decimal", None),
            ("Foo", None),
        ] {
            assert_eq!(month(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(weekday(b"Sunday, 24"), Some(8));
        assert_eq!(weekday(b"So. 24"), Some(4));
        assert_eq!(weekday(b"Sunny 24"), None);
    }
}
