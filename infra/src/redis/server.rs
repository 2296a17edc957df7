//! What the server says of itself.

use super::{Redis, Unavailable};

/// Memory, and what had to go for lack of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerFigures {
    /// Bytes in use, by everybody on the server.
    pub used_memory: u64,
    /// Bytes that may be used; 0: as many as there are.
    pub max_memory: u64,
    /// Keys that were deleted to make room since the server began.
    pub evicted_keys: u64,
}

/// Asks the server.
pub async fn server_figures(redis: &Redis) -> Result<ServerFigures, Unavailable> {
    let mut both = redis::pipe();
    both.cmd("INFO").arg("memory").cmd("INFO").arg("stats");
    let (memory, stats): (String, String) = redis.pipeline(&both).await?;
    Ok(ServerFigures {
        used_memory: field(&memory, "used_memory"),
        max_memory: field(&memory, "maxmemory"),
        evicted_keys: field(&stats, "evicted_keys"),
    })
}

/// The number of a line `name:number`; 0 where there is none.
fn field(text: &str, name: &str) -> u64 {
    let mut values = text.lines().filter_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        value.trim().parse().ok()
    });
    values.next().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "# Memory\r\nused_memory_human:2M\r\nused_memory:2097\r\nmaxmemory:0\r\n";
        assert_eq!(field(text, "used_memory"), 2_097);
        assert_eq!(
            (field(text, "maxmemory"), field(text, "evicted_keys")),
            (0, 0)
        );
    }
}
