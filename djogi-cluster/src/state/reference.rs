//! What a document refers to, found in its text: a damaged one still keeps what it names.

/// The digests that `text` names, as their hexadecimal digits.
pub(super) fn digests_in(text: &str) -> impl Iterator<Item = &str> {
    const PREFIX: &str = "sha256:";
    const DIGITS: usize = 64;
    let named = text.match_indices(PREFIX).filter_map(|(at, prefix)| {
        let begin = at + prefix.len();
        text.get(begin..begin + DIGITS)
    });
    named.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use djogi_core::Digest;

    use super::*;

    #[test]
    fn every_whole_digest_is_found_in_a_damaged_text_too() {
        let (first, second) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        let text = format!("{{\"a\": \"{first}\", sha256:kein \u{fffd} {second}sha256:0123");
        assert_eq!(digests_in(&text).collect::<Vec<_>>(), [first.hex(), second.hex()]);
        assert_eq!(digests_in("").count(), 0);
    }
}
