//! The table that a person reads.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use crate::figures::{Figure, Figures, Reached, Wanted};

/// Prints figures beside their goals, then what they were made of.
pub fn print(figures: &Figures) {
    println!("\n{:<66} {:>9}  {:>9} {:>9}   reached", "", "figure", "at least", "good");
    for figure in &figures.figures {
        println!("{}", line(figure));
    }
    println!(
        "\n{:<10} {:<30} {:>9} {:>9} {:>12} {:>14}",
        "", "CPU in us a request", "a second", "app", "Postgres", "generator"
    );
    for side in &figures.sides {
        let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"));
        println!(
            "{:<10} {:<30} {:>9.0} {:>9} {:>12.0} {:>14}",
            side.operation,
            side.side,
            side.rate,
            optional(side.app_us),
            side.postgres_us,
            optional(side.generator_us),
        );
    }
    println!();
    for note in &figures.notes {
        println!("{note}");
    }
}

fn line(figure: &Figure) -> String {
    let goal = &figure.goal;
    let sign = if goal.wanted == Wanted::AtLeast { ">=" } else { "<=" };
    let reached = match figure.reached() {
        Reached::Good => "good",
        Reached::Least => "yes",
        Reached::Not => "NO",
    };
    format!(
        "{:<66} {:>9}  {:>9} {:>9}   {reached}",
        format!("{} ({})", goal.name, goal.unit.word()),
        amount(figure.value),
        format!("{sign} {}", bound(goal.least)),
        goal.good.map_or_else(|| "-".to_owned(), |good| format!("{sign} {}", bound(good))),
    )
}

fn amount(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn bound(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::GOALS;

    #[test]
    fn a_line_shows_figure_goals_and_verdict() {
        let text = line(&Figure { goal: GOALS[0], value: 0.876, rounds: vec![] });

        let words: Vec<&str> = text.split_whitespace().rev().take(6).collect();
        assert_eq!(words, ["yes", "1", ">=", "0.8", ">=", "0.88"], "{text}");
    }
}
