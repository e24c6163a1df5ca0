//! What is said of a project, its data or its surroundings when something is wrong with them, word for word.

use crate::support::transcript;

/// Every folder of `fixtures/diagnostics` with a `transcript.txt`.
#[test]
fn faults_are_told_word_for_word() {
    transcript::check("diagnostics");
}
