//! local_servers/mod
