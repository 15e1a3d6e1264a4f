//! Answers that take longer than usual, by the durations that entries tell.

use std::collections::BTreeMap;

use super::Detector;
use super::family::{identity, subject, unusual};
use super::finding::Finding;
use super::success::Success;
use crate::model::unit::HumanMillis;
use crate::series::bins::Bins;
use crate::series::change::{self, Stretch, Way};
use crate::signatures::Severity;
use crate::timeline::Subject;
use crate::timeline::observe::What;
use crate::timeline::scene::{GAIN, Scene};

/// Durations of a service longer than usual.
#[derive(Debug)]
pub struct Latency;

/// The detector of slowness.
pub static LATENCY: Latency = Latency;

const WHAT: &str = "answers take longer";

/// Durations that tell something.
const FEWEST: u64 = 40;

/// Endpoints of one service that are told of, at most.
const MOST_TOLD: usize = 3;

impl Detector for Latency {
    fn name(&self) -> &'static str {
        "latency"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "durations longer than usual, of a service or of an endpoint, in entries or in recorded metrics"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut services: BTreeMap<(u32, Subject), Endpoints<'_>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            if kind.what == What::Duration {
                let asked = kind.text.get(4..).unwrap_or_default();
                let endpoints = services.entry((kind.group, identity(scene, kind))).or_default();
                endpoints.entry(asked).or_default().push(at);
            }
        }
        services.into_values().flat_map(|endpoints| of_service(scene, &endpoints)).collect()
    }
}

/// The kinds of durations of each endpoint, or of what else entries with a duration say.
type Endpoints<'s> = BTreeMap<&'s str, Vec<usize>>;

/// Of a service and its endpoints those are told of that say more: few endpoints, or all of it.
fn of_service(scene: &Scene<'_>, endpoints: &Endpoints<'_>) -> Vec<Finding> {
    let kinds: Vec<usize> = endpoints.values().flatten().copied().collect();
    let whole = slower(scene, &kinds);
    let mut parts: Vec<(&str, Slower)> = Vec::new();
    if endpoints.len() > 1 {
        parts.extend(endpoints.iter().filter_map(|(asked, kinds)| Some((*asked, slower(scene, kinds)?))));
    }
    let few = parts.len() * 2 <= endpoints.len() || whole.is_none();
    if parts.is_empty() || !few {
        return whole.map(|whole| finding(scene, &whole, None)).into_iter().collect();
    }
    // Those that are clearest say enough.
    parts.sort_by(|a, b| b.1.found.gain.total_cmp(&a.1.found.gain).then(a.0.cmp(b.0)));
    parts.truncate(MOST_TOLD);
    parts.iter().map(|(asked, slower)| finding(scene, slower, Some(asked))).collect()
}

/// Durations that became longer.
struct Slower {
    /// When, and how much.
    found: Stretch,
    /// The half octave from which on they are slow.
    least: u32,
    /// The entries that are.
    slow: Bins,
    /// The kind with most entries.
    kind: usize,
    /// What the fast ones add to how clear it is.
    fast: f64,
}

