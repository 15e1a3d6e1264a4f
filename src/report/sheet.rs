//! The style sheet of a page: light and dark, for the screen and for paper.

/// The sheet. A page allows no style but this one, by its [`DIGEST`].
pub(super) const SHEET: &str = "
:root { color-scheme: light dark; --ground: #ffffff; --raised: #f5f6f8; --text: #1b1f24; --dim: #57606a; \
--line: #d5dae0; --bad: #b3261e; --good: #146c2e; --warn: #865300; --plain: #6b7683; --s0: #0b5cad; --s1: #7c3aa3; \
--s2: #865300; --s3: #146c2e; --s4: #00697a; --s5: #b3261e; --shade: #b3261e14; --silence: #8653001f; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --raised: #1d2127; --text: #e7eaee; --dim: #a4adb8; \
--line: #363d46; --bad: #ff8f85; --good: #6fd08c; --warn: #f0b849; --plain: #8b96a3; --s0: #74b5ff; --s1: #d3a0f2; \
--s2: #f0b849; --s3: #6fd08c; --s4: #55d0dd; --s5: #ff8f85; --shade: #ff8f851f; --silence: #f0b84926; --on: #14171b; } }
@media print { :root { color-scheme: light; --ground: #ffffff; --raised: #ffffff; --text: #000000; --dim: #444c56; \
--line: #c3c9d0; --bad: #b3261e; --good: #146c2e; --warn: #865300; --plain: #6b7683; --s0: #0b5cad; --s1: #7c3aa3; \
--s2: #865300; --s3: #146c2e; --s4: #00697a; --s5: #b3261e; --shade: #b3261e14; --silence: #8653001f; --on: #ffffff; } }
* { box-sizing: border-box; }
html { background: var(--ground); color: var(--text); }
body { font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; margin: 0; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.45rem; line-height: 1.35; margin: 0 0 1.25rem; font-weight: 600; text-wrap: pretty; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 0; }
p { margin: .5rem 0; max-width: 54rem; }
pre, code { font: 12.5px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
pre { padding: .6rem .8rem; margin: .6rem 0; background: var(--raised); border: 1px solid var(--line); \
border-radius: 6px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.command::before { content: '$ '; color: var(--dim); }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem 1.1rem .25rem 0; text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 500; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { border-bottom: 1px solid var(--line); }
.w { overflow-wrap: anywhere; min-width: 9rem; } .n { overflow-wrap: break-word; min-width: 9rem; }
.r { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--dim); } dd { margin: 0; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .dim { color: var(--dim); }
.match { color: var(--bad); font-weight: 600; } .plain { color: var(--plain); }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
.s4 { color: var(--s4); } .s5 { color: var(--s5); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .75rem; margin: 1rem 0 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; background: var(--raised); }
.tile dt { font-size: .8rem; } .tile .value { font-size: 1.1rem; font-weight: 600; line-height: 1.5; white-space: nowrap; }
.tile .note { font-size: .8rem; color: var(--dim); }
ol.steps { list-style: none; margin: .8rem 0; padding: 0; }
ol.steps li { display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: 0 1.6rem; padding: 0 0 .9rem; position: relative; }
ol.steps time, ol.steps .none { font-variant-numeric: tabular-nums; color: var(--dim); text-align: right; }
ol.steps li::before { content: ''; position: absolute; left: 5.5rem; top: .42rem; width: .6rem; height: .6rem; \
border-radius: 50%; background: currentColor; }
ol.steps li::after { content: ''; position: absolute; left: 5.76rem; top: 1.2rem; bottom: -.3rem; width: 1px; \
background: var(--line); }
ol.steps li:last-child::after { display: none; }
ol.steps .what { color: var(--text); } ol.steps .what, ol.steps .place { overflow-wrap: anywhere; } ol.steps .place { color: var(--dim); font-size: .85rem; }
figure { margin: 1.4rem 0 0; } figcaption { margin: 0 0 .2rem; position: sticky; left: 0; } figcaption p { margin: 0; color: var(--dim); font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--dim); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
svg .name { text-anchor: end; fill: var(--text); } svg .above { text-anchor: start; }
svg.phone { display: none; max-width: 30rem; }
svg .marked { fill: var(--warn); font-weight: 600; }
svg .on { fill: var(--on); font-size: 11px; }
polyline { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
.fill { fill: currentColor; } .dot { fill: currentColor; } .band { fill: currentColor; opacity: .16; }
.lane { fill: currentColor; opacity: .45; } .cross { fill: none; stroke: currentColor; stroke-width: 2.4; }
.grid, .tick { stroke: var(--line); } .mark { stroke: var(--warn); stroke-width: 1.5; stroke-dasharray: 4 3; }
.stretch { fill: var(--shade); } .silence { fill: var(--silence); }
.legend { font-size: .85rem; color: var(--dim); } .key { margin-right: 1.2rem; white-space: nowrap; }
.key i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .4rem; \
background: currentColor; vertical-align: -1px; }
.key i, ol.steps li::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.board { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); gap: .75rem; margin: .8rem 0; }
.board > section { grid-column: span 24; border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem; min-width: 0; }
.board figure { margin: .3rem 0 0; } .board .tiles { grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); margin: .4rem 0 0; }
.board .tile { border: 0; background: none; padding: 0; } .board .tile .value { font-size: 1.5rem; } .board h3 { overflow-wrap: anywhere; font-weight: 400; }
.board .key { white-space: normal; overflow-wrap: anywhere; display: inline-block; max-width: 100%; } .limit { stroke: currentColor; stroke-dasharray: 6 4; }
.meters { width: 100%; } .meters th { font-weight: 400; white-space: normal; overflow-wrap: break-word; } .meters .bar { width: 40%; min-width: 2rem; }
.meters th, .meters td { padding-right: .6rem; }
.meters svg { height: .7rem; } .meters .lane { opacity: .15; }
@media (min-width: 800px) { .board > .w4 { grid-column: span 4; } .board > .w6 { grid-column: span 6; } .board > .w8 { grid-column: span 8; } \
.board > .w12 { grid-column: span 12; } .board > .w16 { grid-column: span 16; } main:has(.board figure) { max-width: 96rem; } }
@media (max-width: 799px) { .board figure svg { min-width: 0; } .board svg.wide text { font-size: 17px; } }
@media (max-width: 499px) { .board svg text { font-size: 16px; } .board figure svg.wide { min-width: 40rem; } }
details { margin: .3rem 0; font-size: .9rem; } summary { cursor: pointer; color: var(--dim); }
details details, details .scroll, details pre { margin-left: 1rem; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--dim); font-size: .85rem; }
:focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; }
@media screen and (max-width: 60rem) { svg.page text, svg.page .on { font-size: 15px; } }
@media screen and (max-width: 48rem) { svg.page { display: none; } svg.phone { display: block; } svg.phone text { font-size: 13px; } }
@media screen and (max-width: 40rem) { main { padding: 1.25rem .9rem 2rem; } h1 { font-size: 1.25rem; } \
.tiles { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); } .tile .value { white-space: normal; } \
dl { grid-template-columns: 1fr; } dl dd { margin: 0 0 .4rem; } }
@media print { main { max-width: none; padding: 0; } body { font-size: 11pt; } figure, .tile, li, tr, pre { \
break-inside: avoid; } h2, h3, figcaption { break-after: avoid; } summary { list-style: none; } \
details:not([open]) { display: none; } .board { gap: .5rem; } .board > section { break-inside: avoid; padding: .4rem .6rem; } \
.board > .w4, .board > .w6 { grid-column: span 6; } .board > .w8 { grid-column: span 8; } .board > .w12 { grid-column: span 12; } \
.board > .w16 { grid-column: span 16; } .board .tile .value { font-size: 1.2rem; } .board svg text { font-size: 17px; } \
.board .legend { font-size: .75rem; line-height: 1.4; } }
";

