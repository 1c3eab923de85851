use poem_openapi::types::Example;

use crate::problem::{Problem, ProblemBody, ProblemKind};

impl Example for ProblemBody {
    fn example() -> Self {
        let problem = Problem::new(ProblemKind::InvalidFields).field("/name", "is 1 to 200 characters");
        Self { instance: Some("urn:uuid:0193b6a4-7710-7a2c-9d41-e8f05b36c2d7".to_owned()), ..problem.body() }
    }
}
