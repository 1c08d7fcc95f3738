//! What was concluded in words, each sentence with its numbers.

mod across;
mod phrases;
mod picks;
mod reservations;

/// An outcome in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What to take, as a name: a variant's label, `float` or `none`.
    pub choice: String,
    /// How sure that is: `confirmed within 0.01`, `not shown`; empty where nothing is picked.
    pub verdict: String,
    /// What is chosen, in one sentence that does not repeat its name.
    pub headline: String,
    /// Why, what the data can support, and what else to know; one sentence or two each.
    pub reasons: Vec<String>,
}

impl Explanation {
    /// The name of the choice with its verdict: `4 bit, not shown`.
    #[must_use]
    pub fn choice_and_verdict(&self) -> String {
        if self.verdict.is_empty() {
            self.choice.clone()
        } else {
            format!("{}, {}", self.choice, self.verdict)
        }
    }
}
