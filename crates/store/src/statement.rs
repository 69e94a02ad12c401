//! Statements as constants.
//!
//! Diesel never caches a `sql_query`: it is parsed and described anew each time. A struct with a static query id is
//! prepared once a session. `statement!` makes one from a name, its binds and its SQL with `$1`, `$2`, ... in it; a bind
//! may be used more than once.

/// A stretch of SQL, or the place of a bind.
pub(crate) enum Piece<'a> {
    Sql(&'a str),
    Bind(usize),
}

/// Cuts SQL at its `$n`.
pub(crate) fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(tail) = rest.strip_prefix('$') {
            let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
            if let Ok(number) = tail[..digits].parse() {
                rest = &tail[digits..];
                return Some(Piece::Bind(number));
            }
        }
        let end = rest[1..].find('$').map_or(rest.len(), |at| at + 1);
        let (sql, tail) = rest.split_at(end);
        rest = tail;
        Some(Piece::Sql(sql))
    })
}

/// The SQL as it is sent, which is as it is written.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn written(sql: &str) -> &str {
    sql
}

#[cfg(feature = "mutants")]
pub(crate) use crate::mutants::written;

/// `statement! { Name { first: Vec<Uuid> as Array<sql::Uuid> } -> (sql::Uuid,) { "SELECT ..." } }`
///
/// The row type after `->` is left out where a statement returns none.
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $name:ident { $($field:ident: $ty:ty as $sql:ty),* $(,)? } $(-> $row:ty)? { $text:expr }
    ) => {
        $(#[$meta])*
        struct $name { $($field: $ty),* }

        impl ::diesel::query_builder::QueryId for $name {
            type QueryId = $name;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        $(impl ::diesel::query_builder::Query for $name {
            type SqlType = $row;
        })?

        impl ::diesel::query_builder::QueryFragment<::diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: ::diesel::query_builder::AstPass<'_, 'b, ::diesel::pg::Pg>,
            ) -> ::diesel::QueryResult<()> {
                for piece in $crate::statement::pieces($crate::statement::written($text)) {
                    match piece {
                        $crate::statement::Piece::Sql(sql) => out.push_sql(sql),
                        $crate::statement::Piece::Bind(_number) => {
                            let _at = 0usize;
                            $(let _at = _at + 1;
                            if _number == _at {
                                out.push_bind_param::<$sql, _>(&self.$field)?;
                            })*
                        }
                    }
                }
                Ok(())
            }
        }
    };
}
pub(crate) use statement;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_cut_at_its_binds_and_nowhere_else() {
        let cut: Vec<_> = pieces("a$1 b$12::text '$' $")
            .map(|piece| match piece {
                Piece::Sql(sql) => sql.to_owned(),
                Piece::Bind(number) => format!("<{number}>"),
            })
            .collect();
        assert_eq!(cut.concat(), "a<1> b<12>::text '$' $");
    }
}
