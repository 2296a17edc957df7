//! The table of a kind of reference data.

use super::{Carried, Left, Row};
use infra::views::words::words;
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Keys are in the order of their bytes, as pages of them are.
pub fn tables<C: Carried>() -> String {
    let searched = if C::SEARCHED {
        ", title text NOT NULL, words tsvector NOT NULL"
    } else {
        ""
    };
    format!(
        "CREATE TABLE {table} (id uuid PRIMARY KEY, key text COLLATE \"C\" NOT NULL UNIQUE, \
             version bigint NOT NULL, \"partition\" integer NOT NULL, archived boolean NOT NULL, \
             updated_at timestamptz NOT NULL, document text NOT NULL{searched})",
        table = C::MODEL.name,
    )
}

pub fn indexes<C: Carried>() -> String {
    let table = C::MODEL.name;
    let updated = format!("CREATE INDEX {table}_updated ON {table} (updated_at, key)");
    if !C::SEARCHED {
        return updated;
    }
    // What is written waits in a list that readers go through, so it is kept short
    // (kB).
    format!(
        "{updated}; CREATE INDEX {table}_words ON {table} USING gin (words) \
             WITH (gin_pending_list_limit = 512)"
    )
}

pub async fn load<C: Carried>(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Row>, sqlx::Error> {
    let sql = format!(
        "SELECT id, version FROM {} WHERE id = ANY($1)",
        C::MODEL.name
    );
    let rows = sqlx::query(&sql).bind(ids).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, Row::Stored(row.try_get("version")?))))
        .collect()
}

/// Stores what events have left.
pub async fn write<C: Carried>(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, Row>,
) -> Result<(), sqlx::Error> {
    let left: Vec<(Uuid, &Left)> = rows
        .iter()
        .filter_map(|(id, row)| match row {
            Row::Left(left) => Some((*id, &**left)),
            Row::Stored(_) => None,
        })
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let sql = upsert::<C>();
    let query = sqlx::query(&sql)
        .bind(column(&left, |(id, _)| *id))
        .bind(column(&left, |(_, left)| left.key.as_str()))
        .bind(column(&left, |(_, left)| left.version))
        .bind(column(&left, |(_, left)| left.partition))
        .bind(column(&left, |(_, left)| left.archived))
        .bind(column(&left, |(_, left)| left.updated_at))
        .bind(column(&left, |(_, left)| left.document.as_str()));
    let query = if C::SEARCHED {
        let words = left.iter().map(|(_, left)| searched(left));
        let words = words.collect::<Result<Vec<_>, _>>();
        query
            .bind(column(&left, |(_, left)| left.title.as_str()))
            .bind(words.map_err(|error| sqlx::Error::Encode(error.into()))?)
    } else {
        query
    };
    query.execute(connection).await?;
    Ok(())
}

fn column<'a, V>(left: &[(Uuid, &'a Left)], of: impl Fn(&(Uuid, &'a Left)) -> V) -> Vec<V> {
    left.iter().map(of).collect()
}

fn upsert<C: Carried>() -> String {
    let (columns, arrays, values, set) = if C::SEARCHED {
        (
            ", title, words",
            ", $8::text[], $9::text[]",
            ", title, array_to_tsvector(ARRAY(SELECT json_array_elements_text(words::json)))",
            ", title = EXCLUDED.title, words = EXCLUDED.words",
        )
    } else {
        ("", "", "", "")
    };
    format!(
        "INSERT INTO {table} (id, key, version, \"partition\", archived, updated_at, document{columns}) \
         SELECT id, key, version, \"partition\", archived, updated_at, document{values} \
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::boolean[], \
                       $6::timestamptz[], $7::text[]{arrays}) \
                AS n (id, key, version, \"partition\", archived, updated_at, document{columns}) \
         ON CONFLICT (id) DO UPDATE SET key = EXCLUDED.key, version = EXCLUDED.version, \
             \"partition\" = EXCLUDED.\"partition\", archived = EXCLUDED.archived, \
             updated_at = EXCLUDED.updated_at, document = EXCLUDED.document{set}",
        table = C::MODEL.name,
    )
}

/// The words of title and key, as a JSON array.
fn searched(left: &Left) -> Result<String, serde_json::Error> {
    let words: BTreeSet<String> = [&left.title, &left.key]
        .into_iter()
        .flat_map(|text| words(text))
        .collect();
    serde_json::to_string(&words)
}
