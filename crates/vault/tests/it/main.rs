//! What a sealed secret promises.

mod rings;
mod sealing;
