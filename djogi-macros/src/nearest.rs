//! "Did you mean": the known word closest to a mistyped one.

/// The known word that needs the fewest edits, unless even that is too far to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, candidate) =
        known.into_iter().map(|candidate| (distance(word, candidate), candidate)).min()?;
    (distance <= candidate.len().max(word.len()) / 2).then_some(candidate)
}

/// Levenshtein distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let known = ["table", "unique", "index"];
        assert_eq!(nearest("tabel", known), Some("table"));
        assert_eq!(nearest("uniqe", known), Some("unique"));
        assert_eq!(nearest("partition_by", known), None);
    }
}
