//! Every weight of the ranking, in log odds: how much likelier a hypothesis is with a factor than without it.
//!
//! Those of changes were measured with `tests/oracle`; those of what is so all the time were set by hand. Who moves one
//! runs `tests/oracle/pin.py` and sees what it does.

/// What a sign of full weight is worth by its nature: what ran out or broke explains, what is felt is explained.
pub(super) const NATURE: f64 = 3.9;

/// What the leading sign's nature is worth beside that of the best one.
pub(super) const LEADING: f64 = 0.65;

/// What it is worth to be first.
pub(super) const FIRST: f64 = 3.9;

/// In how much time a lead over the others loses most of its worth, in seconds: clocks and first signs are not exact.
pub(super) const LEAD_SECONDS: f64 = 100.0;

/// What a change is worth that could not be clearer.
pub(super) const CLEAREST: f64 = 1.3;

/// What it is worth to be named in what another one says; of two that do, and no more.
pub(super) const NAMED: f64 = 0.98;

/// What it costs to say that another one failed, without a name, while somebody else has trouble and says nothing like it.
pub(super) const ELSEWHERE: f64 = -1.5;

/// What it is worth to have had trouble before all that work with it.
pub(super) const BELOW: f64 = 0.98;

/// What it costs to say only what another one said before.
pub(super) const RELAYED: f64 = -1.95;

/// What it costs to feel what has its reason elsewhere.
pub(super) const DOWNSTREAM: f64 = -1.95;

/// What it is worth that one who calls it has the same trouble.
pub(super) const CALLER: f64 = 0.65;

/// What it is worth to have the clearest trouble of its kind of all services.
pub(super) const LARGEST: f64 = 2.0;

/// What it costs that no request feels it, while requests feel something else.
pub(super) const UNFELT: f64 = -1.3;

/// What it costs that one waits a little longer for it, while others fail.
pub(super) const PATIENT: f64 = -3.25;

/// What it costs to be told by nobody else, where it is no clearer than chance makes one of many series.
pub(super) const CHANCE: f64 = -5.5;

/// What it costs, beside that, to be where requests enter.
pub(super) const ENTRY: f64 = -0.65;

/// What it costs to be silent because nobody asks any more.
pub(super) const STARVED: f64 = -2.6;

/// How much of a sign's worth is certain whatever its nature, and how much comes with its weight.
pub(super) const SPECIFIC: (f64, f64) = (0.6, 0.36);

/// How much counts what requests that failed have beside those that did not.
pub(super) const REQUESTS: f64 = 1.0;

/// What it is worth to happen just when requests fail, for as many of them as it happens.
pub(super) const COINCIDES: f64 = 3.0;

/// What it costs to happen whether requests fail or not.
pub(super) const BESIDE: f64 = -1.5;

/// What it costs to have been so all the time.
pub(super) const NO_BASELINE: f64 = -2.5;

/// What it costs to have been so before requests failed, too.
pub(super) const AS_BEFORE: f64 = -5.0;

/// What it costs that requests which failed have trouble elsewhere first.
pub(super) const SAID_BEFORE: f64 = -3.0;

/// What it costs to be said less often than requests fail, for each time that it is so by a factor of e …
pub(super) const RARE: f64 = 1.2;

/// … and at the most.
pub(super) const RAREST: f64 = -4.5;

/// What is worth, beside the candidates, that none of them is the cause.
pub(super) const NONE_OF_THESE: f64 = 3.0;
