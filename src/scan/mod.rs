//! The driver and the only threads: map chunks in parallel, hand results on in order.
