//! relay/mod
