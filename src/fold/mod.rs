//! What entries add up to: commutative, associative states.
