//! What is said and how: tables, JSON, CSV, Markdown; every neutralisation of hostile text.
