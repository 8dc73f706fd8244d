//! Durations as they are written in `djogi.toml` and on the command line: `500ms`, `2s`, `5m`, `24h`, `7d`.

use std::time::Duration;

/// Parses a whole number and its unit.
///
/// # Errors
/// A fragment that fits after the name of the key or the flag.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || "must be a duration: a whole number and a unit, ms, s, m, h or d, such as \"2s\"".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds_each = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    // PostgreSQL keeps its timeouts in a 32-bit count of milliseconds (about 24 days).
    number
        .checked_mul(milliseconds_each)
        .filter(|&milliseconds| milliseconds <= MAX_MILLISECONDS)
        .map(Duration::from_millis)
        .ok_or_else(|| "is too long; a year is the most".to_owned())
}

const MAX_MILLISECONDS: u64 = 366 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts() {
        for (text, seconds) in [("2s", 2), ("5m", 300), ("5min", 300), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "2", "s", "-2s", "2 s", "2.5s", "2 parsecs", "99999999999999999999s", "367d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
