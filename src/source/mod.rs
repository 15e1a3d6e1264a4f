//! Bytes in: walk, open, map, decode.
