//! redis/mod
