//! The columns that hold sealed bytes, one line each, and their statements.

use diesel_async::RunQueryDsl as _;
use domain::sealed::Place;
use futures::FutureExt as _;
use uuid::Uuid;

use super::{Call, Connection, Resealed, head_bytes};

type CountCall = for<'c> fn(Connection<'c>, i32) -> Call<'c, Vec<(Vec<u8>, i64)>>;
type ListCall = for<'c> fn(Connection<'c>, Vec<u8>, Uuid, i64) -> Call<'c, Vec<(Uuid, Uuid, Vec<u8>)>>;
type ReplaceCall = for<'c> fn(Connection<'c>, Vec<Resealed>) -> Call<'c, usize>;

/// What can be done with a place.
pub(super) struct Statements {
    pub(super) place: Place,
    /// What is sealed into the bytes: the place itself, unless they are on their way to another.
    pub(super) sealed_in: Place,
    pub(super) count: CountCall,
    pub(super) list: ListCall,
    pub(super) replace: ReplaceCall,
}

/// Name, table and column, the column with the id of the row that it is sealed to, and the place that it is sealed to
/// where that is another.
macro_rules! places {
    (@in $table:literal, $column:literal) => { Place { table: $table, column: $column } };
    (@in $table:literal, $column:literal, $in_table:literal, $in_column:literal) => {
        Place { table: $in_table, column: $in_column }
    };
    ($($name:ident: $table:literal, $column:literal, $row:literal $(=> $in_table:literal, $in_column:literal)?;)*) => {
        pub(super) const ALL: &[Statements] = &[$($name::STATEMENTS),*];

        $(mod $name {
            use super::*;
            use crate::{statement::statement, types::{Array, sql}};

            pub(super) const STATEMENTS: Statements = Statements {
                place: Place { table: $table, column: $column },
                sealed_in: places!(@in $table, $column $(, $in_table, $in_column)?),
                count: |connection, bytes| async move { Count { bytes }.load(connection).await }.boxed(),
                list: |connection, head, after, limit| {
                    async move { List { after, head, limit, bytes: head_bytes() }.load(connection).await }.boxed()
                },
                replace: |connection, resealed| async move { replace(resealed).execute(connection).await }.boxed(),
            };

            fn replace(resealed: Vec<Resealed>) -> Replace {
                let mut all = Replace { rows: Vec::new(), before: Vec::new(), after: Vec::new() };
                for one in resealed {
                    all.rows.push(one.row);
                    all.before.push(one.before);
                    all.after.push(one.after);
                }
                all
            }

            statement! {
                Count { bytes: i32 as sql::Integer } -> (sql::Binary, sql::BigInt) {
                    concat!("SELECT substring(", $column, " FOR $1), count(*) FROM ", $table,
                        " WHERE ", $column, " IS NOT NULL GROUP BY 1 ORDER BY 1")
                }
            }

            statement! {
                List {
                    after: Uuid as sql::Uuid,
                    head: Vec<u8> as sql::Binary,
                    limit: i64 as sql::BigInt,
                    bytes: i32 as sql::Integer,
                } -> (sql::Uuid, sql::Uuid, sql::Binary) {
                    concat!("SELECT ", $row, ", project_id, ", $column, " FROM ", $table,
                        " WHERE ", $row, " > $1 AND substring(", $column, " FOR $4) <> $2",
                        " ORDER BY ", $row, " LIMIT $3")
                }
            }

            statement! {
                Replace {
                    rows: Vec<Uuid> as Array<sql::Uuid>,
                    before: Vec<Vec<u8>> as Array<sql::Binary>,
                    after: Vec<Vec<u8>> as Array<sql::Binary>,
                } {
                    concat!("WITH resealed AS (SELECT * FROM unnest($1, $2, $3) AS r(id, was, becomes)), \
                          free AS (SELECT t.", $row, " AS id, t.", $column, " AS was FROM ", $table, " t \
                            JOIN resealed r ON t.", $row, " = r.id AND t.", $column, " = r.was \
                            FOR NO KEY UPDATE OF t SKIP LOCKED) \
                        UPDATE ", $table, " t SET ", $column, " = r.becomes FROM resealed r, free f \
                        WHERE t.", $row, " = r.id AND t.", $column, " = r.was AND f.id = r.id AND f.was = r.was")
                }
            }
        })*
    };
}

places! {
    account_tokens: "account_tokens", "sealed", "account_id";
    webhook_secrets: "webhook_secrets", "sealed", "id";
    webhook_headers: "webhook_endpoints", "sealed_headers", "id";
    app_secrets: "social_networks", "sealed_secret", "id";
    connect_sessions: "connect_sessions", "sealed", "id";
    pending_tokens: "pending_accounts", "sealed_tokens", "account_id" => "account_tokens", "sealed";
}
