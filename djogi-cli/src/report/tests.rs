//! What people see, as snapshots.

use djogi_core::plan::{Because, PlanDocument};

use super::{View, explain, plan_human, sample};
use crate::terminal::{Paint, Verbosity};

fn shown(document: &PlanDocument, width: usize) -> String {
    plan_human::render(document, View::new(Paint::plain(), Some(width), Verbosity::Normal))
}

#[test]
fn nothing_to_do_is_one_line() {
    let mut document = sample::converged();
    let text = shown(&document, 40);
    assert_eq!(text, "Nothing to do. shop is as declared (database shop, PostgreSQL 18.4; serial 42).\n");
    document.unmanaged.count = 1;
    assert_eq!(shown(&document, 40).lines().count(), 1);
}

#[test]
fn unmanaged_objects_are_listed_when_asked_for() {
    let document = PlanDocument { unmanaged: sample::unmanaged(), ..sample::converged() };
    insta::assert_snapshot!(shown(&document, 100));
}

#[test]
fn every_action_and_disposition() {
    insta::assert_snapshot!(shown(&sample::every_action(), 110));
}

#[test]
fn every_action_on_a_narrow_terminal() {
    insta::assert_snapshot!(shown(&sample::every_action(), 60));
}

#[test]
fn odd_names_stay_names() {
    let text = shown(&sample::odd_names(), 100);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    insta::assert_snapshot!(text);
}

#[test]
fn many_changes_are_folded() {
    insta::assert_snapshot!(shown(&sample::many(), 100));
}

#[test]
fn verbose_unfolds() {
    let view = View::new(Paint::plain(), None, Verbosity::Verbose);
    let text = plan_human::render(&sample::many(), view);
    assert!((0..300).all(|n| text.contains(&format!("  + table.main.public.event_{n:03}\n"))));
    assert!((0..40).all(|n| text.contains(&format!("  ~ index.main.billing.i{n}  blocked\n"))));
    assert!(!text.contains("folded"));
}

#[test]
fn two_targets_are_told_apart() {
    insta::assert_snapshot!(shown(&sample::two_targets(), 100));
}

#[test]
fn colour_changes_no_character() {
    let document = sample::every_action();
    let view = View::new(Paint::coloured(), Some(110), Verbosity::Normal);
    let coloured = plan_human::render(&document, view);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').expect("an SGR sequence ends with m").1;
    }
    plain.push_str(rest);
    assert_eq!(plain, shown(&document, 110));
}

#[test]
fn lines_fit_the_terminal_unless_a_word_does_not() {
    for width in [40, 60, 80, 100, 120] {
        for document in [sample::every_action(), sample::many(), sample::two_targets()] {
            // Diagnostics look the same everywhere; they leave the width to the terminal.
            let text = shown(&PlanDocument { diagnostics: Vec::new(), ..document }, width);
            for line in text.lines().filter(|line| !line.starts_with("Plan: ")) {
                let longest = line.split(' ').map(super::line::columns).max().unwrap_or(0);
                assert!(super::line::columns(line) <= width.max(longest + 12), "{width}: {line}");
            }
        }
    }
}

#[test]
fn equal_plans_give_equal_text_whatever_the_order_of_their_changes() {
    let document = sample::every_action();
    let mut turned = document.clone();
    turned.resource_changes.reverse();
    assert_eq!(shown(&document, 100), shown(&turned, 100));
}

#[test]
fn an_explanation_tells_the_fate_and_the_rules() {
    let document = sample::every_action();
    let view = View::new(Paint::plain(), Some(100), Verbosity::Normal);
    let reasons = [Because {
        first: "up table.main.public.orders".to_owned(),
        then: "up constraint.main.public.orders.orders_line_fkey".to_owned(),
        rule: "dependency_before_dependent",
    }];
    let address = sample::address("constraint.main.public.orders.orders_line_fkey");
    let mut text = explain::render(&document, &address, &reasons, view);
    for address in ["table.main.public.orders", "table.main.public.untouched"] {
        text.push_str("\n---\n");
        text.push_str(&explain::render(&document, &sample::address(address), &[], view));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn families_of_tables_read_as_sql() {
    insta::assert_snapshot!(shown(&sample::families(), 100));
}
