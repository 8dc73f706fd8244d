//! The plan document as JSON: sorted keys, indented, so that equal plans are equal files and diff well.

use djogi_core::plan::PlanDocument;

/// The document as `--format json` prints and `--out` saves it, with a line end.
pub fn render(document: &PlanDocument) -> String {
    let value =
        serde_json::to_value(document).expect("plan documents have string keys and no failing serializers");
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_keys_are_sorted() {
        let document = sample::every_action();
        let text = render(&document);
        assert_eq!(serde_json::from_str::<PlanDocument>(&text).unwrap(), document);
        assert!(text.starts_with("{\n  \"approvals\": ["));
        assert!(text.ends_with("\n}\n"));
    }
}
