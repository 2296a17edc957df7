//! How far a database is migrated, for whoever only looks.

use super::{
    is_missing_table,
    migrate::{Database, migrator},
};
use sqlx::{
    PgConnection,
    migrate::{AppliedMigration, Migrate as _, MigrateError},
};

/// How far a database is migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// As this release needs it.
    UpToDate,
    /// So many migrations of this release are missing.
    Behind(usize),
    /// A later release has migrated it, so many migrations further.
    Ahead(usize),
    /// A migration was cut short, or differs from the one of this release.
    Broken(i64),
}

/// How far the database behind `connection` is migrated. Changes nothing.
pub async fn migration_state(
    connection: &mut PgConnection,
    database: Database,
) -> Result<MigrationState, MigrateError> {
    let migrator = migrator(database.scripts());
    let Some(applied) = applied(connection).await? else {
        return Ok(MigrationState::Behind(migrator.iter().count()));
    };
    if let Some(version) = connection.dirty_version().await? {
        return Ok(MigrationState::Broken(version));
    }
    let of_version = |version| applied.iter().find(|m| m.version == version);
    let mut missing = 0;
    for ours in migrator.iter() {
        match of_version(ours.version) {
            None => missing += 1,
            Some(theirs) if theirs.checksum != ours.checksum => {
                return Ok(MigrationState::Broken(ours.version));
            }
            Some(_) => {}
        }
    }
    let unknown = |m: &&AppliedMigration| !migrator.version_exists(m.version);
    Ok(match (missing, applied.iter().filter(unknown).count()) {
        (0, 0) => MigrationState::UpToDate,
        (0, ahead) => MigrationState::Ahead(ahead),
        (missing, _) => MigrationState::Behind(missing),
    })
}

/// None where no migration has ever run.
async fn applied(
    connection: &mut PgConnection,
) -> Result<Option<Vec<AppliedMigration>>, MigrateError> {
    match connection.list_applied_migrations().await {
        Ok(applied) => Ok(Some(applied)),
        Err(MigrateError::Execute(error)) if is_missing_table(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