/// The half octave of a kind of duration.
fn octave(scene: &Scene<'_>, kind: usize) -> u32 {
    scene.kinds[kind].0.text.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn slower(scene: &Scene<'_>, kinds: &[usize]) -> Option<Slower> {
    if kinds.iter().map(|kind| scene.kinds[*kind].1.count).sum::<u64>() < FEWEST {
        return None;
    }
    // Counts by half octave: from the slowest on they add up.
    let mut octaves: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for kind in kinds {
        let counts = octaves.entry(octave(scene, *kind)).or_insert_with(|| vec![0; scene.axis.bins]);
        scene.axis.add(&scene.kinds[*kind].1.bins, counts);
    }
    let mut exposure = vec![0.0; scene.axis.bins];
    for counts in octaves.values() {
        for (sum, count) in exposure.iter_mut().zip(counts) {
            *sum += *count as f64;
        }
    }
    // From which duration on entries are slow is not known: that with the clearest change is taken.
    let mut counts = vec![0; scene.axis.bins];
    let mut best: Option<(Stretch, u32)> = None;
    for (least, more) in octaves.iter().skip(1).rev() {
        for (sum, count) in counts.iter_mut().zip(more) {
            *sum += count;
        }
        let Some(found) = change::strongest(&counts, &exposure, Way::Up, &scene.against) else { continue };
        let clear = found.gain >= 1.5 * GAIN && found.count >= 8 && found.inside >= 4.0 * found.outside;
        if clear
            && found.inside >= 0.1
            && found.outside <= 0.1
            && best.is_none_or(|(best, _)| found.gain >= best.gain)
        {
            best = Some((found, *least));
        }
    }
    let (found, least) = best?;
    let present: Vec<f64> = exposure.iter().map(|n| f64::from(u8::from(*n > 0.0))).collect();
    if scene.is_beginning(&present, found.from) || (scene.given.is_none() && is_usual(&exposure, &found)) {
        return None;
    }
    let mut slow = Bins::default();
    for kind in kinds.iter().filter(|kind| octave(scene, **kind) >= least) {
        slow.merge(scene.kinds[*kind].1.bins.clone());
    }
    let kind = *kinds.iter().max_by_key(|kind| (scene.kinds[**kind].1.count, std::cmp::Reverse(**kind)))?;
    Some(Slower { found, least, slow, kind, fast: of_fast(&exposure, &found) })
}

/// Is the stretch what was usual, and only what came after it unusual? What fails at once is faster than what goes well.
fn is_usual(exposure: &[f64], found: &Stretch) -> bool {
    let sum = |part: &[f64]| part.iter().sum::<f64>();
    let before = sum(&exposure[..found.from]);
    let inside = sum(&exposure[found.from..found.until]);
    let after = sum(&exposure[found.until..]);
    4.0 * before < inside && inside > before + after && 20.0 * after > inside
}

/// Answers that take less than this are no trouble to anybody, however fast they were before. Milliseconds.
const FELT: f64 = 5.0;

/// The duration from which on a half octave is slow, in milliseconds: half octaves are of sixteenths of one.
fn edge(least: u32) -> f64 {
    2_f64.powf(f64::from(least) / 2.0) / 16.0
}

/// Who waits for so long goes away. Milliseconds.
const ANNOYING: f64 = 1_000.0;

/// Is it so clear that it is trouble, whether or not anything fails? Most answers take much longer than nearly all did.
fn is_plain(slower: &Slower, enters: bool) -> bool {
    let Slower { found, least, fast, .. } = slower;
    let slow = edge(*least);
    // Where most are slow, the fast ones that there were before tell as much as the slow ones.
    let gain = found.gain + if slow >= ANNOYING { *fast } else { 0.0 };
    let clear = if slow >= ANNOYING { 2.0 } else { 2.5 } * GAIN;
    let most = slow >= FELT && gain >= clear && found.inside >= 0.5;
    // Of those who ask some wait for seconds, where nobody did.
    let some = enters && slow >= ANNOYING && found.gain >= 5.0 * GAIN;
    (most || some) && found.count >= 12 && found.inside >= 10.0 * found.outside
}

/// How much likelier the fast ones are with a stretch than without: what a rate of slow ones alone does not tell.
fn of_fast(exposure: &[f64], found: &Stretch) -> f64 {
    let all: f64 = exposure.iter().sum();
    let inside: f64 = exposure[found.from..found.until].iter().sum();
    let fast = |n: f64, share: f64| (n * (1.0 - share)).max(0.0);
    let (within, beside) = (fast(inside, found.inside), fast(all - inside, found.outside));
    let term = |k: f64, n: f64| if k > 0.0 && n > 0.0 { k * (k / n).ln() } else { 0.0 };
    (term(within, inside) + term(beside, all - inside) - term(within + beside, all)).max(0.0)
}

fn finding(scene: &Scene<'_>, slower: &Slower, asked: Option<&str>) -> Finding {
    let Slower { found, least, slow, kind, .. } = slower;
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    // One that was slow long before the others is chance, also where it is the only one.
    let inside = slow.clipped(from, until - 1).without_strays();
    let edge = HumanMillis(edge(*least));
    let of = asked.map_or(String::new(), |asked| format!("{}: ", brief(asked)));
    let what = format!(
        "{WHAT} ({of}over {edge}: usually {:.1} %, then {:.0} %)",
        found.outside * 100.0,
        found.inside * 100.0
    );
    let enters = Success::of(scene).is_some_and(|success| success.group == scene.kinds[*kind].0.group);
    let severity = if is_plain(slower, enters) { Severity::High } else { Severity::Medium };
    let subject = subject(scene, &scene.kinds[*kind].0);
    unusual(scene, ("latency", severity), subject, &inside, (found.gain, what))
}

/// The first words of what was asked for.
pub(super) fn brief(asked: &str) -> String {
    const LONGEST: usize = 60;
    match asked.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &asked[..at]),
        None => asked.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fold::Fold;
    use crate::model::{Entry, Level, Location, Needs, Role, Slots, Timestamp, Value};

    use super::super::{Finding, Observed, Scene, Wants, findings, vocabulary};

    /// An hour of requests, each of so many milliseconds.
    fn found(duration: impl Fn(i64) -> f64) -> Vec<Finding> {
        let mut needs = Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let mut observed = Observed::new(&wants);
        for at in 0..1_800 {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + at * 2, 0);
            slots.level = Some(Level::Info);
            slots.duration = Some(duration(at * 2));
            slots.set(Role::Message.slot(), Value::plain(b"request finished"));
            let location = Location { file: 0, chunk: 0, line: at as u32 };
            observed.add(&Entry {
                location,
                offset: 0,
                raw: b"request finished",
                understood: true,
                slots: &slots,
            });
        }
        findings(&Scene::new(&wants, observed, &vocabulary(&wants)), &["latency".to_owned()])
    }

    #[test]
    fn slowness_is_found_where_it_begins_and_noise_is_none() {
        let noisy = |at: i64| 20.0 + (at * 7_919 % 97) as f64 + if at % 50 == 0 { 900.0 } else { 0.0 };
        assert_eq!(found(noisy), []);
        let slow = found(|at| if (2_000..2_600).contains(&at) && at % 3 == 0 { 2_500.0 } else { noisy(at) });
        assert_eq!(slow.len(), 1);
        assert!(slow[0].from.is_some_and(|from| from.0 / 1_000_000_000 - 1_700_002_000 < 30), "{slow:?}");
        let fails_at_once = |at: i64| if (200..2_600).contains(&at) { 150.0 + noisy(at) } else { 2.0 };
        assert_eq!(found(fails_at_once), []);
    }
}