/// The SHA-256 digest of the sheet in base64, as a content security policy names it.
pub(super) const DIGEST: &str = "L/TbCGiLVN2aLqnqYURYtXqmpbDD1pww28kisw+Ik/U=";

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, for the one text that is hashed here.
    fn sha256(text: &[u8]) -> [u8; 32] {
        // The fractional parts of the roots of the first primes: square roots for the state, cube roots for the
        // rounds.
        let primes: Vec<u64> = (2..312_u64).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
        let root = |prime: u64, cubic: bool| {
            let fits = |root: u128| {
                if cubic {
                    root.pow(3) <= u128::from(prime) << 96
                } else {
                    root * root <= u128::from(prime) << 64
                }
            };
            (0..36).rev().fold(0_u128, |root, bit| if fits(root | 1 << bit) { root | 1 << bit } else { root })
                as u32
        };
        let rounds: Vec<u32> = primes.iter().map(|prime| root(*prime, true)).collect();
        let mut state: Vec<u32> = primes[..8].iter().map(|prime| root(*prime, false)).collect();
        let mut padded = text.to_vec();
        padded.push(0x80);
        while padded.len() % 64 != 56 {
            padded.push(0);
        }
        padded.extend_from_slice(&(text.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let mut w: Vec<u32> =
                block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
            for i in 16..64 {
                let low = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
                let high = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
                w.push(w[i - 16].wrapping_add(low).wrapping_add(w[i - 7]).wrapping_add(high));
            }
            let mut s: Vec<u32> = state.clone();
            for i in 0..64 {
                let big = s[4].rotate_right(6) ^ s[4].rotate_right(11) ^ s[4].rotate_right(25);
                let choice = (s[4] & s[5]) ^ (!s[4] & s[6]);
                let one = [big, choice, rounds[i], w[i]].into_iter().fold(s[7], u32::wrapping_add);
                let small = s[0].rotate_right(2) ^ s[0].rotate_right(13) ^ s[0].rotate_right(22);
                let most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
                s.rotate_right(1);
                s[4] = s[4].wrapping_add(one);
                s[0] = one.wrapping_add(small).wrapping_add(most);
            }
            for (state, s) in state.iter_mut().zip(s) {
                *state = state.wrapping_add(s);
            }
        }
        let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.try_into().unwrap()
    }

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk
                .iter()
                .enumerate()
                .fold(0_u32, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
            for i in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize];
                out.push(if i <= chunk.len() { letter as char } else { '=' });
            }
        }
        out
    }

    #[test]
    fn the_policy_names_this_sheet() {
        assert_eq!(base64(&sha256(b"abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(base64(&sha256(SHEET.as_bytes())), DIGEST);
    }

    /// WCAG 2.2: relative luminance of `#rrggbb`.
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_colour_can_be_read_on_its_ground() {
        let themes: Vec<&str> =
            SHEET.split(":root {").skip(1).map(|part| part.split('}').next().unwrap()).collect();
        assert_eq!(themes.len(), 3);
        for theme in themes {
            let color = |name: &str| {
                let at = theme.find(&format!("--{name}: ")).unwrap_or_else(|| panic!("--{name}"));
                let text = &theme[at + name.len() + 4..];
                text[..text.find(';').unwrap()].to_owned()
            };
            let contrast = |a: &str, b: &str| {
                let (a, b) = (luminance(&color(a)), luminance(&color(b)));
                (a.max(b) + 0.05) / (a.min(b) + 0.05)
            };
            for ground in ["ground", "raised"] {
                for text in ["text", "dim", "bad", "good", "warn", "s0", "s1", "s2", "s3", "s4", "s5"] {
                    assert!(contrast(text, ground) >= 4.5, "{text} on {ground}: {}", contrast(text, ground));
                }
                assert!(contrast("plain", ground) >= 3.0);
            }
            for bar in ["bad", "warn"] {
                assert!(contrast("on", bar) >= 4.5, "on {bar}");
            }
        }
    }
}
