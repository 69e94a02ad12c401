//! Client secrets: sealed as they come in.

use domain::ids::{NetworkId, ProjectId};
use runtime::secret::Secret;
use vault::Context;

use crate::{App, fields::Field, problem::Problem};

const LENGTH: std::ops::RangeInclusive<usize> = 1..=4_000;

/// A secret's text.
pub(super) fn read(field: Field<'_>) -> Option<Secret> {
    field.text(LENGTH).map(Secret::from)
}

/// Sealed to its app's row.
pub(super) fn seal(app: &App, project: ProjectId, id: NetworkId, secret: &Secret) -> Result<Vec<u8>, Problem> {
    let context = Context { table: "social_networks", column: "sealed_secret", row: id.0, project: project.0 };
    app.ring
        .seal(secret.expose().as_bytes(), &context)
        .map_err(|error| Problem::Internal(format!("a client secret was not sealed: {error}")))
}
