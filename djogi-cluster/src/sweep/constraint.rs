//! Constraints in two steps, NOT VALID and then validated: row V1.

use super::finding::{Finding, Treatment};
use super::table::Row;

/// How the constraint of a committed group is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundConstraint {
    Absent,
    NotValid,
    Validated,
}

/// `name` is the constraint's address.
pub fn decide(name: &str, found: FoundConstraint) -> Finding {
    v1(name, found)
}

fn v1(name: &str, found: FoundConstraint) -> Finding {
    let (told, treatment) = match found {
        FoundConstraint::Absent => ("is not there", Treatment::Retire),
        FoundConstraint::NotValid => {
            ("is there and not validated yet; its validation is planned", Treatment::RollForward)
        }
        FoundConstraint::Validated => ("is there and validated", Treatment::RollForward),
    };
    Finding::new(Row::V1, format!("{name} {told}"), treatment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_has_its_treatment() {
        let treatment = |found| decide("constraint.main.public.t.c", found).treatment;
        assert_eq!(treatment(FoundConstraint::Absent), Treatment::Retire);
        assert_eq!(treatment(FoundConstraint::NotValid), Treatment::RollForward);
        assert_eq!(treatment(FoundConstraint::Validated), Treatment::RollForward);
    }
}
