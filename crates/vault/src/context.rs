//! Where a secret belongs.

use uuid::Uuid;

/// The place a secret is stored in; sealed into it as associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The row's own id.
    pub row: Uuid,
    /// The project it belongs to.
    pub project: Uuid,
}

impl Context<'_> {
    /// Each part behind its length, so that no two contexts share an encoding.
    pub(crate) fn associated_data(&self) -> Vec<u8> {
        let parts: [&[u8]; 4] =
            [self.table.as_bytes(), self.column.as_bytes(), self.row.as_bytes(), self.project.as_bytes()];
        parts
            .iter()
            .flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_moves_between_two_names_changes_the_encoding() {
        let context = Context { table: "ab", column: "c", row: Uuid::nil(), project: Uuid::nil() };
        let shifted = Context { table: "a", column: "bc", ..context };
        assert_ne!(context.associated_data(), shifted.associated_data());
    }
}
