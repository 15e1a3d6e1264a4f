//! Joins entries by request id: the story of one request, and of all.
