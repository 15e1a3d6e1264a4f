//! Lines by which each family of signatures is known, run through all detectors, and lines that only look like it.

mod clock;
mod crash;
mod deploy;
mod limit;
mod lock;
mod memory;
mod network;
mod pool;
mod stall;
mod storage;
mod timeout;
mod trust;
