//! Names for messages that are the same on every attempt, and never the same for two deliveries.

use sha2::{Digest as _, Sha256};

use super::change::Change;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The identifier of one message about a change: `hw-` and the base-32 SHA-256 of who sends it, which row it is about,
/// what it says and how often the row has been acknowledged before. 55 characters.
///
/// `namespace` tells senders apart (services compare identifiers across sources), `part` the messages of one change.
pub(super) fn message_id(namespace: &str, change: &Change, part: &str) -> String {
    let epoch = change.epoch.to_string();
    let members = [
        namespace,
        change.key.expose(),
        change.operation.as_str(),
        &change.digest,
        &epoch,
        part,
    ];
    let mut hash = Sha256::new();
    for member in members {
        // Each member's length goes first, so that no two lists of members look alike.
        hash.update(u64::try_from(member.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(member.as_bytes());
    }
    format!("hw-{}", base32(&hash.finalize()))
}

/// The same identifier in the shape of a UUID, for services that want one.
pub(super) fn message_uuid(namespace: &str, change: &Change, part: &str) -> String {
    let id = message_id(namespace, change, part);
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, id.as_bytes()).to_string()
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(buffer >> bits));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(digit(buffer << (5 - bits)));
    }
    text
}

fn digit(value: u32) -> char {
    let index = usize::try_from(value & 31).unwrap_or_default();
    ALPHABET.get(index).map_or('a', |byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::change::{Image, Operation, RecordKey};

    #[test]
    fn base32_is_that_of_rfc_4648_in_lower_case() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"f"), "my");
    }

    #[test]
    fn an_attempt_keeps_the_name_and_a_new_delivery_changes_it() {
        let change = |epoch| Change {
            key: RecordKey::new("a"),
            operation: Operation::Add,
            now: Image::default(),
            before: None,
            remote: serde_json::Value::Null,
            epoch,
            digest: "d".to_owned(),
            old_digest: String::new(),
        };
        let id = message_id("n", &change(0), "identify");
        assert_eq!(id, message_id("n", &change(0), "identify"));
        assert_ne!(id, message_id("n", &change(1), "identify"));
        assert_ne!(id, message_id("m", &change(0), "identify"));
        assert_eq!(id.len(), 55);
    }
}
