//! Under which keys lines are sent. They follow from what the line is, and not
//! from when it is sent, so that whoever goes on with an operation repeats what
//! was sent before.

use uuid::Uuid;

const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_6f70_6572_6174);

/// The key of a line. Its own key is that of who has uploaded it: all operations
/// are sent by one worker, and two of them may have thought of the same one. A
/// line without is one of its operation and place.
pub fn sent_as(operation: Uuid, principal: &str, line: u64, own: Option<&str>) -> String {
    let mut name = Vec::new();
    if let Some(key) = own {
        name.push(b'k');
        name.extend_from_slice(&(principal.len() as u64).to_be_bytes());
        name.extend_from_slice(principal.as_bytes());
        name.extend_from_slice(key.as_bytes());
    } else {
        name.push(b'l');
        name.extend_from_slice(operation.as_bytes());
        name.extend_from_slice(&line.to_be_bytes());
    }
    format!("operation:{}", Uuid::new_v5(&NAMESPACE, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_line_has_the_same_key_whenever_it_is_sent_and_no_other_line_has() {
        let own = sent_as(A, "key_1", 1, Some("k"));
        assert_eq!(own, sent_as(B, "key_1", 9, Some("k")));
        assert_ne!(own, sent_as(A, "key_2", 1, Some("k")));
        assert_ne!(own, sent_as(A, "key_1k", 1, Some("")));
        let placed = sent_as(A, "key_1", 1, None);
        assert_eq!(placed, sent_as(A, "key_1", 1, None));
        for other in [sent_as(A, "key_1", 2, None), sent_as(B, "key_1", 1, None)] {
            assert_ne!(placed, other);
        }
    }
}
