//! What is stored sealed: in which columns, and to which keys.

use std::fmt;

/// A column whose bytes only some may open. It is sealed into them together with the row and the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
}

/// `account_tokens.sealed`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

/// Sealed bytes begin with so many that name their form and the key they were sealed to.
pub const HEAD_BYTES: usize = 9;

/// What of a place was sealed to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pile {
    /// Where it is.
    pub place: Place,
    /// What all of it begins with: [`HEAD_BYTES`], or fewer of something that was never sealed.
    pub head: Vec<u8>,
    /// How many rows.
    pub rows: i64,
}
