//! What was measured, and what it should be (docs/performance.md).

use serde::Serialize;

/// Whether a figure should be high or low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    AtLeast,
    AtMost,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    #[serde(rename = "ratio")]
    Ratio,
    #[serde(rename = "us")]
    Microseconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "MB")]
    Megabytes,
}

impl Unit {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ratio => "x",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
        }
    }
}

/// A goal: name, unit, direction, the least that is wanted, and what is good.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Goal {
    pub name: &'static str,
    pub unit: Unit,
    pub wanted: Wanted,
    pub least: f64,
    pub good: Option<f64>,
}

const fn more(name: &'static str, least: f64, good: f64) -> Goal {
    Goal { name, unit: Unit::Ratio, wanted: Wanted::AtLeast, least, good: Some(good) }
}
const fn less(name: &'static str, unit: Unit, least: f64, good: Option<f64>) -> Goal {
    Goal { name, unit, wanted: Wanted::AtMost, least, good }
}

/// Every figure that a run answers, in the order of the table.
pub const GOALS: [Goal; 20] = [
    more("get: throughput against pgbench, a trip a statement", 0.8, 1.0),
    more("schedule: throughput against pgbench, a trip a statement", 0.6, 0.8),
    more("create: throughput against pgbench, a trip a statement", 0.8, 1.0),
    more("search: throughput against pgbench, a trip a statement", 0.8, 1.0),
    more("get: throughput against pgbench, pipelined", 0.25, 0.4),
    more("schedule: throughput against pgbench, pipelined", 0.45, 0.6),
    more("create: throughput against pgbench, pipelined", 0.45, 0.8),
    // No good value was set for it.
    Goal { good: None, ..more("search: throughput against pgbench, pipelined", 0.45, 0.45) },
    more("mixed personas: throughput against each alone", 0.9, 0.97),
    less("rows: search among many customers against few, Postgres CPU", Unit::Ratio, 3.0, Some(1.5)),
    less("tenants: get, many companies against few, Postgres CPU", Unit::Ratio, 1.4, Some(1.1)),
    less("tenants: schedule, many companies against few, Postgres CPU", Unit::Ratio, 1.4, Some(1.1)),
    less("get: app CPU a request", Unit::Microseconds, 200.0, Some(100.0)),
    less("start to the first 200", Unit::Milliseconds, 250.0, Some(50.0)),
    less("log-in: p95 in a crowd", Unit::Milliseconds, 200.0, None),
    less("get: p95 in a crowd", Unit::Milliseconds, 30.0, None),
    less("schedule: p95 in a crowd", Unit::Milliseconds, 80.0, None),
    less("search: p95 in a crowd", Unit::Milliseconds, 80.0, None),
    less("memory under load, without log-ins", Unit::Megabytes, 96.0, Some(48.0)),
    less("memory under load, with log-ins", Unit::Megabytes, 96.0, Some(48.0)),
];

/// A figure beside its goal.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    #[serde(flatten)]
    pub goal: Goal,
    pub value: f64,
    /// What it was made of, one of each round.
    pub rounds: Vec<f64>,
}

/// How far a figure got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    Good,
    Least,
    Not,
}

impl Figure {
    pub fn reached(&self) -> Reached {
        let holds = |bound: f64| match self.goal.wanted {
            Wanted::AtLeast => self.value >= bound,
            Wanted::AtMost => self.value <= bound,
        };
        match self.goal.good {
            Some(good) if holds(good) => Reached::Good,
            None if holds(self.goal.least) => Reached::Good,
            _ if holds(self.goal.least) => Reached::Least,
            _ => Reached::Not,
        }
    }
}

/// What one side of one operation did in all rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    pub operation: &'static str,
    pub side: &'static str,
    /// Requests or transactions a second, the median of the rounds.
    pub rate: f64,
    /// CPU of one request, in microseconds. pgbench's own CPU and that of its log-ins is not in it.
    pub app_us: Option<f64>,
    pub postgres_us: f64,
    pub generator_us: Option<f64>,
}

/// Everything that a run says.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    pub figures: Vec<Figure>,
    pub sides: Vec<Side>,
    pub notes: Vec<String>,
}

impl Figures {
    /// Adds a figure, the median of `rounds`.
    ///
    /// # Panics
    /// When there is no such goal.
    pub fn add(&mut self, name: &str, rounds: Vec<f64>) {
        let goal = *GOALS.iter().find(|goal| goal.name == name).unwrap_or_else(|| panic!("no goal is called {name}"));
        self.figures.push(Figure { goal, value: crate::drive::median(&rounds), rounds });
    }

    /// The goals without a figure.
    pub fn missing(&self) -> Vec<&'static str> {
        let there = |name: &str| self.figures.iter().any(|figure| figure.goal.name == name && figure.value.is_finite());
        GOALS.iter().map(|goal| goal.name).filter(|name| !there(name)).collect()
    }

    /// In the order of the goals.
    pub fn sort(&mut self) {
        self.figures.sort_by_key(|figure| GOALS.iter().position(|goal| goal.name == figure.goal.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_good_enough_or_not_in_its_own_direction() {
        let figure = |goal, value| Figure { goal, value, rounds: vec![] };
        let up = more("a", 0.8, 1.0);
        let down = less("b", Unit::Ratio, 3.0, None);

        assert_eq!(figure(up, 1.0).reached(), Reached::Good);
        assert_eq!(figure(up, 0.9).reached(), Reached::Least);
        assert_eq!(figure(up, 0.79).reached(), Reached::Not);
        assert_eq!(figure(down, 3.0).reached(), Reached::Good);
        assert_eq!(figure(down, 3.1).reached(), Reached::Not);
        assert_eq!(figure(down, f64::NAN).reached(), Reached::Not);
    }

    #[test]
    fn a_goal_without_a_figure_is_told() {
        let mut figures = Figures::default();
        figures.add(GOALS[3].name, vec![2.0, f64::NAN, 1.0]);
        figures.add(GOALS[0].name, vec![]);

        assert_eq!(figures.missing().len(), GOALS.len() - 1);
        figures.sort();
        assert_eq!(figures.figures[0].goal.name, GOALS[0].name);
    }
}
