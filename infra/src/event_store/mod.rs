//! event_store/mod
