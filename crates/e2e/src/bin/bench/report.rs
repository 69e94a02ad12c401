//! What was measured, beside what it should be.

use std::{fmt, time::Duration};

/// One line.
struct Line {
    what: String,
    figure: String,
    aim: String,
    is_met: Option<bool>,
}

/// All lines.
#[derive(Default)]
pub(crate) struct Report(Vec<Line>);

impl Report {
    /// A figure that should be at most so much.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, most: f64) {
        self.line(what, number(figure), format!("<= {}", number(most)), Some(figure <= most));
    }

    /// A figure that should be at least so much.
    pub(crate) fn at_least(&mut self, what: &str, figure: f64, least: f64) {
        self.line(what, number(figure), format!(">= {}", number(least)), Some(figure >= least));
    }

    /// A time that should not be longer than this.
    pub(crate) fn within(&mut self, what: &str, time: Duration, most: Duration) {
        self.line(what, millis(time), format!("<= {}", millis(most)), Some(time <= most));
    }

    /// Something that should be so.
    pub(crate) fn holds(&mut self, what: &str, is_so: bool) {
        self.line(what, if is_so { "yes" } else { "no" }.to_owned(), "yes".to_owned(), Some(is_so));
    }

    /// A figure by the way.
    pub(crate) fn note(&mut self, what: &str, figure: String) {
        self.line(what, figure, String::new(), None);
    }

    fn line(&mut self, what: &str, figure: String, aim: String, is_met: Option<bool>) {
        println!("{what}: {figure}");
        self.0.push(Line { what: what.to_owned(), figure, aim, is_met });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|line| line.what.chars().count()).max().unwrap_or_default();
        for line in &self.0 {
            let verdict = match line.is_met {
                Some(true) => "ok",
                Some(false) => "MISSED",
                None => "",
            };
            writeln!(f, "{:width$}  {:>12}  {:>10}  {verdict}", line.what, line.figure, line.aim)?;
        }
        Ok(())
    }
}

fn number(figure: f64) -> String {
    if figure < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

/// A time as people read it.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// The time that so much of all (0 to 1) are within.
///
/// # Panics
/// Without times.
pub(crate) fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().checked_sub(1).expect("something was measured");
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
    let at = (last as f64 * part).ceil() as usize;
    times[at.min(last)]
}
