//! What the compiler says about misused attributes, and that the derives compile in hostile surroundings.

#[test]
fn misuse_is_an_error_at_its_place() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
